"""The members of archives as values, and the bounds of reading."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["file", "folder", "symlink", "hardlink", "special"]
"""``special`` is what is none of the others, as a device is."""

LONGEST_NAME = 255
"""Bytes of one component: NAME_MAX of every filesystem in use on Linux."""

LONGEST_PATH = 4095
"""Bytes of a whole path, and of a link's target: PATH_MAX of Linux, less the NUL at its end."""

_DEEPEST = 100
"""Folders in a path. The deepest known has 10; what walks or removes a tree by recursion gives up at about 1,000."""

BLOCK = 256 << 10
"""Bytes that are read at once, so that memory stays small for members of any size."""

_FREE_GAIN = 1 << 30
_GAIN = 100
"""What may be looked into gives a GiB, and 100 times its size: real archives give 20 times at most, bombs 1,000."""


class Refusal(Exception):  # noqa: N818 - not the error that a user sees: who asked for the archive makes that of it
    """Why an archive is not read any further; ``member`` is the name in it that this is about, or empty.

    As text it begins with one word of what is wrong, for a report.
    """

    word = "malformed"

    def __init__(self, problem: str, member: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.member = member

    def __str__(self) -> str:
        return f"{self.word}: {self.problem}" if self.word else self.problem


class NotAnArchive(Refusal):
    """A whole file that is no archive of a kind that is known."""

    word = ""


class EndsEarly(Refusal):
    """There are fewer bytes than the archive says."""

    word = "truncated"


class BadMember(Refusal):
    """One member cannot be read; those after it can."""


class Encrypted(BadMember):
    """One member is encrypted; those after it can be read."""

    word = "cannot be read"


class Policy(enum.Enum):
    """How an archive is read that can be read in two ways, or that holds what has no place in a tree of files."""

    UNPACK = "unpack"
    """It is refused: what is written to a disk must be what everyone else sees in the archive."""

    LOOK = "look"
    """It is read as GNU tar or Python's zipfile reads it: nothing is written, and all that is there is to be seen."""

    def refuse(self, problem: str, member: str = "") -> None:
        """Raise Refusal where the archive is to be unpacked; return where it is looked into."""
        if self is Policy.UNPACK:
            raise Refusal(problem, member)


class Readable(Protocol):
    """A stream of bytes that can only be read on."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none only at the end."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive. ``name`` is as the archive spells it, with bytes that are not UTF-8 as surrogates.

    ``size`` is in bytes, of a file; ``body`` holds them, and is good until the next member is asked for. ``target`` is
    a link's: of a symlink relative to its folder, of a hard link the name of another member.
    """

    name: str
    kind: Kind
    body: Readable
    size: int = 0
    executable: bool = False
    target: str = ""


Members = Iterator[Member]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one archive may hold: headers, bytes that it unpacks to, and bytes of all its names."""

    packed: int
    entries: int
    size: int
    text: int

    @classmethod
    def to_unpack(cls, packed: int) -> "Bounds":
        """The bounds of an archive of ``packed`` bytes, which has been verified to be of the locked size.

        Of the archives in the catalogue, Zig's come nearest: 7 times their size, and an entry for every 2.8 KB of it.
        Deflate can do 1,032 times, and xz more (docs/decisions/0005-safe-extraction.md).
        """
        return cls(packed, 10_000 + packed // 512, (64 << 20) + 32 * packed, (64 << 20) + packed)

    @classmethod
    def to_look(cls, packed: int) -> "Bounds":
        """The bounds of an archive of ``packed`` bytes, with all that lies in it, layers of images too.

        An image may hold one layer for many platforms, and its layers are read once for each.
        """
        return cls(packed, 250_000 + packed // 512, _FREE_GAIN + _GAIN * packed, (64 << 20) + packed)


class Budget:
    """Counts what an archive gives, and ends it where that is no longer in proportion to its size."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._bytes = bounds.size
        self._entries = bounds.entries
        self._text = bounds.text

    def take(self, amount: int) -> None:
        """Count ``amount`` bytes that were unpacked; raise Refusal when there are too many."""
        self._bytes -= amount
        if self._bytes < 0:
            raise Refusal(f"it unpacks to more than {self.bounds.size:,} bytes{self._proportion()}")

    def enter(self, count: int = 1) -> None:
        """Count headers; raise Refusal when there are too many."""
        self._entries -= count
        if self._entries < 0:
            raise Refusal(f"it has more than {self.bounds.entries:,} headers{self._proportion()}")

    def name(self, *names: str) -> None:
        """Count names; raise Refusal when they are too long, all together."""
        self._text -= sum(map(len, names))
        if self._text < 0:
            raise Refusal(f"its names take more than {self.bounds.text:,} bytes{self._proportion()}")

    @property
    def is_spent(self) -> bool:
        """Whether more was taken than the bounds allow."""
        return min(self._bytes, self._entries, self._text) < 0

    def _proportion(self) -> str:
        return f", and has {self.bounds.packed:,} itself: archives are made so to fill a disk"


class Counted:
    """A stream that is read as it is, and counted."""

    def __init__(self, stream: Readable, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; raise Refusal where there were too many."""
        block = self._stream.read(size)
        self._budget.take(len(block))
        return block


class Nothing:
    """The body of what has no bytes."""

    def read(self, size: int, /) -> bytes:
        """Return no byte."""
        return b""


NOTHING = Nothing()


def blocks(body: Readable) -> Iterator[bytes]:
    """Yield what is left of a stream, block by block."""
    while block := body.read(BLOCK):
        yield block


def exactly(source: Readable, size: int, where: str, member: str = "") -> bytes:
    """Return ``size`` bytes of ``source``; raise EndsEarly, which says ``where``, when it ends before."""
    found = source.read(size) if size else b""
    while len(found) < size:
        more = source.read(size - len(found))
        if not more:
            raise EndsEarly(f"the archive ends {where}", member)
        found += more
    return found


def parts(name: str) -> tuple[str, ...]:
    """Take a member's path apart; raise Refusal when it could name anything outside the folder it is unpacked into."""
    if "\0" in name:
        raise Refusal("a name with a NUL byte in it", name)
    if name.startswith("/"):
        raise Refusal("an absolute path; expected one relative to the archive's root", name)
    if len(_bytes(name)) > LONGEST_PATH:
        raise Refusal(f"a path of {len(_bytes(name)):,} bytes; at most {LONGEST_PATH:,} are possible", name)
    found = tuple(part for part in name.split("/") if part not in {"", "."})
    if ".." in found:
        raise Refusal("a path with '..' in it; expected one that stays inside the archive's root", name)
    if len(found) > _DEEPEST:
        raise Refusal(f"a path of {len(found):,} folders; at most {_DEEPEST} are allowed", name)
    for part in found:
        if len(_bytes(part)) > LONGEST_NAME:
            raise Refusal(f"a name of {len(_bytes(part))} bytes; at most {LONGEST_NAME} are possible", name)
    return found


def shown_name(name: str) -> str:
    """Return a member's name without what only says that it begins at the archive's root, or that it is a folder."""
    while name.startswith(("./", "/")):
        name = name.removeprefix("./").lstrip("/")
    return name.rstrip("/")


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
