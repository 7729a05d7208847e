"""Values: what a program loads, and what it was linked from. Made by ``tree`` and ``attribution``."""

import msgspec


class Need(msgspec.Struct, frozen=True):
    """A library by its name; where it was found and how, or None when it is not there.

    ``tag`` is DT_NEEDED, or the other tag that has it loaded. Without those of DT_NEEDED and DT_FILTER a program does
    not start.
    """

    name: str
    path: str | None
    how: str | None
    tag: str = "DT_NEEDED"

    @property
    def is_missing(self) -> bool:
        """Whether the program does not start without it."""
        return self.path is None and self.tag in ("DT_NEEDED", "DT_FILTER")


class Object(msgspec.Struct, frozen=True):
    """A file that is loaded, by its path in the root, with what it needs in the order of DT_NEEDED."""

    path: str
    size: int
    needs: tuple[Need, ...]


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """All that one program loads. ``objects`` begins with the program itself; each is in it once, as in a process.

    ``interpreter_found`` is None for a file without one.
    """

    path: str
    interpreter: str | None
    interpreter_found: bool | None
    objects: tuple[Object, ...]

    def missing(self) -> list[str]:
        """Return the missing names, the interpreter first, each once."""
        names = [need.name for one in self.objects for need in one.needs if need.is_missing]
        first = [self.interpreter] if self.interpreter is not None and not self.interpreter_found else []
        return list(dict.fromkeys([*first, *names]))


class Share(msgspec.Struct, frozen=True):
    """What one static library gave: the bytes of its symbols, and how many of its members they are of."""

    library: str
    size: int
    members: int
