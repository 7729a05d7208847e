"""Tells whether the tables that DT_ tags name are where a loader follows them, and hold what it expects.

The same walk, check by check and in this order, is in templates/common/tools/elfcheck/loading.h.
"""

from collections.abc import Iterator

from linkmode.audit.read.dynamic import (
    DT_GNU_HASH,
    DT_HASH,
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_VERNEED,
    DT_VERSYM,
    MAX_VERSIONS,
    Dynamic,
)
from linkmode.audit.read.image import PF_R, PF_W, PF_X, Image
from linkmode.audit.read.memory import DOUBT, file_part, memory_part
from linkmode.audit.read.policy import Libc

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

_LISTS = (25, 26, 32)
"""Those that not the loader reads, but the start code that most programs have."""

_RECORDS = ((7, 9, "DT_RELAENT", 3), (17, 19, "DT_RELENT", 2), (36, 37, "DT_RELRENT", 1))
"""Tables of records, the tag that holds a record's size, its name, and how many words a record has."""

_MOST = 1 << 20
"""Buckets and symbols of a hash table; the largest programs have a tenth of it."""

_RELA, _REL = 7, 17
_EM_X86 = (3, 62)


def fault(image: Image, dynamic: Dynamic, libc: Libc) -> str:
    """Return what stands against a start, a sentence with ``it``; empty where nothing does."""
    return (
        _tables(image, dynamic, libc)
        or _hashes(image, dynamic)
        or _records(image, dynamic, libc)
        or (_versions(dynamic) or _definitions(image, dynamic) if libc == "glibc" else "")
    )


def _tables(image: Image, dynamic: Dynamic, libc: Libc) -> str:
    unread = _unread(image, libc)
    for tag, size_tag, name in _TABLES:
        if tag not in dynamic or tag == unread:
            continue
        if size_tag and size_tag not in dynamic and libc != "musl":  # which takes none for 0
            return f"it has {name} without the size of that table{DOUBT if tag in _LISTS else ''}"
        size = dynamic.value(size_tag) if size_tag else 1
        allowed = PF_R | PF_W | PF_X if tag in _CODE else PF_R | PF_W
        if size and not memory_part(image, dynamic.value(tag), size, allowed):
            return f"its {name} leads out of the segments that can be read{DOUBT}"
    return ""


def _unread(image: Image, libc: Libc) -> int:
    # glibc for x86-64 is built without what reads DT_REL.
    return _REL if image.machine_name == "x86_64" and libc != "musl" else 0


def _versions(dynamic: Dynamic) -> str:
    # Where neither is there, the loader has no table that the numbers in DT_VERSYM could mean.
    if DT_VERSYM in dynamic and DT_VERNEED not in dynamic and _DT_VERDEF not in dynamic:
        return f"it has DT_VERSYM, and neither DT_VERNEED nor DT_VERDEF{DOUBT}"
    return ""


def _hashes(image: Image, dynamic: Dynamic) -> str:
    # The tables of symbols that a lookup walks: they have to lie in the file as their own counts say.
    place = _counts(image, dynamic, DT_GNU_HASH, 16)
    if place:
        buckets, first, blooms, _ = place[1]
        head = 16 + blooms * image.word
        is_wrong = not blooms or blooms & (blooms - 1) or head + 4 * buckets > place[0] or buckets > _MOST
        if is_wrong or not _ends(image, dynamic.value(DT_GNU_HASH) + head, buckets, first):
            return f"its DT_GNU_HASH contradicts itself{DOUBT}"
    # Alpha and s390x have words of 64 bits there.
    place = _counts(image, dynamic, DT_HASH, 8) if image.header.machine in _EM_X86 else None
    if place and DT_GNU_HASH not in dynamic:
        buckets, symbols = place[1]
        is_wrong = 8 + 4 * (buckets + symbols) > place[0] or buckets + symbols > _MOST
        words = () if is_wrong else _words(image, dynamic.value(DT_HASH) + 8, buckets + symbols)
        if is_wrong or max(words, default=(0,))[0] >= max(symbols, 1):
            return f"its DT_HASH contradicts itself{DOUBT}"
    return ""


def _ends(image: Image, address: int, buckets: int, first: int) -> bool:
    # Whether the last chain, which a lookup follows to a number that is odd, ends where it is loaded.
    last = max(_words(image, address, buckets), default=(0,))[0]
    place = image.locate(address + 4 * (buckets + last - first))
    if not last or place is None:
        return not last
    return any(image.record("I", at)[0] & 1 for at in range(place[0], place[0] + place[1] - 3, 4))


def _words(image: Image, address: int, count: int) -> Iterator[tuple[int, ...]]:
    place = image.locate(address)
    return image.records("I", image.bytes_at(place[0], 4 * count) if place else b"")


def _counts(image: Image, dynamic: Dynamic, tag: int, size: int) -> tuple[int, tuple[int, ...]] | None:
    # How many bytes follow in the file, and the first words.
    place = image.locate(dynamic.value(tag)) if tag in dynamic else None
    if place is None:
        return None
    return (place[1], image.record("I" * (size // 4), place[0])) if size <= place[1] else (0, (0,) * (size // 4))


def _definitions(image: Image, dynamic: Dynamic) -> str:
    # glibc's loader walks the versions that the program itself defines.
    if _DT_VERDEF in dynamic and DT_VERSYM not in dynamic:
        return "it has DT_VERDEF and no DT_VERSYM, which its loader reads"
    at, has_next = dynamic.value(_DT_VERDEF), _DT_VERDEF in dynamic
    for _ in range(MAX_VERSIONS):
        if not has_next:
            return ""
        place = file_part(image, at, 20)
        if place is None:
            break
        _, flags, _, _, _, name, following = image.record("HHHHIII", place)
        if not flags & _VER_FLG_BASE and file_part(image, at + name, 8) is None:
            break
        at, has_next = at + following, bool(following)
    return f"its DT_VERDEF leads out of the segments that can be read{DOUBT}" if has_next else ""


def _records(image: Image, dynamic: Dynamic, libc: Libc) -> str:
    # musl's loader has the sizes built in, takes both kinds on every machine, and asks DT_PLTREL with a table only.
    for tag, size_tag, name, words in _RECORDS if libc != "musl" else ():
        if tag in dynamic and tag != _unread(image, libc) and dynamic.value(size_tag) != words * image.word:
            return f"its {name} is {dynamic.value(size_tag)}, and not the {words * image.word} that its loader expects"
    if DT_JMPREL in dynamic and DT_PLTREL not in dynamic and dynamic.value(DT_PLTRELSZ):
        return f"it has DT_JMPREL and no DT_PLTREL that says of which kind it is{DOUBT}"
    kinds = (_RELA,) if image.machine_name == "x86_64" and libc != "musl" else (_RELA, _REL)
    if DT_PLTREL in dynamic and DT_JMPREL not in dynamic:
        return "" if libc == "musl" else "it has DT_PLTREL and no DT_JMPREL, which its loader reads"
    if DT_PLTREL in dynamic and dynamic.value(DT_PLTREL) not in kinds:
        return f"its DT_PLTREL is {dynamic.value(DT_PLTREL)}, which its loader does not know"
    return ""
