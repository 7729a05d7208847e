"""Programs by what stands against their start, or does not: changed in one place each, from those of startable.py."""

from collections.abc import Callable

from elf_maker import GLIBC_LOADER
from startable import (
    CODE,
    DATA,
    DT_FLAGS_1,
    DT_HASH,
    DT_INIT,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERSYM,
    NAMES,
    PT_DYNAMIC,
    PT_GNU_RELRO,
    PT_GNU_STACK,
    PT_INTERP,
    PT_LOAD,
    PT_PHDR,
    PT_TLS,
    Program,
    Row,
    loaded,
    loaded_by_musl,
    static,
    static_glibc,
    static_pie,
)

LOADER = f"{GLIBC_LOADER}\0".encode()
VERSION = (("libc.so.6", "GLIBC_2.2.5"),)
BASES: dict[str, Callable[[], Program]] = {
    "static": static,
    "static-pie": static_pie,
    "loaded": loaded,
    "loaded pie": lambda: loaded(pie=True),
    "loaded with versions": lambda: loaded(versions=VERSION),
}


def changed(make: Callable[[], Program] = loaded, kind: int | None = None, number: int = 0, **values: int) -> Program:
    """Return a program with another value in a program header, or of its own."""
    program = make()
    for name, value in values.items():
        setattr(program if kind is None else program.row(kind, number), name, value)
    return program


def without(kind: int, make: Callable[[], Program] = loaded) -> Program:
    program = make()
    program.rows.remove(program.row(kind))
    return program


def adding(*row: int, make: Callable[[], Program] = loaded) -> Program:
    program = make()
    program.rows.append(Row(*row))
    return program


def tagged(*tags: tuple[int, int], drop: int = 0, make: Callable[[], Program] = loaded) -> Program:
    """Return a program without a tag of its dynamic segment, or with further ones behind it, which then count."""
    program = make()
    program.tags = [one for one in program.tags if one[0] != drop] + list(tags)
    return program


def by(loader: bytes) -> Program:
    return Program(loader=loader, needed=("libc.so.6",))


def executed_only() -> Program:
    """Its DT_INIT lies in a segment that can be executed and not read, as of --execute-only of lld and mold."""
    program = adding(PT_LOAD, 1, CODE, DATA + 0x1000 + CODE, 0x100, 0x100, 0x1000)
    program.tags.append((DT_INIT, program.base + DATA + 0x1000 + CODE))
    return program


def sectioned() -> Program:
    """Its section headers say that the dynamic segment lies elsewhere, and holds nothing."""
    program = loaded()
    program.sections = ((6, NAMES, 16), (3, 0, 1))
    return program


def first_alone(size: int) -> Program:
    program = static()
    program.rows = [Row(PT_LOAD, 5, 0, 0, size, size, 0x1000), Row(PT_GNU_STACK, 6, 0, 0, 0, 0, 16)]
    return program


def paged(flags: int) -> Program:
    """A program whose second segment begins in the page of the first, and has other flags."""
    program = changed(loaded, PT_LOAD, file_size=0xA00, memory_size=0xA00)
    program.rows.insert(3, Row(PT_LOAD, flags, 0xF00, 0xF00, 0x10, 0x10, 16))
    return program


def emptied(make: Callable[[], Program]) -> Program:
    """A program with a segment of nothing before the others."""
    program = make()
    program.rows.insert(0, Row(PT_LOAD, 6, 0, 0, 0, 0, 8))
    return program


OUTSIDE = 0x7000
NONE: dict[str, tuple[Program, str]] = {
    "PT_DYNAMIC is PT_NULL": (
        changed(loaded, PT_DYNAMIC, type=0),
        "it has an interpreter (PT_INTERP) and no PT_DYNAMIC",
    ),
    "no PT_DYNAMIC": (without(PT_DYNAMIC), "it has an interpreter (PT_INTERP) and no PT_DYNAMIC"),
    "no PT_DYNAMIC in a PIE": (
        without(PT_DYNAMIC, lambda: loaded(pie=True)),
        "it has an interpreter (PT_INTERP) and no PT_DYNAMIC",
    ),
    "no PT_DYNAMIC, by musl's loader": (
        without(PT_DYNAMIC, loaded_by_musl),
        "it has an interpreter (PT_INTERP) and no PT_DYNAMIC",
    ),
    "PT_INTERP is loaded elsewhere": (
        changed(loaded, PT_INTERP, address=OUTSIDE),
        "its PT_INTERP does not lie inside a segment that can be read",
    ),
    "PT_INTERP is loaded from nowhere, by musl's loader": (
        changed(loaded_by_musl, PT_INTERP, address=OUTSIDE),
        "its PT_INTERP does not lie inside a segment that can be read",
    ),
    "the segments cannot be read": (
        changed(loaded, PT_LOAD, flags=1),
        "its PT_INTERP does not lie inside a segment that can be read",
    ),
    "no PT_PHDR in a PIE": (without(PT_PHDR, lambda: loaded(pie=True)), "it has no PT_PHDR"),
    "the dynamic segment cannot be written": (
        changed(lambda: loaded(pie=True), PT_LOAD, 1, flags=4),
        "its PT_DYNAMIC lies in a segment that does not allow what PT_DYNAMIC says",
    ),
    "no DT_STRTAB": (tagged(drop=DT_STRTAB, make=lambda: loaded(needed=())), "it has no DT_STRTAB"),
    "no DT_SYMTAB": (tagged(drop=DT_SYMTAB), "it has no DT_SYMTAB"),
    "no hash table for musl": (tagged(drop=DT_HASH, make=loaded_by_musl), "it has neither DT_HASH nor DT_GNU_HASH"),
    "no DT_VERSYM": (
        tagged(drop=DT_VERSYM, make=BASES["loaded with versions"]),
        "it has DT_VERNEED and no DT_VERSYM",
    ),
    "versions of a library that is not needed": (
        loaded(versions=(*VERSION, ("libm.so.6", "GLIBC_2.2.5"))),
        "it asks for versions of libm.so.6 (DT_VERNEED), which nothing that it needs brings",
    ),
    "versions and no needed library": (
        loaded(needed=(), versions=VERSION),
        "it asks for versions of libc.so.6 (DT_VERNEED), which nothing that it needs brings",
    ),
    "the name of a needed library": (tagged((14, 1)), "its DT_SONAME is libc.so.6, a library that it needs"),
    "no folders": (tagged((DT_FLAGS_1, 0x800)), "DF_1_NODEFLIB closes the system's folders to its loader"),
    **{
        f"tag {tag} leads out": (tagged((size, 24), (tag, OUTSIDE)), f"its {name} leads out of the segments")
        for tag, size, name in (
            *((7, 8, "DT_RELA"), (23, 2, "DT_JMPREL"), (25, 27, "DT_INIT_ARRAY")),
            *((32, 33, "DT_PREINIT_ARRAY"), (36, 35, "DT_RELR"), (4, 11, "DT_HASH"), (6, 11, "DT_SYMTAB")),
            *((0x6FFFFEF5, 11, "DT_GNU_HASH"), (0x6FFFFFF0, 11, "DT_VERSYM"), (12, 11, "DT_INIT")),
        )
    },
    "a table without a size": (tagged((7, 0x400000)), "it has DT_RELA without the size of that table"),
    "records of another size": (tagged((7, 0x400000), (8, 0), (9, 23)), "its DT_RELAENT is 23, and not the 24"),
    "DT_PLTREL alone": (tagged((20, 7)), "it has DT_PLTREL and no DT_JMPREL"),
    "DT_PLTREL of no kind": (tagged((20, 9), (23, 0x400000), (2, 0)), "its DT_PLTREL is 9"),
    "DT_PLTREL of 9 for musl": (tagged((20, 9), (23, 0x400000), (2, 0), make=loaded_by_musl), "its DT_PLTREL is 9"),
    "a hash table of too many buckets": (tagged((DT_HASH, 0x400000)), "its DT_HASH contradicts itself"),
    "a hash table of GNU of no bloom filter": (tagged((0x6FFFFEF5, 0x400A00)), "its DT_GNU_HASH contradicts itself"),
    "PT_TLS outside": (adding(PT_TLS, 4, 0, OUTSIDE, 8, 8, 8), "its PT_TLS does not lie inside a segment"),
    "PT_TLS larger in the file": (adding(PT_TLS, 4, DATA, DATA, 64, 8, 8), "its PT_TLS does not lie inside a segment"),
    "PT_TLS of no alignment": (adding(PT_TLS, 4, DATA, DATA, 8, 8, 0), "its PT_TLS has the alignment 0"),
    "PT_TLS of an alignment of 3": (adding(PT_TLS, 4, DATA, DATA, 8, 8, 3), "its PT_TLS has the alignment 3"),
    "PT_TLS larger than all memory": (
        adding(PT_TLS, 4, DATA, DATA, 8, 1 << 47, 8, make=static_glibc),
        "its PT_TLS of 140737488355328 bytes is larger",
    ),
    "PT_GNU_RELRO over two parts that are apart": (
        adding(PT_GNU_RELRO, 4, DATA, DATA, 0x2000, 0x2000, 1),
        "its PT_GNU_RELRO does not lie inside segments that are loaded",
    ),
    "DT_JMPREL without DT_PLTGOT": (tagged((20, 7), (23, 0x401800), (2, 24)), "it has DT_JMPREL and no DT_PLTGOT"),
    "DT_PLTGOT that cannot be written": (
        tagged((20, 7), (23, 0x401800), (2, 24), (3, 0x400000)),
        "its DT_PLTGOT does not lie inside",
    ),
    "DT_PLTGOT below PT_GNU_RELRO": (
        adding(
            *(PT_GNU_RELRO, 4, DATA, DATA, 4096, 4096, 1),
            make=lambda: tagged((20, 7), (23, 0x401800), (2, 24), (3, 0x401800)),
        ),
        "its PT_GNU_RELRO lies over what DT_PLTGOT names",
    ),
    "DT_JMPREL without DT_PLTREL": (tagged((23, 0x401800), (2, 24)), "it has DT_JMPREL and no DT_PLTREL"),
    "a list of functions without a size": (tagged((25, 0x401800)), "it has DT_INIT_ARRAY without the size"),
    "DT_VERSYM alone": (tagged((DT_VERSYM, 0x400C00)), "it has DT_VERSYM, and neither DT_VERNEED nor DT_VERDEF"),
    "a note outside beside PT_GNU_PROPERTY": (
        adding(
            *(4, 4, 0x1800, OUTSIDE, 0, 4096, 8),
            make=lambda: adding(0x6474E553, 4, DATA, DATA, 16, 16, 8, make=lambda: loaded(pie=True)),
        ),
        "its PT_NOTE does not lie inside",
    ),
    "PT_GNU_RELRO over the code": (
        adding(PT_GNU_RELRO, 4, 0, 0, 4096, 4096, 1),
        "its PT_GNU_RELRO lies over code",
    ),
    "PT_GNU_RELRO outside": (
        adding(PT_GNU_RELRO, 4, 0, OUTSIDE, 4096, 4096, 1),
        "its PT_GNU_RELRO does not lie inside",
    ),
    "PT_GNU_PROPERTY outside": (
        adding(0x6474E553, 4, 0, OUTSIDE, 16, 16, 8),
        "its PT_GNU_PROPERTY does not lie inside",
    ),
    "no entry": (changed(static, entry=0), "it has no entry point (e_entry)"),
    "an entry outside": (changed(static, entry=OUTSIDE), "no code lies at its entry point 0x407000"),
    "an entry in data": (changed(static, entry=DATA), "no code lies at its entry point 0x401000"),
    "an entry in data of a PIE": (changed(static_pie, entry=DATA), "no code lies at its entry point 0x1000"),
    "a page of its own for no page": (
        changed(static, PT_LOAD, offset=0x10, file_size=0xF00),
        "its PT_LOAD at 0x400000 has another place in a page of memory than in the file",
    ),
    "above all addresses": (
        changed(static, PT_LOAD, 1, address=0x7FFFFFC00000),
        "its PT_LOAD at 0x800000000000 ends outside the addresses of a program",
    ),
    "the first page": (
        changed(static, base=0),
        "its PT_LOAD at 0x0 lies in the first page of memory, which Linux gives to nobody",
    ),
    "an alignment of half of all addresses": (
        changed(static_pie, PT_LOAD, align=1 << 62),
        "its PT_LOAD at 0x0 has the alignment 4611686018427387904",
    ),
    "data in the page of the code": (
        adding(PT_LOAD, 6, DATA + 0xF00, 0xF00, 0x10, 0x10, 16, make=lambda: first_alone(0xA00)),
        "its PT_LOAD at 0x400f00 replaces the page of the one before",
    ),
    "zeros over the page of the code": (
        adding(PT_LOAD, 7, 0xF00, 0xF00, 0, 0x10, 16, make=lambda: first_alone(0xA00)),
        "its PT_LOAD at 0x400f00 replaces the page of the one before",
    ),
    "headers in a page that cannot be read": (
        paged(1),
        "its PT_INTERP does not lie inside a segment that can be read",
    ),
    **{
        f"program headers in two places{name}": (
            adding(PT_LOAD, 4, 0, 0x5000, 0x1000, 0x1000, 0x1000, make=make),
            "a second PT_LOAD has its program headers",
        )
        for name, make in ((" of a PIE", lambda: loaded(pie=True)), ("", loaded))
    },
    "DT_RELR without its version": (
        tagged((36, 0x400700), (35, 0), (37, 8), make=BASES["loaded with versions"]),
        "it has DT_RELR and does not ask for GLIBC_ABI_DT_RELR",
    ),
    "versions of its own that lead out": (
        tagged((0x6FFFFFFC, 0x400000), (DT_VERSYM, 0x400C00)),
        "its DT_VERDEF leads out of the segments",
    ),
    "versions of its own and no DT_VERSYM": (tagged((0x6FFFFFFC, 0x401000)), "it has DT_VERDEF and no DT_VERSYM"),
    "a symbol beyond its hash table": (
        tagged((DT_HASH, 6), make=lambda: loaded(pie=True)),
        "its DT_HASH contradicts itself",
    ),
    "a chain of GNU's hash table that has no end": (
        tagged((0x6FFFFEF5, 0x1000), make=lambda: loaded(pie=True)),
        "its DT_GNU_HASH contradicts itself",
    ),
    "a note outside": (
        adding(4, 4, 0x1800, OUTSIDE, 0, 4096, 8, make=lambda: loaded(pie=True)),
        "its PT_NOTE does not lie inside",
    ),
    "an empty first segment of a PIE": (emptied(static_pie), "its first PT_LOAD is empty"),
    "PT_TLS outside, and glibc inside": (
        adding(PT_TLS, 4, 0, OUTSIDE, 8, 8, 8, make=static_glibc),
        "its PT_TLS does not lie inside a segment",
    ),
    "PT_GNU_RELRO outside, and glibc inside": (
        adding(PT_GNU_RELRO, 4, 0, OUTSIDE, 4096, 4096, 1, make=static_glibc),
        "its PT_GNU_RELRO does not lie inside",
    ),
    "no code in the page of the code": (
        adding(PT_LOAD, 6, 0xF00, 0xF00, 0x10, 0x10, 16, make=lambda: first_alone(0xA00)),
        "no code lies at its entry point 0x400900",
    ),
}
REFUSED: dict[str, tuple[Program, str]] = {
    "two PT_INTERP": (adding(PT_INTERP, 4, 0x700, 0x700, len(LOADER), len(LOADER), 1), "malformed: 2 segments of type"),
    "two PT_DYNAMIC": (adding(PT_DYNAMIC, 4, DATA, DATA, 256, 256, 8), "malformed: 2 segments of type PT_DYNAMIC"),
    "PT_INTERP outside the file": (changed(loaded, PT_INTERP, offset=0x9000), "truncated: PT_INTERP holds"),
    "PT_INTERP of one byte": (changed(loaded, PT_INTERP, file_size=1), "malformed: PT_INTERP of 1 bytes"),
    "an interpreter without an end": (
        by(b"/lib64/ld-linux-x86-64.so.2"),
        "malformed: the string of PT_INTERP does not",
    ),
    "an empty interpreter": (by(b"\0\0"), "malformed: PT_INTERP names no file"),
    "PT_DYNAMIC outside any PT_LOAD": (
        changed(loaded, PT_DYNAMIC, address=OUTSIDE),
        "malformed: PT_DYNAMIC does not lie inside a loadable segment",
    ),
    "PT_DYNAMIC loaded from elsewhere": (
        changed(loaded, PT_DYNAMIC, offset=DATA + 16),
        "malformed: PT_DYNAMIC does not lie inside a loadable segment",
    ),
    "more in the file than in memory": (
        changed(static, PT_LOAD, memory_size=0x800),
        "malformed: a PT_LOAD segment has more",
    ),
    "overlapping": (changed(static, PT_LOAD, 1, address=0x800), "malformed: PT_LOAD segments overlap"),
    "65,535 program headers": (changed(static, count=0xFFFF), "malformed: 65535 program headers"),
    "program headers of 57 bytes": (changed(static, entry_size=57), "malformed: program headers of 57 bytes"),
    "program headers behind the file": (changed(static, table=0x1FF0), "truncated: the file ends inside the program"),
    "a name outside DT_STRTAB": (tagged((1, 0x500)), "malformed: DT_NEEDED names byte 1280 of a string table"),
    "DT_STRTAB by file offset": (tagged((DT_STRTAB, NAMES)), "malformed: the dynamic string table does not lie inside"),
    "no DT_STRTAB for a name": (tagged(drop=DT_STRTAB), "malformed: DT_NEEDED names byte 1 of a string table of 0"),
    "PT_PHDR elsewhere": (changed(loaded, PT_PHDR, address=DATA), "malformed: PT_PHDR does not say where"),
}
LATER = (
    *("tag 25 leads out", "tag 6 leads out", f"tag {DT_VERSYM} leads out", "tag 12 leads out"),
    "a hash table of GNU of no bloom filter",
    "PT_TLS outside, and glibc inside",
    "PT_TLS larger than all memory",
    "PT_TLS of an alignment of 3",
    "DT_VERSYM alone",
    "a list of functions without a size",
    "PT_GNU_RELRO outside, and glibc inside",
)
"""What only a look-up, another machine's loader or the libc's start code follows: these programs do without."""
TWO_MEANINGS = ("two PT_INTERP", "two PT_DYNAMIC", "PT_DYNAMIC loaded from elsewhere", "a name outside DT_STRTAB")
"""What the kernel and loaders take in one way, and other readers in another."""
