"""Finds the functions of an x86-64 file that use a symbol of a library, if the symbol table shows them.

A linked file does not say which object asked for a symbol. But its code names the symbol's slot: a call or jump through
DT_JMPREL's or DT_RELA's slot, or a call of the stub that jumps through it; the symbol table then names the function
around it and, for a function that is local to its object, its source; debug information tells the others'. Code is
searched for the bytes of such instructions, with an address that must be exactly that of a slot or stub; it is not
disassembled.
"""

import bisect
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from linkmode.audit.read.dynamic import DT_JMPREL, DT_PLTREL, DT_PLTRELSZ, DT_RELA, DT_RELASZ, Dynamic
from linkmode.audit.read.facts import printable
from linkmode.audit.read.image import PF_X, PIECE, Image
from linkmode.audit.read.sections import SHT_SYMTAB, Contradiction, Placed
from linkmode.audit.read.symbols import MAX_RELOCATIONS, MAX_STRINGS, MAX_SYMBOLS, Symbols

SHOWN = 4
_STT_OBJECT, _STT_FUNC, _STT_FILE = 1, 2, 4
_R_64, _R_GLOB_DAT, _R_JUMP_SLOT = 1, 6, 7
_THROUGH_SLOT = re.compile(rb"\xff[\x15\x25]|[\x48\x4c]\x8b[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]")
_DIRECT = re.compile(rb"[\xe8\xe9]")
_ENDBR64 = b"\xf3\x0f\x1e\xfa"
_MARGIN = 16


class _Named(NamedTuple):
    # A function or object of the symbol table; ``end`` is 0 where the table gives no size.
    start: int
    end: int
    words: str


def users(
    image: Image,
    dynamic: Dynamic,
    table: Symbols,
    held: Sequence[Placed],
    wanted: frozenset[str],
    source_of: Callable[[int], str | None],
) -> dict[str, tuple[str, ...]]:
    """Return at most SHOWN users of each symbol in ``wanted`` that has any, as ``name`` or ``name (source.c)``.

    ``source_of`` tells the source of code at an address where debug information does.

    Nothing is said for other machines, without a symbol table or with DT_REL. Raises Contradiction for tables that lie.
    """
    named = _named(image, held)
    if image.machine_name != "x86_64" or not named or not wanted:
        return {}
    starts = [one.start for one in named]

    def around(address: int) -> str | None:
        at = bisect.bisect_right(starts, address) - 1
        if at < 0 or address >= named[at].end:
            return None
        words = named[at].words
        source = None if words.endswith(")") else source_of(address)
        return f"{words} ({source})" if source else words

    slots: dict[int, str] = {}
    found: dict[str, list[str]] = {}

    def add(symbol: str, address: int) -> None:
        words = around(address)
        kept = found.setdefault(symbol, [])
        if words is not None and words not in kept and len(kept) < SHOWN:
            kept.append(words)

    for address, kind, symbol in _relocations(image, dynamic, table, wanted):
        if kind in (_R_GLOB_DAT, _R_JUMP_SLOT):
            slots[address] = symbol
        elif kind == _R_64:
            add(symbol, address)
    stubs: dict[int, str] = {}
    for address, code in _code(image):
        for match in _THROUGH_SLOT.finditer(code):
            at = match.end()
            if at + 4 > len(code):
                break
            symbol = slots.get(address + at + 4 + struct.unpack_from("<i", code, at)[0], "")
            if not symbol:
                continue
            add(symbol, address + match.start())
            if code[match.start() : at] == b"\xff\x25":
                stubs.update(dict.fromkeys(_stub_starts(code, address, match.start()), symbol))
    for address, code in _code(image) if stubs else ():
        for match in _DIRECT.finditer(code):
            at = match.end()
            if at + 4 > len(code):
                break
            symbol = stubs.get(address + at + 4 + struct.unpack_from("<i", code, at)[0], "")
            if symbol:
                add(symbol, address + match.start())
    return {symbol: tuple(kept) for symbol, kept in found.items() if kept}


def _stub_starts(code: bytes, address: int, at: int) -> Iterator[int]:
    # A stub is a jump through the slot, perhaps after `bnd` and, with indirect branch tracking, after `endbr64`.
    yield address + at
    at -= code[at - 1 : at] == b"\xf2"
    yield address + at
    if code[max(0, at - 4) : at] == _ENDBR64:
        yield address + at - 4


def _code(image: Image) -> Iterator[tuple[int, bytes]]:
    for load in image.loads:
        if load.flags & PF_X:
            for start in range(0, load.file_size, PIECE):
                low = max(0, start - _MARGIN)
                yield load.address + low, image.bytes_at(load.offset + low, min(start + PIECE, load.file_size) - low)


def _relocations(
    image: Image, dynamic: Dynamic, table: Symbols, wanted: frozenset[str]
) -> Iterator[tuple[int, int, str]]:
    sizes = [(DT_RELA, DT_RELASZ)]
    if dynamic.value(DT_PLTREL) == DT_RELA:
        sizes.append((DT_JMPREL, DT_PLTRELSZ))
    names = {index: name for index, name in table.undefined if name in wanted}
    for tag, size_tag in sizes:
        size = min(dynamic.value(size_tag), MAX_RELOCATIONS) // 24 * 24
        place = image.locate(dynamic.value(tag)) if size else None
        if place is None:
            continue
        if place[1] < size:
            raise Contradiction("a table of relocations does not lie inside a loadable segment")
        for address, info, _ in image.records("QQQ", image.bytes_at(place[0], size)):
            if info >> 32 in names:
                yield address, info & 0xFFFFFFFF, names[info >> 32]


def _named(image: Image, held: Sequence[Placed]) -> list[_Named]:
    # Functions and objects by address. Local symbols follow the symbol that names their source.
    table = next((section for section in held if section.type == SHT_SYMTAB and section.size), None)
    if table is None or image.bits != 64 or not 0 < table.link <= len(held):
        return []
    strings = held[table.link - 1]
    if table.size > 24 * MAX_SYMBOLS or strings.size > MAX_STRINGS:
        raise Contradiction("the symbol table is larger than any")
    names = image.bytes_at(strings.offset, strings.size)
    found: list[_Named] = []
    source = ""
    for name_at, info, _, section, value, size in image.records(
        "IBBHQQ", image.bytes_at(table.offset, table.size // 24 * 24)
    ):
        kind, is_local = info & 15, info >> 4 == 0
        if kind == _STT_FILE:
            source = _name(names, name_at)
        elif kind in (_STT_FUNC, _STT_OBJECT) and section and size:
            name = _name(names, name_at)
            found.append(_Named(value, value + size, f"{name} ({source})" if is_local and source else name))
    return sorted(found)


def _name(names: bytes, at: int) -> str:
    return printable(names[at : max(at, names.find(b"\0", at, at + 4096))])
