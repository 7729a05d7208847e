"""A file inside of an archive, and the bounds within which archives are read."""

from typing import Literal, NamedTuple, Protocol

from linkmode.audit.read.image import NotAudited

MAX_MEMBERS = 1_000_000
MAX_GAIN = 100
FREE_GAIN = 1 << 30
"""An archive may give 1 GiB, and a hundred times its own size: real ones give 20 times at most, a bomb 1,000 times."""

BLOCK = 1 << 18

Kind = Literal["file", "folder", "link", "special"]


class BrokenArchive(NotAudited):
    """What is wrong is the archive's, not the member's that is being read, and nothing more can be read from it."""


class Readable(Protocol):
    """A stream of bytes that can only be read on."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none only at the end."""


class Member(NamedTuple):
    """One entry of an archive. ``body`` holds ``size`` bytes and is good until the next member is asked for.

    ``name`` has no ``./`` or ``/`` before it and is otherwise as the archive has it, bytes that are no UTF-8 as
    surrogates. ``target`` is a link's, as the archive has it.
    """

    name: str
    kind: Kind
    size: int
    body: Readable
    target: str = ""


class Budget:
    """Counts what an archive gives, and ends it when that is no longer in proportion to its size."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = FREE_GAIN + MAX_GAIN * size

    def take(self, amount: int) -> None:
        """Count ``amount`` bytes; raise BrokenArchive when it is too much."""
        self._left -= amount
        if self._left < 0:
            raise BrokenArchive(
                f"malformed: it unpacks to more than {MAX_GAIN} times its {self._size} bytes and a GiB, which is how "
                "archives are made that fill a disk"
            )


def exactly(source: Readable, size: int, where: str) -> bytes:
    """Return ``size`` bytes of ``source``; raise BrokenArchive when it ends before."""
    block = source.read(size)
    while len(block) < size:
        more = source.read(size - len(block))
        if not more:
            raise BrokenArchive(f"truncated: the archive ends {where}")
        block += more
    return block


def plain_name(name: str) -> str:
    """Return a member's name without what only says that it begins at the archive's root."""
    while name.startswith(("./", "/")):
        name = name.removeprefix("./").lstrip("/")
    return name
