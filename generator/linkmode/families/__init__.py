"""The toolchain families: each is a folder here, one of its name in templates/, and a file in toolchains/."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from linkmode.model.components import Component, found
from linkmode.model.survey import Recogniser
from linkmode.model.values import ExecPlatform, Pin, Target

if TYPE_CHECKING:
    from linkmode.families.compiler import Compiler


class Family(Component, Protocol):
    """What linkmode must know about a family beyond its pins."""

    @property
    def folder(self) -> str:
        """The folder of its rules below ``private/``."""

    @property
    def recogniser(self) -> Recogniser | None:
        """What tells its archives from others; None where their files do not say what they are."""

    @property
    def brings_libc(self) -> bool:
        """Whether an archive holds the target's libc as files to run with, and not only what is linked against."""

    @property
    def needed_by(self) -> Mapping[str, tuple[str, str]]:
        """A part that a language cannot do without, and why, by the language."""

    def compiler(self) -> "Compiler":
        """Return what ``linkmode exec`` must know about its programs."""

    @property
    def suggested_libcs(self) -> tuple[str, ...]:
        """The libcs of the targets that ``linkmode init`` writes, as triples end: ``musl``."""

    @property
    def facts(self) -> tuple[str, ...]:
        """The versions in a pin's ``measured`` that the generated rules read."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What a ``[[toolchain]]`` can do ``without``, so that it is no input of an action."""

    def refuses(self, target: Target, version: str = "") -> str:
        """Return why this family cannot make ``target`` at all, or in ``version``; an empty string when it can."""

    def pins_for(self, pins: Sequence[Pin], exec_platform: ExecPlatform, target: Target) -> tuple[Pin, ...]:
        """Return those of ``pins`` that run on ``exec_platform`` and make ``target``, the best first."""

    def unwanted(self, target: Target, without: Sequence[str]) -> tuple[str, ...]:
        """Return the paths in an archive that must not be there for a toolchain that does ``without`` these parts."""


FAMILIES: dict[str, Family] = found(__name__, __path__, "FAMILY")
"""Every toolchain family by name."""
