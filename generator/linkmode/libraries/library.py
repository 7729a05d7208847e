"""What linkmode must know about a library beyond its pins."""

from collections.abc import Mapping

import msgspec

from linkmode.model.components import Layout


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """Sources that are built into a target ``@linkmode//lib:<name>``.

    ``suggested_version`` is a specifier for messages. ``layouts`` are those of its archives. ``allocates`` is whether
    it defines malloc, and can stand in ``[malloc]``.
    """

    name: str
    suggested_version: str
    layouts: Mapping[str, Layout]
    allocates: bool = False

    @property
    def folder(self) -> str:
        """The folder of its rules below ``private/``."""
        return self.name
