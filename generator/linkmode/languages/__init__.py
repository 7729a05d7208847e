"""The languages beside C and C++. A further one is a module here, a line in ``LANGUAGES`` and a file in toolchains/."""

from collections.abc import Sequence
from typing import Protocol

from linkmode.languages.go import Go
from linkmode.languages.graalvm import GraalVM
from linkmode.languages.ocaml import OCaml
from linkmode.languages.part import Part
from linkmode.languages.rust import Rust
from linkmode.languages.sbcl import SBCL
from linkmode.model.values import ExecPlatform, Pin, Target


class Language(Protocol):
    """What linkmode must know about a language beyond its pins."""

    @property
    def name(self) -> str:
        """The name in linkmode.toml and in the catalogue."""

    @property
    def folder(self) -> str:
        """The name of the folder of its rules."""

    @property
    def suggested_version(self) -> str:
        """A specifier for examples and messages."""

    @property
    def compiles_for_exec(self) -> bool:
        """Whether its compiler loads what it compiles (macros), so that it must compile for the exec platform, too."""

    def refuses(self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
        """Return why ``pins``, all of one version, are not enough; an empty string when they are."""

    def parts(
        self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]
    ) -> tuple[Part, ...]:
        """Return what to lock of ``pins``, all of one version that is not refused, in a stable order."""


LANGUAGES: dict[str, Language] = {language.name: language for language in (Go(), GraalVM(), OCaml(), Rust(), SBCL())}
"""Every language by name."""

__all__ = ["LANGUAGES", "Language", "Part"]
