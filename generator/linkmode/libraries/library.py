"""What linkmode must know about a library beyond its pins."""

from collections.abc import Mapping

import msgspec

from linkmode.model.components import NO_LINES, Layout, Lines
from linkmode.model.survey import Recogniser


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """Sources that are built into a target ``@linkmode//lib:<name>``.

    ``also_called`` are names that people have for it, and ``linked_as`` those by which code asks for it (``z`` for
    ``-lz``). ``suggested_version`` is a specifier for messages. ``layouts`` are those of its archives. ``allocates`` is
    whether it defines malloc, and can stand in ``[malloc]``; ``in_buck2`` whether Buck2 has rules for it too.
    """

    name: str
    suggested_version: str
    layouts: Mapping[str, Layout]
    also_called: tuple[str, ...] = ()
    linked_as: tuple[str, ...] = ()
    allocates: bool = False
    in_buck2: bool = False
    recogniser: Recogniser | None = None
    lines: Lines = NO_LINES
    cpu_facts: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder of its rules below ``private/``."""
        return self.name

    def line(self, version: str) -> str:
        """Return nothing: the rules build every version alike."""
        del version
        return ""
