"""Measures how many bytes of a program come from each static library, by the symbols that both have.

A linked file does not say what it was linked from. Its symbol table has names and sizes; an archive (.a) has an index
of the names that each of its members defines. A function or object counts for the first archive, in the order given,
whose index has its name; a local one for the member whose source file the symbol table names before it, when that
member gave something else too. What is in no symbol (padding, merged strings, unwind tables) is in no library's share.
Index: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/ar.html and GNU's ``/`` and ``/SYM64/`` members.
"""

import posixpath
from collections.abc import Mapping, Sequence
from typing import BinaryIO, NamedTuple

from linkmode.audit.load.loaded import Share
from linkmode.audit.read import sections
from linkmode.audit.read.image import Image, NotAudited
from linkmode.audit.read.sections import SHT_SYMTAB, Contradiction

MAX_INDEX = 64 << 20
MAX_TABLE = 256 << 20

_STT_OBJECT, _STT_FUNC, _STT_FILE, _STT_TLS, _STT_IFUNC = 1, 2, 4, 6, 10
_SIZED = (_STT_OBJECT, _STT_FUNC, _STT_TLS, _STT_IFUNC)
_SHN_UNDEF, _SHN_ABS = 0, 0xFFF1


class Archive(NamedTuple):
    """A static library: its file name, and the number of the member that defines each name."""

    name: str
    defines: Mapping[bytes, int]
    stems: Mapping[bytes, int]


def read_archive(stream: BinaryIO, size: int, name: str) -> Archive:
    """Return the index of a static library; raise NotAudited when it is none or has no index."""
    if stream.read(8) != b"!<arch>\n":
        raise NotAudited("not a static library (ar archive)")
    defines: dict[bytes, int] = {}
    stems: dict[bytes, int] = {}
    names = b""
    at = 8
    while at + 60 <= size:
        stream.seek(at)
        header = stream.read(60)
        member, digits = header[:16].rstrip(), header[48:58].strip()
        if header[58:] != b"`\n" or not digits.isdigit() or at + 60 + int(digits) > size:
            raise NotAudited("malformed: a header of the static library is damaged")
        length = int(digits)
        if member in (b"/", b"/SYM64/", b"//"):
            if length > MAX_INDEX:
                raise NotAudited(f"malformed: an index of {length} bytes, at most {MAX_INDEX} expected")
            raw = stream.read(length)
            if member == b"//":
                names = raw
            else:
                defines |= _index(raw, 8 if member == b"/SYM64/" else 4)
        else:
            text = names[int(member[1:]) :].partition(b"/\n")[0] if member[1:].isdigit() else member.rstrip(b"/")
            stems.setdefault(_stem(text), at)
        at += 60 + length + length % 2
    if not defines:
        raise NotAudited("a static library without an index of symbols; write one with: ranlib FILE")
    return Archive(name, defines, stems)


def _index(raw: bytes, word: int) -> dict[bytes, int]:
    count = int.from_bytes(raw[:word], "big")
    names = raw[word * (count + 1) :].split(b"\0") if word * (count + 1) <= len(raw) else []
    offsets = (int.from_bytes(raw[at : at + word], "big") for at in range(word, word * (count + 1), word))
    return dict(zip(names, offsets, strict=False))


def _stem(name: bytes) -> bytes:
    # libtool and CMake make inflate.c into inflate.lo, inflate.o, inflate.c.o or libz_a-inflate.o.
    return posixpath.basename(name).partition(b".")[0].rpartition(b"-")[2]


class _Symbol(NamedTuple):
    name: bytes
    address: int
    size: int
    file: bytes  # the source file of a local symbol; empty for others


def attribute(image: Image, archives: Sequence[Archive]) -> tuple[Share, ...] | None:
    """Return the share of each archive that has one; None if the file has no symbol table."""
    symbols = _symbols(image)
    if symbols is None:
        return None
    given: dict[int, tuple[int, int]] = {}  # address: archive and member
    linked: set[tuple[int, int]] = set()
    sizes: dict[int, int] = {}
    for one in symbols:
        for at, archive in enumerate(archives):
            if not one.file and one.name in archive.defines:
                place = (at, archive.defines[one.name])
                given.setdefault(one.address, place)
                linked.add(place)
                sizes[one.address] = max(sizes.get(one.address, 0), one.size)
                break
    for one in symbols:
        for at, archive in enumerate(archives):
            place = (at, archive.stems.get(one.file, -1)) if one.file else (at, -1)
            if place in linked and one.address not in given:
                given[one.address] = place
                sizes[one.address] = one.size
                break
    shares = []
    for at, archive in enumerate(archives):
        total = sum(sizes[address] for address, place in given.items() if place[0] == at)
        if total:
            members = len({place for place in given.values() if place[0] == at})
            shares.append(Share(archive.name, total, members))
    return tuple(shares)


def _symbols(image: Image) -> list[_Symbol] | None:
    # Functions and objects with bytes in the file, each with its source file where it is local.
    try:
        held = sections.read(image) or ()
    except Contradiction:
        return None
    table = next((one for one in held if one.type == SHT_SYMTAB), None)
    strings = next((one for one in held if one.name == ".strtab"), None)
    if table is None or strings is None or max(table.size, strings.size) > MAX_TABLE:
        return None
    names = image.bytes_at(strings.offset, strings.size)
    entry = 24 if image.bits == 64 else 16
    raw = image.bytes_at(table.offset, table.size // entry * entry)
    in_memory_only = {at for at, one in enumerate(held, 1) if one.listed.type == "NOBITS"}
    out, file = [], b""
    for row in image.records("IBBHQQ" if image.bits == 64 else "IIIBBH", raw):
        if image.bits == 64:
            name_at, info, _, section, address, size = row
        else:
            name_at, address, size, info, _, section = row
        kind, binding = info & 15, info >> 4
        name = names[name_at : names.find(b"\0", name_at)] if name_at < len(names) else b""
        if kind == _STT_FILE:
            file = _stem(name)
        elif kind in _SIZED and size and section not in (_SHN_UNDEF, _SHN_ABS) and section not in in_memory_only:
            out.append(_Symbol(name, address, size, b"" if binding else file))
    return out
