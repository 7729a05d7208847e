"""What an archive may hold: its members as values, their paths taken apart, and how much of everything there may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["file", "folder", "symlink", "hardlink"]

LONGEST_NAME = 255
"""Bytes of one component: NAME_MAX of every filesystem in use on Linux."""

LONGEST_PATH = 4095
"""Bytes of a whole path, and of a link's target: PATH_MAX of Linux, less the NUL at its end."""

_DEEPEST = 100
"""Folders in a path. The deepest known has 10; what walks or removes a tree by recursion gives up at about 1,000."""

BLOCK = 256 << 10
"""Bytes that are read at once, so that memory stays small whatever a member's size is."""


class Refusal(Exception):  # noqa: N818 - not the error that a user sees: `archive.extract` makes that of it
    """Why an archive is not unpacked; ``member`` is the name in it that this is about, or empty."""

    def __init__(self, problem: str, member: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.member = member


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive. ``name`` is as the archive spells it, with bytes that are not UTF-8 as surrogates.

    ``size`` is in bytes, of a file. ``target`` is a link's: of a symlink relative to its folder, of a hard link
    the name of another member.
    """

    name: str
    kind: Kind
    size: int = 0
    executable: bool = False
    target: str = ""


Members = Iterator[tuple[Member, Iterator[bytes]]]
"""Every member with its bytes in blocks, which have to be read before the next member is asked for, or not at all."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one archive may unpack to: so many files, folders and links, and so many bytes in all its files."""

    entries: int
    size: int

    @classmethod
    def of(cls, packed: int) -> "Bounds":
        """The bounds of an archive of ``packed`` bytes, which has been verified to be of the locked size.

        Of the archives in the catalogue, Zig's come nearest: 7 times their size, and an entry for every 2.8 KB of it.
        Deflate can do 1,032 times, and xz more (docs/decisions/0005-safe-extraction.md).
        """
        return cls(entries=10_000 + packed // 512, size=(64 << 20) + 32 * packed)


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


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
