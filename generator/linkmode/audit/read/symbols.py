"""Reads dynamic symbols and relocations: the version of each symbol, and indirect functions."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from linkmode.audit.read import sections
from linkmode.audit.read.dynamic import (
    DT_GNU_HASH,
    DT_HASH,
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELSZ,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERSYM,
    Dynamic,
)
from linkmode.audit.read.facts import Imports, printable
from linkmode.audit.read.image import PIECE, Image
from linkmode.audit.read.sections import Contradiction, Placed

MAX_SYMBOLS = 1 << 20
MAX_STRINGS = 64 << 20
MAX_RELOCATIONS = 256 << 20
"""The most bytes of one table."""

_STT_GNU_IFUNC = 10


class Symbols:
    """The dynamic symbol table: (name's offset, type, section, entry) of each; raises Contradiction."""

    def __init__(self, image: Image, dynamic: Dynamic) -> None:
        self._image, self._dynamic = image, dynamic
        self.rows: list[tuple[int, int, int]] = []
        if DT_SYMTAB not in dynamic:
            return
        count = self._count()
        if count > MAX_SYMBOLS:
            raise Contradiction(f"{count} dynamic symbols, at most {MAX_SYMBOLS} expected")
        raw = self._table(DT_SYMTAB, count * (24 if image.bits == 64 else 16), "DT_SYMTAB")
        if image.bits == 64:
            self.rows = [(name, info & 15, at) for name, info, _, at, _, _ in image.records("IBBHQQ", raw)]
        else:
            self.rows = [(name, info & 15, at) for name, _, _, info, _, at in image.records("IIIBBH", raw)]

    @property
    def has_ifunc(self) -> bool:
        """Whether one of GNU's indirect functions is defined."""
        return any(kind == _STT_GNU_IFUNC and section for _, kind, section in self.rows)

    def imports(self) -> tuple[Imports, ...]:
        """Return the undefined symbols that have a version, by library and version in the order of DT_VERNEED."""
        if DT_VERSYM not in self._dynamic or not self.rows:
            return ()
        needs = {
            index & 0x7FFF: (library, version)
            for library, versions in self._dynamic.needs()
            for index, version in versions
        }
        indices = self._image.records("H", self._table(DT_VERSYM, 2 * len(self.rows), "DT_VERSYM"))
        versions = [index for (index,) in indices]
        found: dict[tuple[str, str], set[str]] = {}
        for at, name in self.undefined:
            need = needs.get(versions[at] & 0x7FFF)
            if need:
                found.setdefault(need, set()).add(name)
        return tuple(Imports(*need, tuple(sorted(found[need]))) for need in needs.values() if need in found)

    @functools.cached_property  # asked for versions, for guards and for users
    def undefined(self) -> list[tuple[int, str]]:
        """(index, name) of each symbol that another file must define; raises Contradiction."""
        size = self._dynamic.value(DT_STRSZ)
        if size > MAX_STRINGS:
            raise Contradiction(f"a string table of {size} bytes, at most {MAX_STRINGS} expected")
        names = self._table(DT_STRTAB, size, "DT_STRTAB")
        found = []
        for at, (name, _, section) in enumerate(self.rows):
            if not section and name:
                end = names.find(b"\0", name, name + 4096)
                if end < 0:
                    raise Contradiction(f"a dynamic symbol's name at byte {name} does not end in the string table")
                found.append((at, printable(names[name:end])))
        return found

    def _count(self) -> int:
        # The table does not say its length; its hash table does.
        image, dynamic = self._image, self._dynamic
        if DT_GNU_HASH in dynamic:
            buckets, first, bloom, _ = next(image.records("IIII", self._table(DT_GNU_HASH, 16, "DT_GNU_HASH")))
            if buckets > MAX_SYMBOLS or bloom > MAX_SYMBOLS or first > MAX_SYMBOLS:
                raise Contradiction("DT_GNU_HASH is larger than any symbol table")
            head = 16 + bloom * image.word
            table = self._table(DT_GNU_HASH, head + 4 * buckets, "DT_GNU_HASH")[head:]
            last = max((number for (number,) in image.records("I", table)), default=0)
            if last < first:
                return first
            return last + 1 + self._chain_length(dynamic.value(DT_GNU_HASH) + head + 4 * (buckets + last - first))
        if DT_HASH in dynamic:
            # Only Alpha and s390x have 64-bit words here.
            is_wide = image.bits == 64 and image.machine_name in ("alpha", "s390x")
            raw = self._table(DT_HASH, 16 if is_wide else 8, "DT_HASH")
            return next(image.records("QQ" if is_wide else "II", raw))[1]
        raise Contradiction("DT_SYMTAB without a hash table, which would tell its length")

    def _chain_length(self, address: int) -> int:
        # How many entries of a chain follow its first until the one whose lowest bit ends it.
        place = self._image.locate(address)
        if place is None:
            raise Contradiction("DT_GNU_HASH leaves its segment")
        for most in (4096, 4 * MAX_SYMBOLS):  # only a broken file has a long chain
            raw = self._image.bytes_at(place[0], min(place[1], most) & ~3)
            for length, (value,) in enumerate(self._image.records("I", raw)):
                if value & 1:
                    return length
        raise Contradiction("a chain of DT_GNU_HASH does not end")

    def _table(self, tag: int, size: int, what: str) -> bytes:
        return _table(self._image, self._dynamic.value(tag), size, what)


def _table(image: Image, address: int, size: int, what: str) -> bytes:
    place = image.locate(address)
    if place is None or place[1] < size:
        raise Contradiction(f"{what} does not lie inside a loadable segment")
    return image.bytes_at(place[0], size)


def ifunc(
    image: Image, dynamic: Dynamic, symbols: Symbols | None, held: Sequence[Placed] | None
) -> Literal["yes", "no", "unknown"]:
    """Tell whether the file has a relocation or a symbol of GNU's indirect functions.

    A static program that is no static-pie has no dynamic segment to say where its relocations are; only section
    headers tell, and without them the answer is unknown.
    """
    kind = image.machine.irelative if image.machine else None
    if symbols is not None and symbols.has_ifunc:
        return "yes"
    if kind is None:
        return "unknown"
    if any(_has(image, kind, *table) for table in _relocations(image, dynamic, held)):
        return "yes"
    is_told = dynamic.present or held is not None
    return "no" if is_told and (symbols is not None or DT_SYMTAB not in dynamic) else "unknown"


def _relocations(image: Image, dynamic: Dynamic, held: Sequence[Placed] | None) -> Iterator[tuple[int, int, bool]]:
    # Yields (offset, size, has addends) of each table of relocations that is there when the program starts.
    tables = (
        (DT_RELA, DT_RELASZ, True),
        (DT_REL, DT_RELSZ, False),
        (DT_JMPREL, DT_PLTRELSZ, dynamic.value(DT_PLTREL) == DT_RELA),
    )
    for tag, size_tag, has_addends in tables:
        if tag in dynamic and dynamic.value(size_tag):
            place = image.locate(dynamic.value(tag))
            if place is None or place[1] < dynamic.value(size_tag):
                raise Contradiction("a table of relocations does not lie inside a loadable segment")
            yield place[0], dynamic.value(size_tag), has_addends
    for section in held or ():
        if section.type in (sections.SHT_RELA, sections.SHT_REL) and section.flags & sections.SHF_ALLOC:
            yield section.offset, section.size, section.type == sections.SHT_RELA


def _has(image: Image, kind: int, offset: int, size: int, has_addends: bool) -> bool:
    word = image.word
    entry = (3 if has_addends else 2) * word
    # r_info follows r_offset; its type is the low half of 64 bits, the low byte of 32.
    width = 4 if image.bits == 64 else 1
    low_at = word if image.endianness == "little" else 2 * word - 1
    type_at = word if image.endianness == "little" else 2 * word - width
    size = min(size, MAX_RELOCATIONS) // entry * entry
    for start in range(0, size, PIECE // entry * entry):
        raw = image.bytes_at(offset + start, min(PIECE // entry * entry, size - start))
        lows = raw[low_at::entry]
        for at in _positions(lows, kind & 0xFF):
            where = at * entry + type_at
            if image.number(raw[where : where + width]) == kind:
                return True
    return False


def _positions(raw: bytes, byte: int) -> Iterable[int]:
    at = raw.find(byte)
    while at >= 0:
        yield at
        at = raw.find(byte, at + 1)
