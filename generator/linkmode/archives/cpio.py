"""Reads the members of a cpio archive in the new ASCII form, as packages (rpm) and initial RAM disks hold them.

Format: cpio(5), https://www.kernel.org/doc/html/latest/driver-api/early-userspace/buffer-format.html. Of files with
hard links only the last has the bytes; the others are given as links to it, and come after it.
"""

import stat

from linkmode.archives.members import (
    NOTHING,
    Budget,
    EndsEarly,
    Kind,
    Member,
    Members,
    Readable,
    Refusal,
    blocks,
    exactly,
)

MAGICS = (b"070701", b"070702")
"""Without and with a checksum, which nobody verifies."""

_STRIPPED = b"07070X"
_HEADER = 110
_LONGEST = 4096
_END = "TRAILER!!!"
_KINDS: dict[int, Kind] = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink"}


def members(source: Readable, budget: Budget) -> Members:
    """Yield every member, counted in ``budget``; the bytes of ``source`` are the caller's to count.

    Raises Refusal when the archive is not well formed.
    """
    others: dict[tuple[int, int, int], list[str]] = {}  # names without bytes of files whose last name is still to come
    while True:
        header = exactly(source, _HEADER, "inside a header")
        if header.startswith(_STRIPPED):
            raise Refusal("a payload for files of 4 GiB and more, which is not read; unpack it: rpm2archive FILE")
        if not header.startswith(MAGICS):
            raise Refusal("a header of the archive (cpio) is damaged")
        try:
            inode, mode, _, _, links, _, size, *device, length, _ = (
                int(header[at : at + 8], 16) for at in range(6, _HEADER, 8)
            )
        except ValueError:
            raise Refusal("a header of the archive (cpio) is damaged") from None
        if not 0 < length <= _LONGEST:
            raise Refusal(f"a name of {length:,} bytes; at most {_LONGEST:,} are possible")
        name = exactly(source, length, "inside a name")[:-1].decode("utf-8", "surrogateescape")
        exactly(source, -(_HEADER + length) % 4, "inside a name")
        if name == _END:
            yield from (Member(each, "file", NOTHING) for names in others.values() for each in names)
            return
        budget.enter()
        budget.name(name)
        body = _Body(source, size, name)
        yield from _given(
            name, _KINDS.get(stat.S_IFMT(mode), "special"), body, others, (inode, device[0], device[1]), links
        )
        for _ in blocks(body):
            continue
        exactly(source, -size % 4, "inside a member")


def _given(
    name: str,
    kind: Kind,
    body: "_Body",
    others: dict[tuple[int, int, int], list[str]],
    file: tuple[int, int, int],
    links: int,
) -> Members:
    if kind == "symlink":
        if body.left > _LONGEST:
            raise Refusal(f"a link target of {body.left:,} bytes", name)
        yield Member(name, kind, NOTHING, target=b"".join(blocks(body)).decode("utf-8", "surrogateescape"))
    elif kind == "file" and links > 1 and not body.left and len(others.get(file, ())) < links - 1:
        others.setdefault(file, []).append(name)
    else:
        yield Member(name, kind, body, body.left)
        for other in others.pop(file, ()) if kind == "file" and links > 1 else ():
            yield Member(other, "hardlink", NOTHING, target=name)


class _Body:
    """The bytes of one member."""

    def __init__(self, source: Readable, size: int, name: str) -> None:
        self._source = source
        self._name = name
        self.left = size

    def read(self, size: int, /) -> bytes:
        block = self._source.read(min(size, self.left))
        self.left -= len(block)
        if not block and size and self.left:
            raise EndsEarly("the archive ends inside a member", self._name)
        return block
