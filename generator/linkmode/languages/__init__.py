"""The languages other than C and C++: each has a folder here, one in templates/, and a file in toolchains/."""

from collections.abc import Sequence
from typing import Protocol

from linkmode.languages.part import Part
from linkmode.model.components import Component, found
from linkmode.model.values import ExecPlatform, Pin, Target


class Language(Component, Protocol):
    """What linkmode must know about a language beyond its pins."""

    @property
    def folder(self) -> str:
        """The folder of its rules: ``<folder>/defs.bzl``, and what they load below ``private/<folder>/``."""

    @property
    def marks(self) -> tuple[str, ...]:
        """Names of files by which ``linkmode init`` knows that a repository has it: ``go.mod``, ``?*.asd``."""

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


LANGUAGES: dict[str, Language] = found(__name__, __path__, "LANGUAGE")
"""Every language by name."""

__all__ = ["LANGUAGES", "Language", "Part"]
