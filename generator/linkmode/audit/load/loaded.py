"""What a program loads, and what it was linked from, as values: made by ``tree`` and ``attribution``."""

import msgspec


class Need(msgspec.Struct, frozen=True):
    """A needed library by its name; where it was found and how, or None when the program would not start."""

    name: str
    path: str | None
    how: str | None


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
        """Return the names of what is not there, the interpreter first, each once."""
        names = [need.name for one in self.objects for need in one.needs if need.path is None]
        first = [self.interpreter] if self.interpreter is not None and not self.interpreter_found else []
        return list(dict.fromkeys([*first, *names]))


class Share(msgspec.Struct, frozen=True):
    """What one static library gave: the bytes of its symbols, and how many of its members they are of."""

    library: str
    size: int
    members: int
