"""Makes small ELF files, right or wrong in one chosen way, where no compiler need be."""

import struct
from dataclasses import dataclass, field

BASE = 0x400000
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR = 1, 2, 3, 4, 6
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
EXEC, DYN = 2, 3
PIE = (0x6FFFFFFB, 0x08000000)
GLIBC_LOADER = "/lib64/ld-linux-x86-64.so.2"
MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"
MUSL_START = bytes.fromhex("4831ed4889e7488d35000000004883e4f0e800000000")
ABI_TAG = struct.pack("<III4sIIII", 4, 16, 1, b"GNU\0", 0, 3, 2, 0)
GO_NOTE = struct.pack("<III4s", 4, 4, 4, b"Go\0\0") + b"abcd"


@dataclass
class Elf:
    """What to put in. ``needs`` are (library, versions); ``segments`` and ``tags`` come last and may be nonsense."""

    type: int = EXEC
    machine: int = 62
    bits: int = 64
    big: bool = False
    interp: bytes | None = None
    needed: tuple[str, ...] = ()
    soname: str | None = None
    rpath: str | None = None
    runpath: str | None = None
    needs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    notes: bytes = b""
    code: bytes = b"\xc3"
    stack: int | None = 6
    relro: bool = False
    tags: tuple[tuple[int, int], ...] = ()
    segments: tuple[tuple[int, int, int], ...] = ()
    is_dynamic: bool = False
    flags: int = 0
    _strings: bytearray = field(default_factory=lambda: bytearray(b"\0"))

    def _name(self, text: str) -> int:
        at = len(self._strings)
        self._strings += text.encode() + b"\0"
        return at

    def _pack(self, layout: str, *values: int) -> bytes:
        # W is a word of the class: an address, offset or size.
        return struct.pack((">" if self.big else "<") + layout.replace("W", "Q" if self.bits == 64 else "I"), *values)

    def _version_needs(self) -> bytes:
        out = b""
        for at, (library, versions) in enumerate(self.needs):
            size = 16 * (1 + len(versions))
            last = at + 1 == len(self.needs)
            out += self._pack("HHIII", 1, len(versions), self._name(library), 16, 0 if last else size)
            for i, version in enumerate(versions):
                out += self._pack("IHHII", 0, 0, 2, self._name(version), 0 if i + 1 == len(versions) else 16)
        return out

    def _dynamic_tags(self, verneed_at: int) -> list[tuple[int, int]]:
        tags = [(1, self._name(name)) for name in self.needed]
        named = ((14, self.soname), (15, self.rpath), (29, self.runpath))
        tags += [(tag, self._name(text)) for tag, text in named if text is not None]
        if self.needs:
            tags.append((0x6FFFFFFE, BASE + verneed_at))
        return tags

    def build(self) -> bytes:
        """Return the file: header, program headers, one body that one PT_LOAD maps together with them."""
        is_loaded = self.interp is not None
        named = self.needed or self.soname or self.rpath or self.runpath or self.needs or self.tags
        has_dynamic = bool(is_loaded or self.is_dynamic or named)
        has_table = is_loaded and self.type == DYN
        header, entry = (64, 56) if self.bits == 64 else (52, 32)
        count = 1 + len(self.segments) + sum(map(bool, (self.interp is not None, has_dynamic, self.notes)))
        count += (self.stack is not None) + self.relro + has_table
        at = header + entry * count
        body = bytearray()

        def put(raw: bytes) -> tuple[int, int]:
            body.extend(b"\0" * (-(at + len(body)) % 8))
            start = at + len(body)
            body.extend(raw)
            return start, len(raw)

        entry_at, _ = put(self.code)
        places: list[tuple[int, int, int]] = []
        if self.interp is not None:
            places.append((PT_INTERP, *put(self.interp)))
        if self.notes:
            places.append((PT_NOTE, *put(self.notes)))
        if has_dynamic:
            verneed_at, _ = put(self._version_needs())
            tags = self._dynamic_tags(verneed_at)
            strings_at, strings = put(bytes(self._strings))
            tags += [(5, BASE + strings_at), (10, strings)]
            if is_loaded:  # what a loader reads of every program: a table of symbols, its hash table, their versions
                tags += [(6, BASE + put(bytes(24))[0]), (4, BASE + put(self._pack("IIII", 1, 1, 0, 0))[0])]
                tags += [(0x6FFFFFF0, BASE + put(bytes(8))[0])] if self.needs else []
            tags += [*self.tags, (0, 0)]
            places.append((PT_DYNAMIC, *put(b"".join(self._pack("WW", *tag) for tag in tags))))
        total = at + len(body)
        rows = [self._segment(PT_PHDR, header, entry * count, 4)] if has_table else []
        rows += [self._segment(PT_LOAD, 0, total, 5)]
        rows += [self._segment(kind, start, size, 4) for kind, start, size in places]
        rows += [self._segment(PT_GNU_STACK, 0, 0, self.stack)] if self.stack is not None else []
        rows += [self._segment(PT_GNU_RELRO, 0, 0, 4)] if self.relro else []
        rows += [self._segment(kind, start, size, 4) for kind, start, size in self.segments]
        ident = b"\x7fELF" + bytes([self.bits // 32, 2 if self.big else 1, 1]) + b"\0" * 9
        numbers = (self.type, self.machine, 1, BASE + entry_at, header, 0, self.flags, header, entry, count, 0, 0, 0)
        return ident + self._pack("HHIWWWIHHHHHH", *numbers) + b"".join(rows) + bytes(body)

    def _segment(self, kind: int, start: int, size: int, flags: int) -> bytes:
        place = (start, BASE + start, BASE + start, size, size)
        if self.bits == 64:
            return self._pack("IIWWWWWW", kind, flags, *place, 4)
        return self._pack("IWWWWWII", kind, *place, flags, 4)


def interp(path: str) -> bytes:
    """Return the contents of PT_INTERP."""
    return path.encode() + b"\0"


def with_sections(raw: bytes, sections: tuple[tuple[str, int, int, bytes], ...]) -> bytes:
    """Return a 64-bit little-endian file with sections (name, type, flags, bytes) appended, and their headers."""
    out = bytearray(raw)
    names, rows = bytearray(b"\0"), [bytes(64)]
    for name, kind, flags, body in (*sections, (".shstrtab", 3, 0, b"")):
        name_at = len(names)
        names += name.encode() + b"\0"
        held = bytes(names) if name == ".shstrtab" else body
        out += b"\0" * (-len(out) % 8)
        rows.append(struct.pack("<IIQQQQIIQQ", name_at, kind, flags, 0, len(out), len(held), 0, 0, 1, 0))
        out += held
    out += b"\0" * (-len(out) % 8)
    at = len(out)
    out[40:48] = struct.pack("<Q", at)
    out[58:64] = struct.pack("<HHH", 64, len(rows), len(rows) - 1)
    return bytes(out) + b"".join(rows)
