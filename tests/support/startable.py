"""Makes small x86_64 programs that really start, to be changed in one place: what then starts no more has no mode."""

import struct
from dataclasses import dataclass, field

from elf_maker import GLIBC_LOADER, MUSL_LOADER

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR, PT_TLS = 1, 2, 3, 4, 6, 7
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT = 1, 4, 5, 6, 10, 11
DT_INIT = 12
DT_VERSYM, DT_FLAGS_1, DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFF0, 0x6FFFFFFB, 0x6FFFFFFE, 0x6FFFFFFF
TABLE, NAMES, SYMBOLS, BUCKETS, VERSIONS, SYMBOL_VERSIONS, LOADER, NOTE, CODE = (
    *(0x40, 0x440, 0x500, 0x540, 0x580, 0x6F0, 0x700, 0x800, 0x900),
)
DATA = DYNAMIC = 0x1000
SIZE = 0x2000
ABI_TAG = struct.pack("<III4s4I", 4, 16, 1, b"GNU\0", 0, 3, 2, 0)  # as glibc's crt1.o brings it
EXIT = bytes.fromhex("b8e700000031ff0f05")  # mov eax, 231 (exit_group); xor edi, edi; syscall


@dataclass
class Row:
    """A program header; ``address`` is relative to the program's base."""

    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    align: int


@dataclass
class Program:
    """Two pages: headers, names and code in one segment, the dynamic segment in the other, which is writable."""

    base: int = 0x400000
    type: int = 2
    entry: int = CODE
    table: int = TABLE
    entry_size: int = 56
    count: int | None = None
    loader: bytes | None = None
    needed: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    rows: list[Row] = field(default_factory=list)
    tags: list[tuple[int, int]] = field(default_factory=list)
    code: bytes = EXIT
    sections: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        names = bytearray(b"\0")

        def name(text: str) -> int:
            names.extend(text.encode() + b"\0")
            return len(names) - len(text) - 1

        self.rows = [
            Row(PT_LOAD, 5, 0, 0, 0x1000, 0x1000, 0x1000),
            Row(PT_LOAD, 6, DATA, DATA, 0x1000, 0x1000, 0x1000),
            Row(PT_GNU_STACK, 6, 0, 0, 0, 0, 16),
        ]
        needs = b""
        for at, (library, version) in enumerate(self.versions):
            last = at + 1 == len(self.versions)
            needs += struct.pack("<HHIII", 1, 1, name(library), 16, 0 if last else 32)
            needs += struct.pack("<IHHII", _hash(version), 0, 2, name(version), 0)
        self.tags = [(DT_NEEDED, name(one)) for one in self.needed]
        if needs:
            self.tags += [(DT_VERNEED, self.base + VERSIONS), (DT_VERNEEDNUM, len(self.versions))]
            self.tags += [(DT_VERSYM, self.base + SYMBOL_VERSIONS)]
        if self.loader is not None:
            size = len(self.loader)
            self.rows.insert(0, Row(PT_INTERP, 4, LOADER, LOADER, size, size, 1))
            self.rows.insert(0, Row(PT_PHDR, 4, TABLE, TABLE, 0, 0, 8))
        if self.loader is not None or self.type == 3:
            self.rows.append(Row(PT_DYNAMIC, 6, DYNAMIC, DYNAMIC, 0, 0, 8))
            places = ((DT_HASH, BUCKETS), (DT_STRTAB, NAMES), (DT_SYMTAB, SYMBOLS))
            self.tags += [(tag, self.base + at) for tag, at in places]
            self.tags += [(DT_STRSZ, len(names)), (DT_SYMENT, 24)]
            self.tags += [(DT_FLAGS_1, 0x08000000)] if self.type == 3 else []
        self._names, self._needs = bytes(names), needs

    def row(self, kind: int, number: int = 0) -> Row:
        """Return a row by its type."""
        return [one for one in self.rows if one.type == kind][number]

    def build(self) -> bytes:
        """Return the file."""
        out = bytearray(SIZE)
        count = len(self.rows) if self.count is None else self.count
        out[:64] = (
            b"\x7fELF\2\1\1"
            + bytes(9)
            + struct.pack(
                "<HHIQQQIHHHHHH",
                *(self.type, 62, 1, self.entry + self.base if self.entry else 0, self.table, 0, 0),
                *(64, self.entry_size, count, 64, 0, 0),
            )
        )
        dynamic = b"".join(struct.pack("<QQ", tag % 2**64, value % 2**64) for tag, value in (*self.tags, (0, 0)))
        for at, raw in (
            *((NAMES, self._names), (BUCKETS, struct.pack("<IIII", 1, 1, 0, 0)), (VERSIONS, self._needs)),
            *((LOADER, self.loader or b""), (NOTE, ABI_TAG), (CODE, self.code), (DYNAMIC, dynamic)),
        ):
            out[at : at + len(raw)] = raw
        for at, row in enumerate(self.rows):
            size = row.file_size, row.memory_size
            if row.type == PT_DYNAMIC and not any(size):
                size = len(dynamic), len(dynamic)
            if row.type == PT_PHDR and not any(size):
                size = 56 * count, 56 * count
            where = (self.base + row.address) % 2**64
            packed = struct.pack("<IIQQQQQQ", row.type, row.flags, row.offset, where, where, *size, row.align)
            out[TABLE + 56 * at : TABLE + 56 * at + 56] = packed
        if self.sections:
            out[40:48], out[60:62] = struct.pack("<Q", SIZE), struct.pack("<H", len(self.sections))
        for kind, offset, size in self.sections:
            out += struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, size, 0, 0, 1, 0)
        return bytes(out)


def _hash(name: str) -> int:
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high
    return value


def static() -> Program:
    """A program of no libc that ends at once with 0."""
    return Program()


def static_pie() -> Program:
    return Program(base=0, type=3)


def static_glibc() -> Program:
    """A program that says of itself that it has glibc inside."""
    program = Program()
    program.rows.append(Row(PT_NOTE, 4, NOTE, NOTE, len(ABI_TAG), len(ABI_TAG), 4))
    return program


def loaded(pie: bool = False, needed: tuple[str, ...] = ("libc.so.6",), **more: object) -> Program:
    """A program that glibc's loader starts, and that ends at once with 0."""
    base, kind = (0, 3) if pie else (0x400000, 2)
    loader = GLIBC_LOADER.encode() + b"\0"
    return Program(base=base, type=kind, loader=loader, needed=needed, **more)  # type: ignore[arg-type]


def loaded_by_musl() -> Program:
    return Program(base=0, type=3, loader=MUSL_LOADER.encode() + b"\0", needed=("libc.so",))
