"""Programs that have a link mode, by what could be held against it; changed as those of start_cases.py."""

from elf_maker import GLIBC_LOADER
from start_cases import (
    BASES,
    LOADER,
    OUTSIDE,
    VERSION,
    adding,
    by,
    changed,
    emptied,
    executed_only,
    first_alone,
    paged,
    sectioned,
    tagged,
    without,
)
from startable import (
    DATA,
    DT_FLAGS_1,
    DT_VERSYM,
    PT_DYNAMIC,
    PT_GNU_RELRO,
    PT_INTERP,
    PT_LOAD,
    PT_TLS,
    Program,
    loaded,
    loaded_by_musl,
    static,
    static_glibc,
    static_pie,
)

MODES: dict[str, tuple[Program, str]] = {
    **{name: (make(), "static" if name.startswith("static") else "mostly_static") for name, make in BASES.items()},
    "an interpreter with more behind its end": (by(LOADER + b"/lib/other\0"), "mostly_static"),
    "a relative interpreter": (by(b"lib64/ld-linux-x86-64.so.2\0"), "dynamic"),
    "DF_1_PIE of an ET_EXEC": (tagged((DT_FLAGS_1, 0x08000000)), "mostly_static"),
    "sections that contradict PT_DYNAMIC": (sectioned(), "mostly_static"),
    "versions of libc by another library of glibc": (loaded(needed=("libm.so.6",), versions=VERSION), "mostly_static"),
    "versions that a foreign library may bring": (
        loaded(needed=("libz.so.1",), versions=(*VERSION, ("libx.so.1", "X_1"))),
        "dynamic",
    ),
    "folders of its own": (tagged((DT_FLAGS_1, 0x800), (29, 0)), "mostly_static"),
    "a library by its path": (
        tagged((DT_FLAGS_1, 0x800), make=lambda: loaded(needed=(GLIBC_LOADER,))),
        "dynamic",
    ),
    "code that cannot be read": (executed_only(), "mostly_static"),
    "headers in a page of two segments": (paged(5), "mostly_static"),
    "PT_TLS outside, where neither a loader nor a libc is": (
        adding(PT_TLS, 4, OUTSIDE, OUTSIDE, 8, 8, 1, make=lambda: without(PT_INTERP)),
        "dynamic",
    ),
    "DT_RELR with its version": (
        tagged((36, 0x400700), (35, 0), (37, 8), make=lambda: loaded(versions=(("libc.so.6", "GLIBC_ABI_DT_RELR"),))),
        "mostly_static",
    ),
    "a version of its own": (tagged((0x6FFFFFFC, 0x400C00), (DT_VERSYM, 0x400C00)), "mostly_static"),
    "a note outside of another alignment": (
        adding(4, 4, 0x1800, OUTSIDE, 0, 4096, 4, make=lambda: loaded(pie=True)),
        "mostly_static",
    ),
    "an empty first segment": (emptied(static), "static"),
    "DT_RELR without versions": (tagged((36, 0x400700), (35, 0), (37, 8)), "mostly_static"),
    "PT_TLS outside, which no libc reads": (adding(PT_TLS, 4, 0, OUTSIDE, 8, 8, 8, make=static), "static"),
    "PT_TLS, and glibc inside": (
        adding(PT_TLS, 4, DATA + 0x800, DATA + 0x800, 8, 64, 8, make=static_glibc),
        "static",
    ),
    "PT_GNU_RELRO, and glibc inside": (
        adding(PT_GNU_RELRO, 4, DATA, DATA, 4096, 4096, 1, make=static_glibc),
        "static",
    ),
    "PT_TLS of no alignment, and glibc inside": (
        adding(PT_TLS, 4, DATA, DATA, 8, 8, 0, make=static_glibc),
        "static",
    ),
    "a second PT_TLS that nobody reads": (
        adding(PT_TLS, 4, 0, OUTSIDE, 8, 8, 8, make=lambda: adding(PT_TLS, 4, DATA, DATA, 8, 8, 8, make=static_glibc)),
        "static",
    ),
    "PT_GNU_RELRO that ends where it begins": (
        adding(PT_GNU_RELRO, 4, DATA, DATA + 16, 8, 2**64 - 8, 1),
        "mostly_static",
    ),
    "PT_INTERP at another address, by musl's loader": (
        changed(loaded_by_musl, PT_INTERP, address=DATA),
        "mostly_static",
    ),
    "DT_RELR without its size, by musl's loader": (tagged((36, 0x700), make=loaded_by_musl), "mostly_static"),
    "a PIE that says so by DT_DEBUG": (tagged((DT_FLAGS_1, 0), (21, 0), make=static_pie), "static"),
    "a PIE without PT_DYNAMIC": (without(PT_DYNAMIC, static_pie), "static"),
    "DT_REL outside, which glibc for x86-64 does not read": (tagged((18, 24), (17, OUTSIDE)), "mostly_static"),
    "DT_JMPREL, bound at start": (
        tagged((20, 7), (23, 0x401800), (2, 24), (24, 0)),
        "mostly_static",
    ),
    "PT_GNU_RELRO of no page": (adding(PT_GNU_RELRO, 4, DATA, DATA, 0xF00, 0xF00, 1), "mostly_static"),
    "PT_TLS": (adding(PT_TLS, 4, DATA + 0x800, DATA + 0x800, 8, 64, 8), "mostly_static"),
    "code of the same page of the file": (
        adding(PT_LOAD, 5, 0xF00, 0xF00, 0x10, 0x10, 16, make=lambda: first_alone(0xA00)),
        "static",
    ),
    "DT_REL, by musl's loader": (tagged((20, 17), (23, 0x400000), (2, 0), make=loaded_by_musl), "mostly_static"),
    "DT_RELAENT, by musl's loader": (tagged((7, 0x400000), (8, 0), (9, 23), make=loaded_by_musl), "mostly_static"),
    "DT_PLTREL alone, by musl's loader": (tagged((20, 7), make=loaded_by_musl), "mostly_static"),
    "a library of another machine's loader": (loaded(needed=("ld-linux-aarch64.so.1",)), "dynamic"),
}
UNTRUE = ("folders of its own",)
"""Programs that could start elsewhere and not here."""
