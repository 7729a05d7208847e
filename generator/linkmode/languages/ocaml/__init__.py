"""OCaml: one archive of sources, from which the compiler and, for each target, its libraries are built."""

from collections.abc import Mapping, Sequence

from packaging.version import Version

from linkmode.languages.part import Part
from linkmode.model.components import Layout
from linkmode.model.values import ExecPlatform, Pin, Target

_LINES = ("4.14", "5.3", "5.4")
"""The lines of releases that the generated rules build: _LINES of the releases.bzl that is generated."""


class OCaml:
    """The compiler is linked with musl, so that it runs in an empty sandbox."""

    name = "ocaml"
    folder = "ocaml"
    layouts: Mapping[str, Layout] = {"ocaml": Layout("ocaml_archive.bzl", "ocaml_archive")}
    suggested_version = "~=5.4.0"
    compiles_for_exec = False

    def refuses(self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
        """Refuse releases that the rules do not know. The compiler is linked by the toolchain of the ELF checker."""
        del exec_platforms, targets  # the sources are for all that the rules know
        line = ".".join(str(part) for part in Version(pins[0].version).release[:2])
        known = f"{', '.join(_LINES[:-1])} and {_LINES[-1]}"
        return "" if line in _LINES else f"linkmode builds OCaml {known} from its sources, not {line}"

    def parts(
        self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]
    ) -> tuple[Part, ...]:
        """Return the sources, which are the same for every platform."""
        del exec_platforms, targets
        return (Part("source", pins[0]),)


LANGUAGE = OCaml()
