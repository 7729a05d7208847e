"""Verifies that a zip archive is exactly one archive, which every reader of zip sees alike.

A zip is read from its end. What lies before, between or after its parts is seen by some programs and not by others: so
two archives fit into one file, or a program into an archive. The central directory is taken from the standard library;
here it is held against the bytes: each member where the one before it ends, as its own header says too, then the
directory, then the end record. Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.
"""

import os
import struct
import zipfile
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from linkmode.archives.members import Refusal

_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_IS_LOCAL, _IS_END, _IS_LOCATOR, _IS_END_64, _IS_DESCRIPTOR = b"PK\3\4", b"PK\5\6", b"PK\6\7", b"PK\6\6", b"PK\7\x08"
_MAX_COMMENT = 0xFFFF
_HAS_DESCRIPTOR = 0x8
_BEYOND_32 = 0xFFFFFFFF
_BEYOND = (0xFFFF, _BEYOND_32, _BEYOND_32)
"""What the end record says in place of a count, a length and an offset that it has no room for (zip64)."""

_OTHER_NAME = 0x7075
"""Info-ZIP's field for a name in Unicode, which some readers take in place of the header's (APPNOTE 4.6.9)."""

_ZIP_64 = 1
_EXPECTED = "expected one zip archive and nothing else"


def check(source: BinaryIO, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Raise Refusal unless the bytes of ``source`` are those of its central directory's ``entries``, without a gap."""
    start = _directory(source, len(entries))
    at = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset != at:
            raise Refusal(_gap(at, entry.header_offset), entry.orig_filename)
        at = _end_of(source, entry)
    if at != start:
        raise Refusal(_gap(at, start))


def _gap(at: int, following: int) -> str:
    found = f"{following - at:,} bytes that are of no member" if following > at else "two members with the same bytes"
    return f"{found}, at byte {min(at, following):,}; {_EXPECTED}"


def _directory(source: BinaryIO, count: int) -> int:
    """Where the central directory of ``count`` members begins.

    It ends where the end record begins, and that ends with the file.
    """
    size = source.seek(0, os.SEEK_END)
    from_here = max(0, size - _END.size - _MAX_COMMENT)
    tail = _read(source, from_here, size - from_here)
    ends = [at for at in _places(tail, _IS_END) if len(tail) - at >= _END.size]
    whole = [at for at in ends if at + _END.size + int(_END.unpack_from(tail, at)[-1]) == len(tail)]
    if not ends or ends[-1] not in whole:
        raise Refusal(f"bytes after the archive's end; {_EXPECTED}")
    if len(whole) > 1:
        raise Refusal(f"two records that could be the archive's end; {_EXPECTED}")
    end = from_here + whole[0]
    _, disk, directory_disk, here, all_of_them, length, start, _ = _END.unpack_from(tail, whole[0])
    if disk not in {0, 0xFFFF} or directory_disk not in {0, 0xFFFF} or here != all_of_them:
        raise Refusal("a part of an archive in several; expected all of it in one file")
    if end >= _LOCATOR.size and (locator := _read(source, end - _LOCATOR.size, _LOCATOR.size))[:4] == _IS_LOCATOR:
        end -= _LOCATOR.size
        place = _LOCATOR.unpack(locator)[2]
        record = _read(source, place, _END_64.size) if place + _END_64.size <= end else b""
        if record[:4] != _IS_END_64 or place + 12 + int(_END_64.unpack(record)[1]) != end:
            raise Refusal(f"a zip64 end record in another place than it says; {_EXPECTED}")
        # Some readers ask the end record first, and this one only for what does not fit there; others ask only this.
        said, (*_, disk, directory_disk, here, all_of_them, length, start) = (
            (here, length, start),
            _END_64.unpack(record),
        )
        if disk or directory_disk or here != all_of_them:
            raise Refusal("a part of an archive in several; expected all of it in one file")
        if any(one not in {two, most} for one, two, most in zip(said, (here, length, start), _BEYOND, strict=True)):
            raise Refusal(f"two end records that say different things; {_EXPECTED}")
        end = place
    if here != count:
        raise Refusal(f"an end record that counts {here:,} members, where there are {count:,}; {_EXPECTED}")
    if start + length != end:
        raise Refusal(f"a table of contents that does not end where the end record begins; {_EXPECTED}")
    return int(start)


def _end_of(source: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Where a member ends. Raises Refusal when its own header says other things than the central directory."""
    name = entry.orig_filename
    raw = _read(source, entry.header_offset, _LOCAL.size)
    if len(raw) < _LOCAL.size or raw[:4] != _IS_LOCAL:
        raise Refusal("no header where the table of contents says that it begins", name)
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(raw)
    body: int = entry.header_offset + _LOCAL.size + name_length + extra_length
    spelled = _read(source, entry.header_offset + _LOCAL.size, name_length)
    encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
    if (flags, method, spelled) != (entry.flag_bits, entry.compress_type, name.encode(encoding, "replace")):
        raise Refusal("its own header differs from the table of contents in its name or method", name)
    for extra in (entry.extra, _read(source, body - extra_length, extra_length)):
        if any(kind == _OTHER_NAME and field[5:] != spelled for kind, field in _fields(extra)):
            raise Refusal("another name of it in an extra field, which some readers take for its name", name)
    end = body + entry.compress_size
    stated = (crc, packed, size)
    listed = (entry.CRC, entry.compress_size, entry.file_size)
    if flags & _HAS_DESCRIPTOR:
        return end + _descriptor(source, end, listed, name)
    if (packed, size) == (_BEYOND_32, _BEYOND_32):
        stated = (crc, *_sizes_64(_read(source, body - extra_length, extra_length)))
    if stated != listed:
        raise Refusal("its own header differs from the table of contents in its size or checksum", name)
    return end


def _sizes_64(extra: bytes) -> tuple[int, int]:
    """The packed and the full size that an extra field gives (zip64); of two such fields none is taken."""
    found = []
    for kind, field in _fields(extra):
        if kind == _ZIP_64 and len(field) >= 16:
            full, packed = struct.unpack_from("<2Q", field)
            found.append((int(packed), int(full)))
    return found[0] if len(found) == 1 else (-1, -1)


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the bytes of each extra field."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        yield int(kind), extra[4 : 4 + length]
        extra = extra[4 + length :]


def _descriptor(source: BinaryIO, at: int, listed: tuple[int, int, int], name: str) -> int:
    """How many bytes the descriptor behind a member has: with a mark or without, of 32 bits or 64."""
    raw = _read(source, at, 24)
    for mark in (_IS_DESCRIPTOR, b""):
        for layout in ("<LLL", "<LQQ"):
            length = len(mark) + struct.calcsize(layout)
            body = raw[len(mark) : length]
            if raw.startswith(mark) and len(raw) >= length and struct.unpack(layout, body) == listed:
                return length
    raise Refusal("what follows it differs from the table of contents in its size or checksum", name)


def _places(data: bytes, wanted: bytes) -> list[int]:
    found, at = [], data.find(wanted)
    while at >= 0:
        found.append(at)
        at = data.find(wanted, at + 1)
    return found


def _read(source: BinaryIO, at: int, size: int) -> bytes:
    source.seek(at)
    return source.read(size)
