"""Reads the dynamic segment: tags, names, symbol versions.

Follows the System V ABI (https://www.sco.com/developers/gabi/latest/contents.html) and what the kernel's and the
libcs' loaders really do where it leaves a choice: the last of two equal dynamic tags counts, version needs end at
``vn_next == 0``.
"""

import struct
from itertools import takewhile
from operator import itemgetter
from typing import Any

from linkmode.audit.read.facts import AlsoLoads, VersionNeed, printable
from linkmode.audit.read.image import PT_DYNAMIC, Image, NotAudited, Segment

MAX_DYNAMIC = 65536
MAX_NAMES = 1024
MAX_STRING = 16384
MAX_TEXT = 1 << 20
MAX_VERSIONS = 4096

_READ_AT_ONCE = 1 << 14
"""Bytes of the string table: nearly every program's and most libraries' whole table."""

DT_NEEDED, DT_PLTRELSZ, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB = 1, 2, 3, 4, 5, 6
DT_RELA, DT_RELASZ, DT_STRSZ, DT_SONAME, DT_RPATH = 7, 8, 10, 14, 15
DT_REL, DT_RELSZ, DT_PLTREL, DT_DEBUG, DT_TEXTREL, DT_JMPREL = 17, 18, 20, 21, 22, 23
DT_BIND_NOW, DT_RUNPATH, DT_FLAGS, DT_RELR = 24, 29, 30, 36
DT_GNU_HASH, DT_VERSYM = 0x6FFFFEF5, 0x6FFFFFF0
DT_FLAGS_1, DT_VERNEED = 0x6FFFFFFB, 0x6FFFFFFE

ALSO_LOADS = {
    0x6FFFFEFB: "DT_DEPAUDIT",
    0x6FFFFEFC: "DT_AUDIT",
    0x7FFFFFFD: "DT_AUXILIARY",
    0x7FFFFFFF: "DT_FILTER",
}
"""Tags whose libraries glibc's loader loads as well (elf/rtld.c, elf/dl-deps.c); musl's knows none of them."""


_has_tag = itemgetter(0)  # DT_NULL is 0, and ends the rows


class Dynamic:
    """The dynamic segment: the value of each tag (the last one counts) and the libraries of DT_NEEDED in order.

    ``also_loads`` are those that other tags have glibc's loader load.
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        self._values: dict[int, int] = {}
        self._text_left = MAX_TEXT
        needed: list[int] = []
        also: list[tuple[str, int]] = []
        segment = image.only(PT_DYNAMIC)
        self.present = segment is not None
        if segment is not None:
            self._walk(segment, needed, also)
        start, size = self._strings = self._locate_strings()
        self._first_names = image.bytes_at(start, min(size, _READ_AT_ONCE))
        self.needed = tuple(self.string(offset, "DT_NEEDED") for offset in needed)
        self.also_loads = tuple(AlsoLoads(tag, self.string(offset, tag)) for tag, offset in also)
        self.soname = self.name(DT_SONAME, "DT_SONAME")

    def __contains__(self, tag: int) -> bool:
        return tag in self._values

    def value(self, tag: int) -> int:
        """Return the value of a tag, 0 when it is absent."""
        return self._values.get(tag, 0)

    def name(self, tag: int, what: str) -> str | None:
        """Return the string that a tag names, or None when the tag is absent; ``what`` names it in a refusal."""
        return self.string(self._values[tag], what) if tag in self._values else None

    def string(self, offset: int, what: str) -> str:
        """Return the string at ``offset`` of DT_STRTAB, escaped; raise NotAudited when it does not end there."""
        start, size = self._strings
        if offset >= size:
            raise NotAudited(f"malformed: {what} names byte {offset} of a string table of {size} bytes")
        end = self._first_names.find(b"\0", offset, offset + MAX_STRING)
        if end >= 0:
            text: bytes | None = self._first_names[offset:end]
        else:
            text = self._image.text_at(start + offset, min(size - offset, MAX_STRING))
        if text is None:
            raise NotAudited(f"malformed: the string of {what} does not end within {MAX_STRING} bytes")
        self._text_left -= len(text) + 1
        if self._text_left < 0:
            raise NotAudited(f"malformed: the dynamic segment names more than {MAX_TEXT} bytes of strings")
        return printable(text)

    def version_needs(self) -> tuple[VersionNeed, ...]:
        """Return DT_VERNEED; raise NotAudited when its records leave their segment or never end."""
        return tuple(VersionNeed(library, tuple(name for _, name in versions)) for library, versions in self.needs())

    def needs(self) -> list[tuple[str, list[tuple[int, str]]]]:
        """Return (library, [(index in DT_VERSYM, version)]) of DT_VERNEED, as :meth:`version_needs` does."""
        if DT_VERNEED not in self:
            return []
        place = self._image.locate(self._values[DT_VERNEED])
        if place is None:
            raise NotAudited("malformed: DT_VERNEED lies outside the loadable segments")
        start, size = place
        raw, low = self._image.window(start)
        at_once = min(size, len(raw) - low)
        need, aux_need = (struct.Struct(self._image.order + layout).unpack_from for layout in ("HHIII", "IHHII"))
        needs, at, left = [], 0, MAX_VERSIONS
        while True:
            is_near = at + 16 <= at_once
            row = need(raw, low + at) if is_near else self._record("HHIII", start, at, size)
            _, _, file, aux_at, next_need = row
            versions, aux = [], at + aux_at
            while True:
                left -= 1
                if left < 0:
                    raise NotAudited(f"malformed: DT_VERNEED holds more than {MAX_VERSIONS} versions")
                is_near = aux + 16 <= at_once
                row = aux_need(raw, low + aux) if is_near else self._record("IHHII", start, aux, size)
                _, _, other, name, next_aux = row
                versions.append((other, self.string(name, "DT_VERNEED")))
                if not next_aux:
                    break
                aux += next_aux
            needs.append((self.string(file, "DT_VERNEED"), versions))
            if not next_need:
                return needs
            at += next_need

    def _record(self, layout: str, start: int, at: int, size: int) -> tuple[int, ...]:
        if at + 16 > size:
            raise NotAudited("malformed: DT_VERNEED leaves its segment")
        return self._image.record(layout, start + at)

    def _walk(self, segment: Segment, needed: list[int], also: list[tuple[str, int]]) -> None:
        image = self._image
        place = image.locate(segment.address)
        if place is None or place[0] != segment.offset or place[1] < segment.file_size:
            raise NotAudited("malformed: PT_DYNAMIC does not lie inside a loadable segment")
        entry = 2 * image.word
        count = min(segment.file_size // entry, MAX_DYNAMIC)
        rows: list[Any] = list(takewhile(_has_tag, image.records("WW", image.bytes_at(segment.offset, count * entry))))
        self._values = dict(rows)
        needed += [value for tag, value in rows if tag == DT_NEEDED]
        if len(needed) > MAX_NAMES:
            raise NotAudited(f"malformed: more than {MAX_NAMES} DT_NEEDED entries")
        if not ALSO_LOADS.keys().isdisjoint(self._values):
            also += [(ALSO_LOADS[tag], value) for tag, value in rows if tag in ALSO_LOADS]
        if len(also) > MAX_NAMES:
            raise NotAudited(f"malformed: more than {MAX_NAMES} entries of DT_AUDIT and its like")
        if len(rows) == count:
            raise NotAudited("malformed: the dynamic segment has no end (DT_NULL)")

    def _locate_strings(self) -> tuple[int, int]:
        if DT_STRTAB not in self:
            return 0, 0
        place = self._image.locate(self._values[DT_STRTAB])
        size = self.value(DT_STRSZ)
        if place is None or place[1] < size:
            raise NotAudited("malformed: the dynamic string table does not lie inside a loadable segment")
        return place[0], size
