"""Tells whether Linux and a loader start a program at all; what its code does is not asked.

The rules are those that fs/binfmt_elf.c of Linux, elf/ of glibc and ldso/ of musl rely on or check. Most files that
break one were changed by hand or by a tool; a few are programs for bare machines. What Linux refuses, and what a loader
needs and does not find, is certain. What leads elsewhere may lead to bytes that happen to do: that is a doubt.
The same walk, check by check and in this order, is in templates/common/tools/elfcheck/loading.h.
"""

from collections.abc import Sequence

from linkmode.audit.read import policy, tables
from linkmode.audit.read.dynamic import (
    DT_BIND_NOW,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_GNU_HASH,
    DT_HASH,
    DT_JMPREL,
    DT_PLTGOT,
    DT_PLTRELSZ,
    DT_RELR,
    DT_RPATH,
    DT_RUNPATH,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERNEED,
    DT_VERSYM,
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
    PT_NOTE,
    PT_PHDR,
    PT_TLS,
    Image,
    Segment,
)
from linkmode.audit.read.memory import DOUBT, PAGE, file_part, is_mapped, memory_part, readable
from linkmode.audit.read.policy import Libc

_LARGEST_PAGE = 65536
"""That of aarch64, powerpc64 and others, where the kernel was built so; x86 has only the smallest."""

_RELR_VERSION = "GLIBC_ABI_DT_RELR"
_EM_X86 = (3, 62)
_DF_BIND_NOW, _DF_1_NOW, _DF_1_NODEFLIB = 0x8, 0x1, 0x800
_ADDRESSES = {32: 1 << 32, 64: 1 << 63}
"""Where the addresses of programs end at the latest; above 2**63 they are the kernel's."""
_ADDRESSES_X86_64 = (1 << 47) - PAGE


def fault(image: Image, dynamic: Dynamic, needs: Sequence[VersionNeed], kind: Kind, libc: Libc) -> str:
    """Return why the program cannot be started, a sentence with ``it``; empty where nothing of this stands against it.

    A shared object is not asked: no kernel starts it.
    """
    if kind == "shared object":
        return ""
    found = _kernel(image) or _entry(image)
    if not found and image.of_type(PT_INTERP):
        found = _loader(image, dynamic, needs, libc)
    elif not found and not dynamic.needed:  # else no libc is inside
        found = _start_code(image, libc)
    return found if not found or found.endswith(DOUBT) else f"{found}, so that it cannot be started"


def _start_code(image: Image, libc: Libc) -> str:
    # A libc that is inside does a part of a loader's work. musl's finds PT_TLS by PT_PHDR.
    if libc == "glibc":
        return _threads(image, is_of_glibc_inside=True) or _relro(image)
    if libc != "musl":
        return ""
    twice = _table_twice(image) if any(one.file_size for one in image.of_type(PT_TLS)) else ""
    return twice + DOUBT if twice else _threads(image)


def _entry(image: Image) -> str:
    entry = image.header.entry
    if not entry:
        return "it has no entry point (e_entry)"
    if not image.is_code(entry):
        words = f"no code lies at its entry point 0x{entry:x} (e_entry)"
        return words + DOUBT if is_mapped(image, entry, 1, PF_X) else words
    return ""


def _kernel(image: Image) -> str:
    limit = _limit(image)
    before: Segment | None = None
    if image.header.type == ET_DYN and not image.loads[0].memory_size:
        return "its first PT_LOAD is empty, and Linux finds no place for it"
    for load in image.loads:
        if not load.memory_size:
            continue
        if load.file_size and (load.offset - load.address) % PAGE:
            return f"its PT_LOAD at 0x{load.address:x} has another place in a page of memory than in the file"
        if load.address + load.memory_size > limit:
            return f"its PT_LOAD at 0x{load.address:x} ends outside the addresses of a program"
        if image.header.type == ET_DYN and not load.align & (load.align - 1) and load.align > limit // 2:
            return f"its PT_LOAD at 0x{load.address:x} has the alignment {load.align}"
        if image.header.type != ET_DYN and load.address < PAGE:
            return f"its PT_LOAD at 0x{load.address:x} lies in the first page of memory, which Linux gives to nobody"
        is_shared = before and (before.address + before.memory_size - 1) // PAGE == load.address // PAGE
        is_other = not load.file_size or (before and before.offset - before.address != load.offset - load.address)
        if is_shared and is_other:
            return f"its PT_LOAD at 0x{load.address:x} replaces the page of the one before{DOUBT}"
        before = load
    return ""


def _limit(image: Image) -> int:
    return _ADDRESSES_X86_64 if image.machine_name == "x86_64" else _ADDRESSES[image.bits]


def _loader(image: Image, dynamic: Dynamic, needs: Sequence[VersionNeed], libc: Libc) -> str:
    return (
        _headers(image, libc)
        or _dynamic(image, dynamic, libc)
        or _libraries(dynamic, needs, libc)
        or (_properties(image) if libc == "glibc" else "")
        or _threads(image)
        or _relro(image)
        or (_bound_later(image, dynamic) if libc == "glibc" else "")
    )


def _headers(image: Image, libc: Libc) -> str:
    interpreter = image.of_type(PT_INTERP)[0]
    address, size = interpreter.address, interpreter.file_size
    # musl's loader takes any name for its own
    is_there = is_mapped(image, address, 1) if libc == "musl" else file_part(image, address, size) == interpreter.offset
    if not is_there:
        return f"its PT_INTERP does not lie inside a segment that can be read, where its loader looks for it{DOUBT}"
    start, size = image.header.phoff, image.header.phnum * image.header.phentsize
    if not any(one.offset <= start and start + size <= one.offset + one.file_size for one in readable(image)):
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
    one = segments[0]
    allowed = PF_W if one.flags & PF_W else PF_R | PF_W
    if not memory_part(image, one.address, one.file_size, allowed):
        words = "its PT_DYNAMIC lies in a segment that does not allow what PT_DYNAMIC says"
        return words + DOUBT if is_mapped(image, one.address, 1) else words  # a loader may have nothing to write there
    for tag, name in ((DT_STRTAB, "DT_STRTAB"), (DT_SYMTAB, "DT_SYMTAB")):
        if tag not in dynamic:
            return f"it has no {name}, which its loader reads"
    if libc == "musl" and DT_HASH not in dynamic and DT_GNU_HASH not in dynamic:
        return "it has neither DT_HASH nor DT_GNU_HASH, one of which its loader reads"
    if libc == "glibc" and DT_VERNEED in dynamic and DT_VERSYM not in dynamic:
        return "it has DT_VERNEED and no DT_VERSYM, which its loader reads"
    return tables.fault(image, dynamic, libc)


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


def _properties(image: Image) -> str:
    for one in image.of_type(PT_GNU_PROPERTY):
        if one.memory_size and not memory_part(image, one.address, one.memory_size, PF_R | PF_W):
            return f"its PT_GNU_PROPERTY does not lie inside a segment that can be read{DOUBT}"
    # The loader for x86-64 looks for the same note there too: where notes have the alignment of that one.
    for one in image.of_type(PT_NOTE) if image.machine_name == "x86_64" else ():
        if one.align == 8 and one.memory_size and not memory_part(image, one.address, one.memory_size, PF_R | PF_W):
            return f"its PT_NOTE does not lie inside a segment that can be read{DOUBT}"
    return ""


def _threads(image: Image, *, is_of_glibc_inside: bool = False) -> str:
    # glibc's start code takes the first one, and an alignment of 0 for 1; loaders and musl take the last one.
    found = [one for one in image.of_type(PT_TLS) if one.memory_size]
    for one in found[:1] if is_of_glibc_inside else found[-1:]:
        if one.memory_size > _limit(image):
            return f"its PT_TLS of {one.memory_size} bytes is larger than all addresses of a program"
        is_held = one.address and file_part(image, one.address, one.file_size) is not None
        if one.file_size > one.memory_size or (one.file_size and not is_held):
            words = "its PT_TLS does not lie inside a segment that can be read"
            return words + DOUBT if is_mapped(image, one.address, one.file_size) else words
        is_wrong = one.align & (one.align - 1) or one.align > _limit(image)
        if is_wrong or not (one.align or is_of_glibc_inside):
            return f"its PT_TLS has the alignment {one.align}, no power of two that memory could have{DOUBT}"
    return ""


def _relro(image: Image) -> str:
    # The libc takes the right to write from these pages, and every other right than to read; the last one counts.
    for one in image.of_type(PT_GNU_RELRO)[-1:]:
        end = (one.address + one.memory_size) % (1 << image.bits) // PAGE * PAGE
        start = one.address // PAGE * PAGE
        if start == end:
            continue
        # lld before 18 ends PT_GNU_RELRO with a page of the machine's, of which the segment fills only the beginning.
        page = PAGE if image.header.machine in _EM_X86 else _LARGEST_PAGE
        if end < start or not is_mapped(image, start, end - start, PF_R | PF_W | PF_X, page):
            return "its PT_GNU_RELRO does not lie inside segments that are loaded"
        for load in image.loads:
            if (
                load.flags & PF_X
                and load.memory_size
                and load.address < end
                and start < load.address + load.memory_size
            ):
                return f"its PT_GNU_RELRO lies over code, which then cannot be executed{DOUBT}"
    return ""


def _bound_later(image: Image, dynamic: Dynamic) -> str:
    # Without BIND_NOW, glibc's loader writes two words at DT_PLTGOT, and at the first call of a function one behind.
    is_now = DT_BIND_NOW in dynamic or dynamic.value(DT_FLAGS) & _DF_BIND_NOW or dynamic.value(DT_FLAGS_1) & _DF_1_NOW
    if image.header.machine not in _EM_X86 or is_now or not dynamic.value(DT_PLTRELSZ) or DT_JMPREL not in dynamic:
        return ""
    if DT_PLTGOT not in dynamic:
        return "it has DT_JMPREL and no DT_PLTGOT, where its loader writes"
    entry = 8 if image.header.machine == _EM_X86[1] else 4  # 8 for x32 too
    first = dynamic.value(DT_PLTGOT) + 3 * entry
    if not memory_part(image, first - 2 * entry, 2 * entry, PF_W):
        return f"its DT_PLTGOT does not lie inside a segment that can be written{DOUBT}"
    for one in image.of_type(PT_GNU_RELRO)[-1:]:
        if one.address // PAGE * PAGE <= first < (one.address + one.memory_size) // PAGE * PAGE:
            return f"its PT_GNU_RELRO lies over what DT_PLTGOT names, which is written later{DOUBT}"
    return ""
