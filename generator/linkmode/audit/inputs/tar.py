"""Members of a tar archive in one pass: ustar, GNU's long names, and pax headers.

The standard library parses single header blocks. ``tarfile.TarFile`` itself takes extension headers of any length into
memory, and a malformed header for the end of the archive; both matter where archives may mean harm.
Formats: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, https://www.gnu.org/software/tar/manual/.
"""

import os
import tarfile
from collections.abc import Iterator

from linkmode.audit.inputs.members import BLOCK, MAX_MEMBERS, BrokenArchive, Kind, Member, Readable, exactly, plain_name

RECORD = 512
_MAX_EXTENSION = 1 << 20
_KINDS: dict[bytes, Kind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
    tarfile.LNKTYPE: "link",
}
_LONG_NAMES = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_PAX = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)


def is_tar(start: bytes) -> bool:
    """Tell whether the first 512 bytes of a file are a header of tar."""
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def members(source: Readable) -> Iterator[Member]:
    """Yield every member; raises BrokenArchive where the archive is not well formed or ends early."""
    extensions: dict[str, str] = {}
    for _ in range(MAX_MEMBERS):
        block = source.read(RECORD)
        if not block:
            raise BrokenArchive("truncated: the archive has no end mark (a block of zeros)")
        block += exactly(source, RECORD - len(block), "inside a header") if len(block) < RECORD else b""
        if block.count(0) == RECORD:
            return
        info = _parse(block)
        if info.type in _LONG_NAMES:
            text = _extension(source, info.size).partition(b"\0")[0]
            extensions[_LONG_NAMES[info.type]] = text.decode("utf-8", "surrogateescape")
        elif info.type in _PAX:
            records = _pax(_extension(source, info.size))
            if info.type != tarfile.XGLTYPE:
                extensions |= records
        else:
            yield from _member(source, info, _name(block), extensions)
            extensions = {}
    raise BrokenArchive(f"malformed: the archive has more than {MAX_MEMBERS} headers")


def _member(source: Readable, info: tarfile.TarInfo, name: str, extensions: dict[str, str]) -> Iterator[Member]:
    kind = _KINDS.get(info.type, "special")
    size = info.size
    if "size" in extensions:
        digits = extensions["size"]
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            raise BrokenArchive("malformed: a pax header with a size that is no number")
        size = int(digits)
    if kind in ("folder", "link"):
        size = 0  # as GNU tar and the standard library have it, whatever the header says
    if info.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse.") for key in extensions):
        raise BrokenArchive(
            "malformed: the archive has a sparse member, which has no bytes of its own to read in order"
        )
    body = _Body(source, size)
    path = extensions.get("path", name)
    yield Member(plain_name(path).rstrip("/"), kind, size, body, extensions.get("linkpath", info.linkname))
    body.skip()
    exactly(source, -size % RECORD, "inside a member")


class _Body:
    """The bytes of one member."""

    def __init__(self, source: Readable, size: int) -> None:
        self._source = source
        self._left = size

    def read(self, size: int, /) -> bytes:
        block = self._source.read(min(size, self._left))
        if not block and self._left and size:
            raise BrokenArchive("truncated: the archive ends inside a member")
        self._left -= len(block)
        return block

    def skip(self) -> None:
        """Go to the end, by seeking where that is possible."""
        seek = getattr(self._source, "seek", None)
        if seek is not None:
            seek(self._left, os.SEEK_CUR)
            self._left = 0
        while self._left:
            self.read(BLOCK)


def _parse(block: bytes) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        raise BrokenArchive(f"malformed: a header of the archive is damaged: {error}") from error
    if info.size < 0:
        raise BrokenArchive(f"malformed: a header of the archive gives a size of {info.size}")
    return info


def _name(block: bytes) -> str:
    # GNU's old format keeps times where ustar has a prefix; TarInfo takes them for one.
    first, prefix = _text(block[:100]), _text(block[345:500])
    return f"{prefix}/{first}" if block[257:263] == b"ustar\0" and prefix else first


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _extension(source: Readable, size: int) -> bytes:
    if size > _MAX_EXTENSION:
        raise BrokenArchive(f"malformed: an extension header of {size} bytes, at most {_MAX_EXTENSION} expected")
    body = exactly(source, size, "inside a header")
    exactly(source, -size % RECORD, "inside a header")
    return body


def _pax(body: bytes) -> dict[str, str]:
    # Records are written `<length> <key>=<value>` and a newline; values may hold any byte (extended attributes).
    records: dict[str, str] = {}
    at = 0
    while at < len(body) and body[at]:
        digits, space, _ = body[at : at + 20].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        key, equals, value = body[at + len(digits) + 1 : at + length - 1].partition(b"=")
        if not equals or at + length > len(body):
            raise BrokenArchive("malformed: a pax header of the archive is damaged")
        records[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        at += length
    return records
