"""Small ELF files of every kind, from which the fuzzers start. Nothing is stored: they are made again each time."""

import struct
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from elf_maker import (
    ABI_TAG,
    BASE,
    DYN,
    GLIBC_LOADER,
    GO_NOTE,
    MUSL_LOADER,
    MUSL_START,
    PIE,
    Elf,
    interp,
    with_sections,
)

NEEDS = (("libc.so.6", ("GLIBC_2.4", "GLIBC_2.34")), ("libz.so.1", ("ZLIB_1.2.9",)))
TEXTS = (
    b'\0 inflate 1.2.11 Copyright 1995-2017 Mark Adler \0expat_2.4.0\0OpenSSL 1.1.1w  11 Sep 2023\0OPENSSLDIR: "/"\0'
    b"/home/me/app/main.c\0x/root/.cargo/registry/src/index-1/serde-1.0.1/src/de.rs\0"
    b"\0glibc 2.36\0gconv-modules.cache\0"
    b"/etc/nsswitch.conf\0libnss_%s\0/rustc/0123456789abcdef0123456789abcdef01234567/library/\0"
)
GO = b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x08go1.21.4\x00"


def made() -> dict[str, bytes]:
    """Return the files by name. Each is audited without a refusal."""
    relocations = struct.pack("<QQQ", BASE, 37, 0)
    build_id = struct.pack("<III4s", 4, 8, 3, b"GNU\0") + b"12345678"
    sections = (
        (".text", 1, 6, b"\xc3" * 9),
        (".comment", 1, 0, b"GCC: (Debian 12.2.0-14) 12.2.0\0"),
        (".rela.plt", 4, 2, relocations),
        (".symtab", 2, 0, bytes(24)),
        (".debug_info", 1, 0, b"x"),
        (".dep-v0", 1, 0, zlib.compress(b'{"packages": [{"name": "a", "version": "1.0.0"}]}')),
    )
    files = {
        "static-musl": Elf(code=MUSL_START),
        "static-pie": Elf(type=DYN, tags=(PIE,), code=MUSL_START),
        "static-glibc": Elf(notes=ABI_TAG + build_id, code=b"\xc3" + TEXTS, relro=True),
        "go": Elf(notes=GO_NOTE, code=bytes(8) + GO),
        "glibc": Elf(
            interp=interp(GLIBC_LOADER), needed=("libz.so.1", "libc.so.6"), needs=NEEDS, runpath="/home/x:$ORIGIN"
        ),
        "musl": Elf(type=DYN, interp=interp(MUSL_LOADER), needed=("libc.so",), tags=(PIE,)),
        "library": Elf(
            type=DYN, needed=("libc.so.6",), soname="libx.so.1", needs=NEEDS, rpath="", tags=((22, 0), (24, 0))
        ),
        "mips": Elf(bits=32, big=True, machine=8, needed=("libc.so.6",), interp=interp("/lib/ld.so.1"), needs=NEEDS),
        "s390x": Elf(big=True, machine=22, needed=("libc.so.6",), interp=interp("/lib/ld64.so.1"), needs=NEEDS),
        "symbols": Elf(type=DYN, code=_tables(), needs=NEEDS, tags=_table_tags(), needed=("libc.so.6",)),
    }
    raw = {name: one.build() for name, one in files.items()}
    raw["sections"] = with_sections(raw["static-glibc"], sections)
    raw["library-with-sections"] = with_sections(raw["library"], sections)
    return raw


def _tables() -> bytes:
    # Symbols, their versions, a hash table and a relocation, at fixed places behind the entry point.
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 0, 0, 0)
    gnu_hash = struct.pack("<IIII", 1, 2, 1, 0) + bytes(8) + struct.pack("<I", 0)
    return symbols + gnu_hash.ljust(32, b"\0") + struct.pack("<HHxxxx", 0, 2) + struct.pack("<QQQ", 0, 37, 0)


def _table_tags() -> tuple[tuple[int, int], ...]:
    # The code follows the header and three program headers (PT_LOAD, PT_DYNAMIC, PT_GNU_STACK).
    at = BASE + 64 + 3 * 56
    return ((6, at), (0x6FFFFEF5, at + 48), (0x6FFFFFF0, at + 80), (7, at + 88), (8, 24))
