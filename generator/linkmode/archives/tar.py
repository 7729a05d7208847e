"""Reads the members of a tar archive in one pass with bounded memory: ustar, GNU's long names, and pax headers.

Single header blocks are parsed by the standard library (``tarfile.TarInfo.frombuf``). The order of blocks is read here:
``tarfile.TarFile`` takes extension headers of any length into memory, and a broken header for the end of the archive.
Formats: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, https://www.gnu.org/software/tar/manual/.
"""

import os
import tarfile
from typing import Protocol, cast

from linkmode.archives import sparse
from linkmode.archives.members import (
    BLOCK,
    NOTHING,
    Budget,
    EndsEarly,
    Kind,
    Member,
    Members,
    Policy,
    Readable,
    Refusal,
    exactly,
)

RECORD = 512
"""Bytes of a header, and what a member's bytes are filled up to."""

_MAX_EXTENSION = 1 << 20
_MAX_TRAILER = 1 << 20
_MAX_DIGITS = 18
_MAX_SIZE = 10**_MAX_DIGITS
_KINDS: dict[bytes, Kind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "hardlink",
}
_REFUSED = {
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.CONTTYPE: "a contiguous file",
}
_LONG_NAMES = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_USTAR = b"ustar\0"
_OF_A_MEMBER = ("path", "linkpath", "size")
"""What an extension header may say of the next member, that matters here."""

_SPARSE, _SPARSE_WORDS = "GNU.sparse.", "a sparse file, whose bytes do not lie in their order"

_IN_HEADER, _IN_MEMBER = "inside a header", "inside a member"


def is_tar(start: bytes) -> bool:
    """Tell whether the first 512 bytes of a file are a header of tar."""
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def members(source: Readable, budget: Budget, policy: Policy) -> Members:
    """Yield every member of a tar archive; its headers are counted in ``budget``, the bytes that it gives are not.

    What the caller leaves of a member is skipped, by seeking where ``source`` can. Raises Refusal when the archive is
    not whole and well formed, or is refused by ``policy``.
    """
    end = _end_of(source)
    extensions: dict[str, str] = {}
    while block := _header(source, policy):
        budget.enter()
        info = _parse(block)
        name = _name(block)
        if info.type in _LONG_NAMES:
            given = {_LONG_NAMES[info.type]: _long_name(source, info.size, name, policy)}
            _extend(extensions, given, name, policy)
        elif info.type in _PAX:
            _extend(extensions, _pax(_extension(source, info.size, name), name, policy), name, policy)
        elif info.type == tarfile.XGLTYPE:
            _check_global(_pax(_extension(source, info.size, name), name, policy), name, policy)
        else:
            member, body = _member(source, info, name, extensions, policy, block)
            budget.name(member.name, member.target)
            yield member
            body.skip(end)
            exactly(source, -body.size % RECORD, _IN_MEMBER, member.name)
            extensions = {}
    if policy is Policy.UNPACK:
        if extensions:
            raise Refusal("the archive ends after an extension header; expected the member that it is about")
        _read_trailer(source)


class _Seekable(Readable, Protocol):
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...


def _end_of(source: Readable) -> int | None:
    """Where a source ends that can be sought in; None for a stream."""
    if not hasattr(source, "seek"):
        return None
    file = cast(_Seekable, source)
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return end


class _Body:
    """The bytes of one member."""

    def __init__(self, source: Readable, size: int, name: str) -> None:
        self.size = size
        self._source = source
        self._name = name
        self._left = size

    def read(self, size: int, /) -> bytes:
        block = self._source.read(min(size, self._left))
        if not block and self._left and size:
            raise EndsEarly(f"the archive ends {_IN_MEMBER}: {self._left:,} bytes are missing", self._name)
        self._left -= len(block)
        return block

    def skip(self, end: int | None) -> None:
        """Go to the end of the member, by seeking where the source's own ``end`` is known."""
        if end is not None and self._left:
            file = cast(_Seekable, self._source)
            missing = self._left - (end - file.tell())
            if missing > 0:
                raise EndsEarly(f"the archive ends {_IN_MEMBER}: {missing:,} bytes are missing", self._name)
            file.seek(self._left, os.SEEK_CUR)
            self._left = 0
        while self._left:
            self.read(BLOCK)


def _member(
    source: Readable,
    info: tarfile.TarInfo,
    header_name: str,
    extensions: dict[str, str],
    policy: Policy,
    block: bytes,
) -> tuple[Member, _Body]:
    name = extensions.get("path", header_name)
    kind = _KINDS.get(info.type, "special")
    if info.type == tarfile.GNUTYPE_SPARSE:
        policy.refuse(_SPARSE_WORDS, name)
        parts, whole = sparse.of_gnu(block, source, name)
        body = _Body(source, info.size, name)
        return Member(name, "file", sparse.Sparse(body, parts, whole, info.size, name), whole), body
    if kind == "special" or info.type in _REFUSED:
        what = _REFUSED.get(info.type, f"a member of type {info.type!r}")
        policy.refuse(f"{what}; expected a file, folder or link", name)
    size = _number(extensions["size"], name) if "size" in extensions else info.size
    if size and kind in {"folder", "symlink", "hardlink"}:
        policy.refuse(f"a {kind} with {size:,} bytes of contents; expected none", name)
        size = 0  # as GNU tar has it: the header is ignored
    if kind == "file" and name.endswith("/"):
        policy.refuse("a file with the name of a folder", name)
    target = extensions.get("linkpath", info.linkname) if kind in {"symlink", "hardlink"} else ""
    body = _Body(source, size, name)
    if kind == "file" and any(key.startswith(_SPARSE) for key in extensions):
        name = extensions.get("GNU.sparse.name", name)
        parts, whole = sparse.of_pax(extensions, body, name)
        return Member(name, kind, sparse.Sparse(body, parts, whole, size, name), whole), body
    return Member(name, kind, body if size else NOTHING, size, bool(info.mode & 0o111), target), body


def _header(source: Readable, policy: Policy) -> bytes:
    """The next header block; none at the end, which is two blocks of zeros."""
    block = source.read(RECORD)
    if not block:
        raise EndsEarly("the archive has no end mark (blocks of zeros)")
    block += exactly(source, RECORD - len(block), _IN_HEADER)
    if block.count(0) < RECORD:
        return block
    if policy is Policy.UNPACK and exactly(source, RECORD, "within its end mark (two blocks of zeros)").strip(b"\0"):
        raise Refusal("one block of zeros between two members; expected two, and then nothing")
    return b""


def _parse(block: bytes) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        raise Refusal(f"a header of the archive is damaged: {error}") from error
    if not 0 <= info.size < _MAX_SIZE:
        raise Refusal(f"a header of the archive is damaged: a size of {info.size}", info.name)
    return info


def _name(block: bytes) -> str:
    """The name in a header. TarInfo takes what GNU's old format keeps where ustar has a prefix (times) for a prefix."""
    first, prefix = _text(block[:100]), _text(block[345:500])
    if block[257:263] == _USTAR and prefix:
        return f"{prefix}/{first}"
    return first


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _extension(source: Readable, size: int, name: str) -> bytes:
    if size > _MAX_EXTENSION:
        raise Refusal(f"an extension header of {size:,} bytes; at most {_MAX_EXTENSION:,} are allowed", name)
    body = exactly(source, size, _IN_HEADER, name)
    exactly(source, -size % RECORD, _IN_HEADER, name)
    return body


def _long_name(source: Readable, size: int, name: str, policy: Policy) -> str:
    text, _, rest = _extension(source, size, name).partition(b"\0")
    if rest.strip(b"\0"):
        policy.refuse("a long name with a NUL byte in it", name)
    return text.decode("utf-8", "surrogateescape")


def _pax(body: bytes, name: str, policy: Policy) -> dict[str, str]:
    """The records of a pax header, each ``<length> <key>=<value>`` and a newline; a value may hold any byte."""
    records: dict[str, str] = {}
    at = 0
    while at < len(body):
        if not body[at]:
            policy.refuse("a malformed pax header", name)
            break  # filled up with zeros, which some writers count as its own
        space = body.find(b" ", at, at + 12)
        digits = body[at:space]
        length = int(digits) if space > at and digits.isdigit() else 0
        record = body[space + 1 : at + length]
        key, equals, value = record[:-1].partition(b"=")
        if at + length > len(body) or not record.endswith(b"\n") or not equals or not key:
            raise Refusal("a malformed pax header", name)
        records[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        at += length
    if any(key.startswith(_SPARSE) for key in records):
        policy.refuse(_SPARSE_WORDS, records.get("GNU.sparse.name", name))
    return records


def _extend(extensions: dict[str, str], more: dict[str, str], name: str, policy: Policy) -> None:
    """Add what an extension header says of the next member; said twice, it could be read in two ways."""
    for key in _OF_A_MEMBER:
        if key in more:
            if key in extensions:
                policy.refuse(f"two extension headers that both give its {key}", name)
            extensions[key] = more[key]
    extensions |= {key: value for key, value in more.items() if key.startswith(_SPARSE)}


def _check_global(records: dict[str, str], name: str, policy: Policy) -> None:
    """Git's archives have such a header, with a comment; one that changed every member's name is refused."""
    for key in _OF_A_MEMBER:
        if key in records:
            policy.refuse(f"a header that gives all members one {key}", name)


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
        raise Refusal(f"a size of {text[:40]!r}; expected a number of bytes", name)
    return int(text)


def _read_trailer(source: Readable) -> None:
    """Read to the end of the stream, so that its own checksum is checked; only zeros may follow."""
    seen = 0
    while block := source.read(BLOCK):
        seen += len(block)
        if block.strip(b"\0") or seen > _MAX_TRAILER:
            raise Refusal("more bytes after the archive's end; expected zeros that fill its last record, or nothing")
