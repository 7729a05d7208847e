"""Reads DWARF with pyelftools: compiler, folder and source of each compile unit.

DWARF has five versions, two widths and many forms of a value, so a library reads it; this module is the only place
where it is used. It was not made for hostile files, so that it reads through :class:`_Section`, which counts, and
each of its exceptions becomes a line of ``problems``. Only the header and the first entry of each unit are read.
"""

import bisect
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from linkmode.audit.read.facts import CompileUnits, printable
from linkmode.audit.read.image import Image
from linkmode.audit.read.sections import Contradiction, Placed

if TYPE_CHECKING:
    from elftools.dwarf.abbrevtable import AbbrevDecl, AbbrevTable
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.die import DIE
    from elftools.dwarf.dwarfinfo import DWARFInfo

MAX_UNITS = 500
MAX_READS = 300_000
"""What the library may ask for, in all: its work, and so its time, is in proportion to this. Real
units took 80 (Go) to 660 (Rust)."""

MAX_UNPACKED = 64 << 20
"""Bytes that all compressed sections of a file may give. What is not compressed is read where it lies."""

SHOWN = 100
MAX_RANGES = 10_000
_MAX_NUMBER = 1024
_BLOCK = 4096
_SHF_COMPRESSED = 0x800
_ZLIB = 1
_SECTIONS = ("info", "abbrev", "str", "line_str", "str_offsets", "addr", "ranges", "rnglists")


class Read(NamedTuple):
    """What was read, what is wrong with it, and which addresses are of which source: (start, end, source), sorted."""

    units: CompileUnits | None
    problems: tuple[str, ...]
    ranges: tuple[tuple[int, int, str], ...]

    def source_of(self, address: int) -> str | None:
        """Return the source of the unit that has this address, or None."""
        at = bisect.bisect_right(self.ranges, (address, 1 << 64, "")) - 1
        return self.ranges[at][2] if at >= 0 and address < self.ranges[at][1] else None


class _Unit(NamedTuple):
    producer: bytes
    folder: bytes
    name: bytes
    ranges: tuple[tuple[int, int], ...]


def read(image: Image, held: Sequence[Placed], *, with_ranges: bool = False) -> Read:
    """Return what the debug information says of the compile units; nothing where there is none.

    With ``with_ranges`` also where the code of each is. Never raises: see the module.
    """
    places = {one.name: one for one in held if one.size}
    if not places.keys() & {".debug_info", ".zdebug_info"}:
        return Read(None, (), ())
    units: list[_Unit] = []
    problems: list[str] = []
    broken: list[str] = []
    try:
        for one in _units(image, places, with_ranges=with_ranges):
            if isinstance(one, str):
                broken.append(one)
            else:
                units.append(one)
    except Exception as error:  # noqa: BLE001, RUF100 - hostile bytes make the library raise any exception
        problems.append(f"debug information: {_words(error)}")
    if broken:
        problems.append(f"debug information: units that cannot be read: {len(broken)}; the first: {broken[0]}")
    ranges = {(low, high, _source(unit)) for unit in units for low, high in unit.ranges if unit.name}
    return Read(_summary(units) if units else None, tuple(problems), tuple(sorted(ranges)[:MAX_RANGES]))


def _summary(units: Sequence[_Unit]) -> CompileUnits:
    producers = Counter(printable(unit.producer[:1024]) for unit in units if unit.producer)
    folders = Counter(printable(unit.folder[:1024]) for unit in units if unit.folder)
    sources = dict.fromkeys(_source(unit) for unit in units if unit.name)
    return CompileUnits(
        count=len(units),
        producers=dict(producers.most_common(SHOWN)),
        folders=dict(folders.most_common(SHOWN)),
        sources=tuple(sources)[:SHOWN],
    )


def _source(unit: _Unit) -> str:
    return printable(unit.name[:1024])


def _units(image: Image, places: dict[str, Placed], *, with_ranges: bool) -> Iterator[_Unit | str]:
    from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo  # slow

    work = _Work()

    def section(name: str) -> DebugSectionDescriptor | None:
        stream = _opened(image, places, name, work)
        return DebugSectionDescriptor(cast(IO[bytes], stream), name, 0, stream.size, 0) if stream else None

    given = {f"debug_{name}_sec": section(name) for name in _SECTIONS}
    absent = dict.fromkeys(
        (
            *("debug_aranges_sec", "debug_frame_sec", "eh_frame_sec", "debug_loc_sec", "debug_line_sec"),
            *("debug_pubtypes_sec", "debug_pubnames_sec", "debug_loclists_sec", "debug_sup_sec"),
            *("gnu_debugaltlink_sec", "debug_types_sec"),
        )
    )
    config = DwarfConfig(image.endianness == "little", image.machine_name, image.word)
    dwarf = DWARFInfo(config, **given, **absent)
    # The library reads a whole table for the first entry of a unit, which took two thirds of the time for such a file.
    tables: dict[int, _Abbreviations] = {}
    dwarf.get_abbrev_table = lambda offset: cast(  # type: ignore[method-assign]
        "AbbrevTable", tables.setdefault(offset, _Abbreviations(dwarf, offset))
    )
    for number, unit in enumerate(dwarf.iter_CUs()):
        if number == MAX_UNITS:
            raise Contradiction(f"only the first {MAX_UNITS} units were read")
        try:
            top = unit.get_top_DIE()
            if top.tag != "DW_TAG_compile_unit":
                continue
            values = {name: attribute.value for name, attribute in top.attributes.items()}
            texts = [_bytes(values.get(f"DW_AT_{name}")) for name in ("producer", "comp_dir", "name")]
            ranges = tuple(_ranges(dwarf, unit, top)) if with_ranges else ()
        except _TooMuch:
            raise
        except Exception as error:  # noqa: BLE001, RUF100 - as above; the next unit may be whole
            yield _words(error)
            continue
        yield _Unit(texts[0], texts[1], texts[2], ranges)


class _Abbreviations:
    # A table of abbreviations, of which only what is asked for is made an object of the library.

    def __init__(self, dwarf: "DWARFInfo", offset: int) -> None:
        self._dwarf, self._offset = dwarf, offset
        self._known: dict[int, AbbrevDecl] = {}

    def get_abbrev(self, code: int) -> "AbbrevDecl":
        from elftools.common.utils import struct_parse
        from elftools.dwarf.abbrevtable import AbbrevDecl

        structs, section = self._dwarf.structs, self._dwarf.debug_abbrev_sec
        if section is None or self._offset >= section.size:
            raise Contradiction("its abbreviations lie outside their section")
        if code not in self._known:
            section.stream.seek(self._offset + _declaration(section.stream, self._offset, code))
            self._known[code] = AbbrevDecl(code, struct_parse(structs.Dwarf_abbrev_declaration, section.stream))
        return self._known[code]


_IMPLICIT = 0x21
"""DW_FORM_implicit_const, the one form after which a value stands in the table itself."""


def _declaration(stream: IO[bytes], offset: int, code: int) -> int:
    # Where the declaration of `code` begins, in bytes from `offset` on: DWARF 5, section 7.5.3.
    raw = b""
    at = start = 0

    def number() -> int:
        nonlocal at, raw
        value = shift = 0
        while True:
            if at == len(raw):
                stream.seek(offset + at)
                more = stream.read(max(_BLOCK, len(raw)))
                if not more:
                    raise Contradiction("its abbreviations do not end")
                raw += more
            byte = raw[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 70:
                raise Contradiction("a number of its abbreviations has more than ten bytes")

    while found := number():
        start = at
        number()  # the tag
        at += 1  # whether it has children
        attribute, form = number(), number()
        while attribute or form:
            if form == _IMPLICIT:
                number()
            attribute, form = number(), number()
        if found == code:
            return start
    raise KeyError(code)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _ranges(dwarf: "DWARFInfo", unit: "CompileUnit", top: "DIE") -> Iterator[tuple[int, int]]:
    from elftools.dwarf.descriptions import describe_form_class
    from elftools.dwarf.ranges import BaseAddressEntry

    low, high, lists = (top.attributes.get(f"DW_AT_{name}") for name in ("low_pc", "high_pc", "ranges"))
    base = low.value if low else 0
    if high is not None:
        yield base, high.value if describe_form_class(high.form) == "address" else base + high.value
    elif lists is not None and (table := dwarf.range_lists()):
        for entry in table.get_range_list_at_offset(lists.value, unit)[:MAX_RANGES]:
            if isinstance(entry, BaseAddressEntry):
                base = entry.base_address
            else:
                start = 0 if entry.is_absolute else base
                yield start + entry.begin_offset, start + entry.end_offset


def _words(error: Exception) -> str:
    text = printable(str(error).encode("utf-8", "replace")[:200])
    if isinstance(error, (Contradiction, _TooMuch)):
        return text
    return f"it contradicts itself ({type(error).__name__}{f': {text}' if text else ''})"


class _TooMuch(Exception):  # noqa: N818 - says what was found, and never leaves this module
    """The library asked for more than any honest file needs; the message says what."""


class _Work:
    # Counts what the library asks of all sections together, and what compressed ones give.

    def __init__(self) -> None:
        self.reads = MAX_READS
        self.unpacked = MAX_UNPACKED


class _Section(io.RawIOBase):
    # A section as a file. Numbers of DWARF may be of any length, and the library adds them up byte by byte, which for
    # a million bytes takes minutes: so many bytes in a row, each of which says that another follows, end it.

    def __init__(self, image: Image, offset: int, size: int, unpacked: bytes | None, work: _Work) -> None:
        self.size = size
        self._image, self._offset, self._unpacked, self._work = image, offset, unpacked, work
        self._at = self._continued = self._held_at = 0
        self._held = b"" if unpacked is None else unpacked

    def read(self, size: int = -1, /) -> bytes:
        size = max(0, min(self.size - self._at, size if size >= 0 else self.size))
        self._work.reads -= 1 + size // _BLOCK
        if self._work.reads < 0:
            raise _TooMuch(f"reading it takes more than {MAX_READS} steps; the rest is left out")
        if not self._held_at <= self._at <= self._at + size <= self._held_at + len(self._held):
            self._held_at = self._at
            self._held = self._image.bytes_at(self._offset + self._at, min(max(size, _BLOCK), self.size - self._at))
        start = self._at - self._held_at
        raw = self._held[start : start + size]
        self._at += size
        self._continued = self._continued + 1 if size == 1 and raw[0] & 0x80 else 0
        if self._continued > _MAX_NUMBER:
            raise _TooMuch(f"it holds a number of more than {_MAX_NUMBER} bytes")
        return raw

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at


def _opened(image: Image, places: dict[str, Placed], name: str, work: _Work) -> _Section | None:
    place = places.get(f".debug_{name}")
    if place is not None and not place.flags & _SHF_COMPRESSED:
        return _Section(image, place.offset, place.size, None, work)
    if place is not None:
        header = 24 if image.bits == 64 else 12
        kind = image.number(image.bytes_at(place.offset, min(4, place.size)))
    else:
        place = places.get(f".zdebug_{name}")  # as GNU tools did before SHF_COMPRESSED
        if place is None:
            return None
        header, kind = 12, _ZLIB
    if kind != _ZLIB:
        raise Contradiction("it is compressed by another method than zlib, and was not read")
    unpacker = zlib.decompressobj()
    packed = image.bytes_at(place.offset, min(place.size, MAX_UNPACKED))[header:]
    raw = unpacker.decompress(packed, work.unpacked + 1)
    work.unpacked -= len(raw)
    if work.unpacked < 0:
        raise Contradiction(f"it unpacks to more than {MAX_UNPACKED} bytes, and was not read")
    return _Section(image, 0, len(raw), raw, work)
