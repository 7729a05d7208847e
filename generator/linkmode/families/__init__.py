"""The toolchain families. A further one is a module here, a line in ``FAMILIES`` and a file in toolchains/."""

from collections.abc import Sequence
from typing import Protocol

from linkmode.families.musl_cc import MuslCc
from linkmode.families.zig import Zig
from linkmode.model.values import ExecPlatform, Pin, Target


class Family(Protocol):
    """What linkmode must know about a family beyond its pins."""

    @property
    def name(self) -> str:
        """The name in linkmode.toml and in the catalogue."""

    @property
    def suggested_version(self) -> str:
        """The specifier that ``linkmode init`` writes."""

    @property
    def suggested_targets(self) -> tuple[str, ...]:
        """The targets that ``linkmode init`` writes."""

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


FAMILIES: dict[str, Family] = {family.name: family for family in (MuslCc(), Zig())}
"""Every toolchain family by name."""
