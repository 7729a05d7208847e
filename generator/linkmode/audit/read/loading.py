"""Tells whether Linux and a loader start a program at all; what its code does is not asked.

The rules are those that fs/binfmt_elf.c of Linux, elf/ of glibc and ldso/ of musl rely on or check. Most files that
break one were changed by hand or by a tool; a few are programs for bare machines.
The same walk, check by check and in this order, is in templates/common/tools/elfcheck/loading.h.
"""

from collections.abc import Sequence

from linkmode.audit.read import policy
from linkmode.audit.read.dynamic import (
    DT_FLAGS_1,
    DT_GNU_HASH,
    DT_HASH,
    DT_JMPREL,
    DT_PLTREL,
    DT_RELR,
    DT_RPATH,
    DT_RUNPATH,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERNEED,
    DT_VERSYM,
    MAX_VERSIONS,
    Dynamic,
)
from linkmode.audit.read.facts import Kind, VersionNeed
from linkmode.audit.read.image import (
    ET_DYN,
    PF_R,
    PF_W,
    PF_X,
    PT_DYNAMIC,
    PT_GNU_PROPERTY,
    PT_GNU_RELRO,
    PT_INTERP,
    PT_PHDR,
    PT_TLS,
    Image,
    Segment,
)
from linkmode.audit.read.policy import Libc

_PAGE = 4096
"""The smallest page of memory that any machine of Linux has: what fails by it fails by larger ones too."""

_LARGEST_PAGE = 65536
"""That of aarch64, powerpc64 and others, where the kernel was built so; x86 has only the smallest."""

_DT_VERDEF, _VER_FLG_BASE = 0x6FFFFFFC, 1

_TABLES = (
    (4, 0, "DT_HASH"),
    (6, 0, "DT_SYMTAB"),
    (7, 8, "DT_RELA"),
    (12, 0, "DT_INIT"),
    (13, 0, "DT_FINI"),
    (17, 18, "DT_REL"),
    (23, 2, "DT_JMPREL"),
    (25, 27, "DT_INIT_ARRAY"),
    (26, 28, "DT_FINI_ARRAY"),
    (32, 33, "DT_PREINIT_ARRAY"),
    (36, 35, "DT_RELR"),
    (DT_GNU_HASH, 0, "DT_GNU_HASH"),
    (DT_VERSYM, 0, "DT_VERSYM"),
    (_DT_VERDEF, 0, "DT_VERDEF"),
)
"""Tags whose address a loader follows, the tag that holds the size in bytes (0: none does), and the name."""

_CODE = (12, 13)
"""Those that are called: --execute-only of lld and mold links code so that nobody can read it."""

_RECORDS = ((7, 9, "DT_RELAENT", 3), (17, 19, "DT_RELENT", 2), (36, 37, "DT_RELRENT", 1))
"""Tables of records, the tag that holds a record's size, its name, and how many words a record has."""

_RELR_VERSION = "GLIBC_ABI_DT_RELR"
_RELA, _REL = 7, 17
_EM_X86 = (3, 62)
_DF_1_NODEFLIB = 0x800
_ADDRESSES = {32: 1 << 32, 64: 1 << 63}
"""Where the addresses of programs end at the latest; above 2**63 they are the kernel's."""
_ADDRESSES_X86_64 = (1 << 47) - _PAGE


def fault(image: Image, dynamic: Dynamic, needs: Sequence[VersionNeed], kind: Kind, libc: Libc) -> str:
    """Return why the program cannot be started, a sentence with ``it``; empty where nothing of this stands against it.

    A shared object is not asked: no kernel starts it.
    """
    if kind == "shared object":
        return ""
    found = _kernel(image) or _entry(image)
    if not found and image.of_type(PT_INTERP):
        found = _loader(image, dynamic, needs, libc)
    elif not found and libc in ("glibc", "musl"):  # whose start code does a part of a loader's work
        found = _table_twice(image) or _threads(image) or (_relro(image) if libc == "glibc" else "")
    return f"{found}, so that it cannot be started" if found else ""


def _entry(image: Image) -> str:
    entry = image.header.entry
    if not entry:
        return "it has no entry point (e_entry)"
    if not image.is_code(entry):
        return f"no code lies at its entry point 0x{entry:x} (e_entry)"
    return ""


def _kernel(image: Image) -> str:
    limit = _ADDRESSES_X86_64 if image.machine_name == "x86_64" else _ADDRESSES[image.bits]
    before: Segment | None = None
    for load in image.loads:
        if not load.memory_size:
            continue
        if load.file_size and (load.offset - load.address) % _PAGE:
            return f"its PT_LOAD at 0x{load.address:x} has another place in a page of memory than in the file"
        if load.address + load.memory_size > limit:
            return f"its PT_LOAD at 0x{load.address:x} ends outside the addresses of a program"
        if image.header.type == ET_DYN and not load.align & (load.align - 1) and load.align > limit // 2:
            return f"its PT_LOAD at 0x{load.address:x} has the alignment {load.align}"
        if image.header.type != ET_DYN and load.address < _PAGE:
            return f"its PT_LOAD at 0x{load.address:x} lies in the first page of memory, which Linux gives to nobody"
        is_shared = before and (before.address + before.memory_size - 1) // _PAGE == load.address // _PAGE
        is_other = not load.file_size or (before and before.offset - before.address != load.offset - load.address)
        if is_shared and is_other:
            return f"its PT_LOAD at 0x{load.address:x} replaces the page of the one before"
        before = load
    return ""


def _loader(image: Image, dynamic: Dynamic, needs: Sequence[VersionNeed], libc: Libc) -> str:
    return (
        _headers(image)
        or _dynamic(image, dynamic, libc)
        or _libraries(dynamic, needs, libc)
        or (_properties(image) if libc == "glibc" else "")
        or _threads(image)
        or _relro(image)
    )


def _headers(image: Image) -> str:
    interpreter = image.of_type(PT_INTERP)[0]
    if _file_part(image, interpreter.address, interpreter.file_size) != interpreter.offset:
        return "its PT_INTERP does not lie inside a segment that can be read, where its loader looks for it"
    start, size = image.header.phoff, image.header.phnum * image.header.phentsize
    if not any(one.offset <= start and start + size <= one.offset + one.file_size for one in _readable(image)):
        return "its program headers do not lie inside a segment that can be read, where its loader looks for them"
    if image.header.type == ET_DYN and not image.of_type(PT_PHDR):
        return "it has no PT_PHDR, by which its loader finds where it was loaded"
    return _table_twice(image)


def _table_twice(image: Image) -> str:
    # Linux since 5.18 tells a program of the last place into which the table is loaded, and before of the first.
    table = image.header.phoff
    for phdr in image.of_type(PT_PHDR):
        for load in image.loads:
            inside = table - load.offset
            if 0 <= inside < load.file_size and load.address + inside != phdr.address:
                return "a second PT_LOAD has its program headers, so that PT_PHDR does not say where Linux finds them"
    return ""


def _dynamic(image: Image, dynamic: Dynamic, libc: Libc) -> str:
    segments = image.of_type(PT_DYNAMIC)
    if not segments:
        return "it has an interpreter (PT_INTERP) and no PT_DYNAMIC that would tell the loader what to do"
    allowed = PF_W if segments[0].flags & PF_W else PF_R | PF_W
    if not _memory_part(image, segments[0].address, segments[0].file_size, allowed):
        return "its PT_DYNAMIC lies in a segment that does not allow what PT_DYNAMIC says"
    for tag, name in ((DT_STRTAB, "DT_STRTAB"), (DT_SYMTAB, "DT_SYMTAB")):
        if tag not in dynamic:
            return f"it has no {name}, which its loader reads"
    if libc == "musl" and DT_HASH not in dynamic and DT_GNU_HASH not in dynamic:
        return "it has neither DT_HASH nor DT_GNU_HASH, one of which its loader reads"
    if libc == "glibc" and DT_VERNEED in dynamic and DT_VERSYM not in dynamic:
        return "it has DT_VERNEED and no DT_VERSYM, which its loader reads"
    return (
        _tables(image, dynamic)
        or _hashes(image, dynamic)
        or _records(image, dynamic)
        or (_definitions(image, dynamic) if libc == "glibc" else "")
    )


def _libraries(dynamic: Dynamic, needs: Sequence[VersionNeed], libc: Libc) -> str:
    if libc != "glibc":
        return ""
    if dynamic.soname in dynamic.needed:
        return f"its DT_SONAME is {dynamic.soname}, a library that it needs, so that its loader takes it for that one"
    has_path = DT_RPATH in dynamic or DT_RUNPATH in dynamic
    is_looked_for = any("/" not in name for name in dynamic.needed)  # and not loaded by its path: ld.so(8)
    if dynamic.value(DT_FLAGS_1) & _DF_1_NODEFLIB and is_looked_for and not has_path:
        return "DF_1_NODEFLIB closes the system's folders to its loader, and it names no other"
    if _lacks_relr_version(dynamic, needs):
        return (
            f"it has DT_RELR and does not ask for {_RELR_VERSION}: glibc before 2.36 does not know DT_RELR, "
            "and later ones refuse it"
        )
    known = policy.load()
    if any(known.owner(name) != "glibc" for name in dynamic.needed) or dynamic.also_loads:
        return ""  # these may bring what DT_VERNEED names
    for library in [need.library for need in needs]:
        if library not in dynamic.needed and not (dynamic.needed and _comes_with_glibc(library)):
            return f"it asks for versions of {library} (DT_VERNEED), which nothing that it needs brings"
    return ""


def _lacks_relr_version(dynamic: Dynamic, needs: Sequence[VersionNeed]) -> bool:
    # What elf/dl-version.c of glibc asks; without DT_VERNEED it asks nothing.
    return (
        DT_RELR in dynamic
        and bool(needs)
        and any(name.startswith("libc.so.") for name in dynamic.needed)
        and not any(_RELR_VERSION in need.versions for need in needs)
    )


def _comes_with_glibc(library: str) -> bool:
    # Each library of glibc needs its libc, and that its loader.
    return library.startswith("libc.so.6") or library in policy.load().loader_names


def _tables(image: Image, dynamic: Dynamic) -> str:
    for tag, size_tag, name in _TABLES:
        if tag not in dynamic:
            continue
        if size_tag and size_tag not in dynamic:
            return f"it has {name} without the size of that table"
        size = dynamic.value(size_tag) if size_tag else 1
        allowed = PF_R | PF_W | PF_X if tag in _CODE else PF_R | PF_W
        if size and not _memory_part(image, dynamic.value(tag), size, allowed):
            return f"its {name} leads out of the segments that can be read"
    return ""


def _hashes(image: Image, dynamic: Dynamic) -> str:
    # The tables of symbols that a lookup walks: they have to lie in the file as their own counts say.
    place = _counts(image, dynamic, DT_GNU_HASH, 16)
    if place:
        buckets, _, blooms, _ = place[1]
        if not blooms or blooms & (blooms - 1) or 16 + blooms * image.word + 4 * buckets > place[0]:
            return "its DT_GNU_HASH contradicts itself"
    # Alpha and s390x have words of 64 bits there.
    place = _counts(image, dynamic, DT_HASH, 8) if image.header.machine in _EM_X86 else None
    if place and DT_GNU_HASH not in dynamic and 8 + 4 * sum(place[1]) > place[0]:
        return "its DT_HASH contradicts itself"
    return ""


def _counts(image: Image, dynamic: Dynamic, tag: int, size: int) -> tuple[int, tuple[int, ...]] | None:
    # How many bytes follow in the file, and the first words.
    place = image.locate(dynamic.value(tag)) if tag in dynamic else None
    if place is None:
        return None
    return (place[1], image.record("I" * (size // 4), place[0])) if size <= place[1] else (0, (0,) * (size // 4))


def _definitions(image: Image, dynamic: Dynamic) -> str:
    # glibc's loader walks the versions that the program itself defines.
    at, has_next = dynamic.value(_DT_VERDEF), _DT_VERDEF in dynamic
    for _ in range(MAX_VERSIONS):
        if not has_next:
            return ""
        place = _file_part(image, at, 20)
        if place is None:
            break
        _, flags, _, _, _, name, following = image.record("HHHHIII", place)
        if not flags & _VER_FLG_BASE and _file_part(image, at + name, 8) is None:
            break
        at, has_next = at + following, bool(following)
    return "its DT_VERDEF leads out of the segments that can be read" if has_next else ""


def _records(image: Image, dynamic: Dynamic) -> str:
    for tag, size_tag, name, words in _RECORDS:
        if tag in dynamic and dynamic.value(size_tag) != words * image.word:
            return f"its {name} is {dynamic.value(size_tag)}, and not the {words * image.word} that its loader expects"
    kinds = (_RELA,) if image.machine_name == "x86_64" else (_RELA, _REL)
    if DT_PLTREL in dynamic and DT_JMPREL not in dynamic:
        return "it has DT_PLTREL and no DT_JMPREL, which its loader reads"
    if DT_PLTREL in dynamic and dynamic.value(DT_PLTREL) not in kinds:
        return f"its DT_PLTREL is {dynamic.value(DT_PLTREL)}, which its loader does not know"
    return ""


def _properties(image: Image) -> str:
    for one in image.of_type(PT_GNU_PROPERTY):
        if one.memory_size and not _memory_part(image, one.address, one.memory_size, PF_R | PF_W):
            return "its PT_GNU_PROPERTY does not lie inside a segment that can be read"
    return ""


def _threads(image: Image) -> str:
    for one in image.of_type(PT_TLS):
        if not one.memory_size:
            continue
        is_held = one.address and _file_part(image, one.address, one.file_size) is not None
        if one.file_size > one.memory_size or (one.file_size and not is_held):
            return "its PT_TLS does not lie inside a segment that can be read"
        if one.align & (one.align - 1) or not one.align:
            return f"its PT_TLS has the alignment {one.align}, no power of two"
    return ""


def _relro(image: Image) -> str:
    # lld before 18 ends PT_GNU_RELRO with a page of the machine's, of which the segment fills only the beginning.
    page = _PAGE if image.header.machine in _EM_X86 else _LARGEST_PAGE
    for one in image.of_type(PT_GNU_RELRO):
        start, end = one.address // _PAGE * _PAGE, (one.address + one.memory_size) // _PAGE * _PAGE
        if start < end and not any(
            load.memory_size
            and load.flags & PF_W
            and load.address // _PAGE * _PAGE <= start
            and end <= -(-(load.address + load.memory_size) // page) * page
            for load in image.loads
        ):
            return "its PT_GNU_RELRO does not lie inside a segment that can be written"
    return ""


def _readable(image: Image) -> list[Segment]:
    return [one for one in image.loads if one.flags & (PF_R | PF_W)]


def _file_part(image: Image, address: int, size: int) -> int | None:
    # Where in the file the bytes lie that are loaded at an address; None when not all of them are.
    for one in _readable(image) if _page_allows(image, address + size, PF_R | PF_W) else ():
        if one.address <= address and address + size <= one.address + one.file_size:
            return one.offset + address - one.address
    return None


def _memory_part(image: Image, address: int, size: int, allowed: int) -> bool:
    end = address + size
    return _page_allows(image, end, allowed) and any(
        one.flags & allowed and one.address <= address and end <= one.address + one.memory_size for one in image.loads
    )


def _page_allows(image: Image, end: int, allowed: int) -> bool:
    # Of two segments in a page of memory, the later one's flags are the page's.
    last = (end - 1) // _PAGE
    return all(
        one.flags & allowed
        for one in image.loads
        if one.memory_size and one.address >= end and one.address // _PAGE == last
    )
