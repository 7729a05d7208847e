"""OCaml: one archive of sources, from which the compiler and, for each target, its libraries are built."""

from collections.abc import Mapping, Sequence

from linkmode.languages.part import Part
from linkmode.model.components import Layout, Lines, first_two, releases
from linkmode.model.cpus import CPUS
from linkmode.model.values import ExecPlatform, Pin, Target


class OCaml:
    """The compiler is linked with musl, so that it runs in an empty sandbox."""

    name = "ocaml"
    also_called = ("dune", "opam")
    marks = ("dune-project", "?*.opam")
    folder = "ocaml"
    layouts: Mapping[str, Layout] = {"ocaml": Layout("ocaml_archive.bzl", "ocaml_archive")}
    lines: Lines = releases(__name__)
    cpu_facts: tuple[str, ...] = ("ocaml",)
    suggested_version = "~=5.4.0"
    compiles_for_exec = False

    def line(self, version: str) -> str:
        """Return the first two numbers."""
        return first_two(version)

    def refuses(self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
        """Refuse releases that the rules do not know, and targets whose CPUs OCaml makes nothing for, all of them.

        The compiler is linked by the toolchain of the ELF checker. Which of several targets have no OCaml the rules say
        when it is used.
        """
        del exec_platforms  # the sources are for all that the rules know
        if targets and not any(CPUS[target.cpu].ocaml for target in targets):
            cpu = targets[0].cpu
            makes = " or ".join(one.name for one in CPUS.values() if one.ocaml)
            return f"{CPUS[cpu].refuses(self.name)}: add a target for {makes} to a [[toolchain]]"
        line, lines = self.line(pins[0].version), list(self.lines)
        builds = f"{', '.join(lines[:-1])} and {lines[-1]}"
        return "" if line in lines else f"linkmode builds OCaml {builds} from its sources, not {line}"

    def parts(
        self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]
    ) -> tuple[Part, ...]:
        """Return the sources, which are the same for every platform."""
        del exec_platforms, targets
        return (Part("source", pins[0]),)


LANGUAGE = OCaml()
