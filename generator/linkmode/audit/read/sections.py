"""Reads section headers. They may be absent or wrong, so no verdict depends on them."""

import struct
from typing import NamedTuple

from linkmode.audit.read.facts import Section, printable
from linkmode.audit.read.image import Image

MAX_SECTIONS = 4096
MAX_NAMES = 1 << 20

SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_REL = 2, 4, 8, 9
SHF_ALLOC = 2

_TYPES = {
    0: "NULL",
    1: "PROGBITS",
    2: "SYMTAB",
    3: "STRTAB",
    4: "RELA",
    5: "HASH",
    6: "DYNAMIC",
    7: "NOTE",
    8: "NOBITS",
    9: "REL",
    11: "DYNSYM",
    14: "INIT_ARRAY",
    15: "FINI_ARRAY",
    16: "PREINIT_ARRAY",
    17: "GROUP",
    18: "SYMTAB_SHNDX",
    19: "RELR",
    0x6FFFFFF5: "GNU_ATTRIBUTES",
    0x6FFFFFF6: "GNU_HASH",
    0x6FFFFFFD: "VERDEF",
    0x6FFFFFFE: "VERNEED",
    0x6FFFFFFF: "VERSYM",
}


class Contradiction(Exception):  # noqa: N818 - says what was found, and never leaves the audit
    """An informative table contradicts the file; the message says how."""


class Placed(NamedTuple):
    """A section with the place of its bytes in the file, which has been checked: ``size`` is 0 for NOBITS.

    ``link`` is the number of another section, counted from 1.
    """

    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    listed: Section


def read(image: Image) -> tuple[Placed, ...] | None:
    """Return the sections in the table's order without the first, which is empty; None without a table.

    Raises Contradiction when the table or a section lies outside the file.
    """
    header = image.header
    if not header.shoff:
        return None
    layout, entry = ("IIQQQQIIQQ", 64) if image.bits == 64 else ("IIIIIIIIII", 40)
    if header.shentsize != entry:
        raise Contradiction(f"section headers of {header.shentsize} bytes, {entry} expected")
    if header.shoff + entry > image.size:
        raise Contradiction("the section headers lie outside the file")
    first = struct.unpack(image.order + layout, image.bytes_at(header.shoff, entry))
    count = header.shnum or first[5]  # as the specification has it where 16 bits are too few; so has the next line
    names_at = first[6] if header.shstrndx == 0xFFFF else header.shstrndx
    if not count:
        return None
    if count > MAX_SECTIONS:
        raise Contradiction(f"{count} section headers, at most {MAX_SECTIONS} expected")
    if header.shoff + count * entry > image.size:
        raise Contradiction("the section headers lie outside the file")
    rows = list(image.records(layout, image.bytes_at(header.shoff, count * entry)))
    for row in rows[1:]:
        if row[1] != SHT_NOBITS and row[4] + row[5] > image.size:
            raise Contradiction(f"a section holds {row[5]} bytes from byte {row[4]} on, of a file of {image.size}")
    names = b""
    if 0 < names_at < count and rows[names_at][1] != SHT_NOBITS:
        names = image.bytes_at(rows[names_at][4], min(rows[names_at][5], MAX_NAMES))
    found = []
    for name_at, kind, flags, _, offset, size, link, *_ in rows[1:]:
        name = printable(names[name_at : name_at + 256].partition(b"\0")[0])
        listed = Section(name, _TYPES.get(kind, f"0x{kind:x}"), size)
        found.append(Placed(name, kind, flags, offset, 0 if kind == SHT_NOBITS else size, link, listed))
    return tuple(found)
