"""Members of a tar archive, read in one pass with bounded memory: ustar, GNU's long names, and pax headers.

Single header blocks are parsed by the standard library (``tarfile.TarInfo.frombuf``). The order of blocks is read here:
``tarfile.TarFile`` takes extension headers of any length into memory, and a broken header for the end of the archive.
Formats: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, https://www.gnu.org/software/tar/manual/.
"""

import tarfile
from collections.abc import Iterator
from typing import Protocol

from linkmode.archives.members import BLOCK, Kind, Member, Members, Refusal

_RECORD = 512
_MAX_EXTENSION = 1 << 20
_MAX_TRAILER = 1 << 20
_KINDS: dict[bytes, Kind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "hardlink",
}
_REFUSED = {
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.CONTTYPE: "a contiguous file",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
_LONG_NAMES = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_USTAR = b"ustar\0"


class Source(Protocol):
    """A stream of decompressed bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none only at the end."""


def members(source: Source, most: int) -> Members:
    """Yield every member of a tar archive with its bytes; extension headers and members together at most ``most``.

    Raises Refusal when the archive is not whole and well formed, or holds what is no file, folder or link.
    """
    extensions: dict[str, str] = {}
    count = 0
    while block := _header(source):
        count += 1
        if count > most:
            raise Refusal(f"more than {most:,} headers")
        info = _parse(block)
        name = _name(block)
        if info.type in _LONG_NAMES:
            _extend(extensions, {_LONG_NAMES[info.type]: _long_name(source, info.size, name)}, name)
        elif info.type == tarfile.XHDTYPE:
            _extend(extensions, _pax(_extension(source, info.size, name), name), name)
        elif info.type == tarfile.XGLTYPE:
            _check_global(_pax(_extension(source, info.size, name), name), name)
        else:
            yield from _member(source, info, name, extensions)
            extensions = {}
    if extensions:
        raise Refusal("the archive ends after an extension header; expected the member that it is about")
    _end(source)


def _member(source: Source, info: tarfile.TarInfo, header_name: str, extensions: dict[str, str]) -> Members:
    name = extensions.get("path", header_name)
    if info.type not in _KINDS:
        raise Refusal(
            f"{_REFUSED.get(info.type, f'a member of type {info.type!r}')}; expected a file, folder or link", name
        )
    kind = _KINDS[info.type]
    size = _number(extensions["size"], name) if "size" in extensions else info.size
    if size < 0:
        raise Refusal(f"a size of {size}", name)
    if size and kind != "file":
        raise Refusal(f"a {kind} with {size:,} bytes of contents; expected none", name)
    if kind == "file" and name.endswith("/"):
        raise Refusal("a file with the name of a folder", name)
    target = extensions.get("linkpath", info.linkname) if kind in {"symlink", "hardlink"} else ""
    body = _blocks(source, size, name)
    yield Member(name, kind, size, bool(info.mode & 0o111), target), body
    for _ in body:
        continue  # what the caller has left
    _exactly(source, -size % _RECORD, name)


def _header(source: Source) -> bytes:
    """The next header block; none at the end, which is two blocks of zeros."""
    block = _exactly(source, _RECORD, "")
    if block.count(0) < _RECORD:
        return block
    if _exactly(source, _RECORD, "").count(0) < _RECORD:
        raise Refusal("one block of zeros between two members; expected two, and then nothing")
    return b""


def _parse(block: bytes) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        raise Refusal(f"a malformed header: {error}") from error
    if info.size < 0:
        raise Refusal(f"a malformed header: a size of {info.size}", info.name)
    return info


def _name(block: bytes) -> str:
    """The name in a header. TarInfo takes what GNU's old format keeps where ustar has a prefix (times) for a prefix."""
    first, prefix = _text(block[:100]), _text(block[345:500])
    if block[257:263] == _USTAR and prefix:
        return f"{prefix}/{first}"
    return first


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _extension(source: Source, size: int, name: str) -> bytes:
    if size > _MAX_EXTENSION:
        raise Refusal(f"an extension header of {size:,} bytes; at most {_MAX_EXTENSION:,} are allowed", name)
    body = _exactly(source, size, name)
    _exactly(source, -size % _RECORD, name)
    return body


def _long_name(source: Source, size: int, name: str) -> str:
    body = _extension(source, size, name)
    text, _, rest = body.partition(b"\0")
    if rest.strip(b"\0"):
        raise Refusal("a long name with a NUL byte in it", name)
    return text.decode("utf-8", "surrogateescape")


def _pax(body: bytes, name: str) -> dict[str, str]:
    """The records of a pax header, each written ``<length> <key>=<value>`` and a newline."""
    records: dict[str, str] = {}
    position = 0
    while position < len(body):
        space = body.find(b" ", position, position + 12)
        digits = body[position:space]
        length = int(digits) if space > position and digits.isdigit() else 0
        record = body[space + 1 : position + length]
        key, equals, value = record[:-1].partition(b"=")
        if position + length > len(body) or not record.endswith(b"\n") or not equals or not key:
            raise Refusal("a malformed pax header", name)
        records[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        position += length
    if any(key.startswith("GNU.sparse.") for key in records):
        raise Refusal("a sparse file; expected a file, folder or link", records.get("GNU.sparse.name", name))
    return records


def _extend(extensions: dict[str, str], more: dict[str, str], name: str) -> None:
    """Add what an extension header says of the next member; said twice, it could be read in two ways."""
    for key in ("path", "linkpath", "size"):
        if key in more and key in extensions:
            raise Refusal(f"two extension headers that both give its {key}", name)
        if key in more:
            extensions[key] = more[key]


def _check_global(records: dict[str, str], name: str) -> None:
    """Git's archives have such a header, with a comment; one that changed every member's name is refused."""
    for key in ("path", "linkpath", "size"):
        if key in records:
            raise Refusal(f"a header that gives all members one {key}", name)


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Refusal(f"a size of {text[:40]!r}; expected a number of bytes", name)
    return int(text)


def _blocks(source: Source, size: int, name: str) -> Iterator[bytes]:
    left = size
    while left:
        block = source.read(min(left, BLOCK))
        if not block:
            raise Refusal(f"the archive ends {left:,} bytes before the member does", name)
        left -= len(block)
        yield block


def _exactly(source: Source, size: int, name: str) -> bytes:
    found = b""
    while len(found) < size:
        more = source.read(size - len(found))
        if not more:
            raise Refusal("the archive ends in the middle; expected two blocks of zeros at its end", name)
        found += more
    return found


def _end(source: Source) -> None:
    """Read to the end of the stream, so that its own checksum is checked; only zeros may follow."""
    seen = 0
    while block := source.read(BLOCK):
        seen += len(block)
        if block.strip(b"\0") or seen > _MAX_TRAILER:
            raise Refusal("more bytes after the archive's end; expected zeros that fill its last record, or nothing")
