"""The facts that the audit reads from an ELF file. Strings are the file's own bytes, escaped by :func:`printable`."""

import functools
from typing import Literal

import msgspec

from linkmode.audit.read.policy import Endianness, Libc

Kind = Literal["executable", "pie", "static-pie", "shared object"]


class VersionNeed(msgspec.Struct, frozen=True):
    """The symbol versions that a file requires of one library (DT_VERNEED), in the file's order."""

    library: str
    versions: tuple[str, ...]


class AlsoLoads(msgspec.Struct, frozen=True):
    """What glibc's loader loads beside DT_NEEDED: the tag's name (DT_AUDIT, …), and the library as named there."""

    tag: str
    name: str


class Behind(msgspec.Struct, frozen=True):
    """``size`` bytes from ``offset`` on that no segment and no section of a linker has, in words.

    ``opens`` is the command that tells what they are; empty when nothing is known.
    """

    words: str
    opens: str
    offset: int
    size: int


class Cpu(msgspec.Struct, frozen=True):
    """The x86-64 level that a file needs (``x86-64``, ``x86-64-v2``, …), and what tells it."""

    level: str
    evidence: str


class Section(msgspec.Struct, frozen=True):
    """A section header. ``size`` is in bytes, in the file or, when ``type`` is ``NOBITS``, in memory only."""

    name: str
    type: str
    size: int


class Producer(msgspec.Struct, frozen=True):
    """A tool that had a part in making the file. ``version`` is None where it does not say; ``evidence`` is text."""

    tool: str
    version: str | None
    evidence: str


class Component(msgspec.Struct, frozen=True):
    """A library whose code lies inside the file.

    ``kind`` is ``library`` for a C or C++ library that is told by its texts, ``go`` for a Go module, ``rust`` for a
    crate. ``version`` is None where nothing certain tells it. ``offset`` is where in the file the evidence lies, None
    where that is a table.
    """

    kind: Literal["library", "go", "rust"]
    name: str
    version: str | None
    evidence: str
    offset: int | None


class Text(msgspec.Struct, frozen=True):
    """A text of the file and its offset in bytes."""

    text: str
    offset: int


class Imports(msgspec.Struct, frozen=True):
    """The symbols that a file takes from ``library`` at ``version``, sorted.

    ``users`` are some of the functions and objects that use a symbol, by the symbol, where that was asked and is told.
    """

    library: str
    version: str
    symbols: tuple[str, ...]
    users: dict[str, tuple[str, ...]] = {}


class CompileUnits(msgspec.Struct, frozen=True):
    """What the debug information (DWARF) says of the compile units, a source with all that it includes each.

    ``count`` is how many were read. ``producers`` are the compilers' own words, which often hold their options
    (DW_AT_producer), and ``folders`` those in which they ran (DW_AT_comp_dir), each with the number of units;
    ``sources`` are as the compiler was given them (DW_AT_name). A hundred of each at most.
    """

    count: int
    producers: dict[str, int]
    folders: dict[str, int]
    sources: tuple[str, ...]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What reading every byte adds: sections, symbols, texts. Nothing here decides the link mode.

    ``problems`` names each table that contradicts itself or is too large, and is therefore left out. ``sections`` is
    empty without a table of them. ``build_id`` is that of a section which no PT_NOTE covers, as Go's linker leaves it,
    or None when the facts have one. ``imports`` are the versioned symbols that the file takes. ``debug_info`` is
    ``elsewhere`` when .gnu_debuglink names another file. ``ifunc`` is ``yes`` when a relocation or a symbol of GNU's
    indirect functions is there. ``libc_version`` is that of the glibc inside a static program, where a text tells it.
    ``build_paths`` are the first absolute paths of sources and objects outside the system's own folders, and
    ``build_path_count`` says how many there are. ``marks`` are the offsets of texts of components.toml.
    ``compile_units`` is None without debug information that can be read. ``canary`` and ``fortify`` say whether a
    function of the stack protector, or one of the checked functions of _FORTIFY_SOURCE, is used; unknown without
    symbols. ``cpu`` is the level that a Go or GraalVM compiler left word of. ``private_symbols`` are
    those that the file takes and that a platform's library keeps to itself.
    """

    problems: tuple[str, ...]
    build_id: str | None
    sections: tuple[Section, ...]
    symbol_table: Literal["yes", "no", "unknown"]
    debug_info: Literal["yes", "no", "elsewhere", "unknown"]
    ifunc: Literal["yes", "no", "unknown"]
    libc_version: str | None
    producers: tuple[Producer, ...]
    components: tuple[Component, ...]
    imports: tuple[Imports, ...]
    build_paths: tuple[Text, ...]
    build_path_count: int
    marks: dict[str, int]
    compile_units: CompileUnits | None = None
    canary: Literal["yes", "no", "unknown"] = "unknown"
    fortify: Literal["yes", "no", "unknown"] = "unknown"
    cpu: Cpu | None = None
    private_symbols: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the program headers and the dynamic segment say.

    ``size`` is the file's, in bytes. ``kind`` is ``executable`` for ET_EXEC; for ET_DYN it tells a program from a
    library (see :func:`linkmode.audit.read.elf.kind_of`). ``entry`` is an address, 0 for none, and
    ``entry_in_code`` says whether code lies there. ``glibc_required`` is
    the highest numbered ``GLIBC_`` version among ``version_needs``, as ``2.34``; ``glibc_unnumbered`` holds names like
    ``GLIBC_PRIVATE`` that has no release number. ``executable_stack`` is ``unset`` without PT_GNU_STACK: the
    kernel then decides by machine. ``relro`` is ``full`` when PT_GNU_RELRO is there and every symbol is bound at start
    (BIND_NOW). ``build_id`` is in hexadecimal. ``packed_relocations`` says that DT_RELR is there.
    ``also_loads`` is in the file's order. ``no_default_folders`` is DF_1_NODEFLIB: glibc's loader then looks into
    none of its own folders. ``behind`` is what lies behind the ELF file itself. ``system`` names another system than
    Linux that the file is made for, where that is told; its libc is then ``other``. ``cpu_features`` are those that
    it was built to use where they are there: ``ibt``, ``shstk``, ``bti``, ``pac``, ``gcs``. ``writable_code`` says
    that a segment is both. ``contents`` is None when nobody asked for it. ``abi`` are policy.toml's words for what
    e_flags says of the calling convention. ``unstartable`` says why Linux or a loader does not start the program,
    and is empty where nothing stands against it.
    """

    size: int
    bits: Literal[32, 64]
    endianness: Endianness
    machine: str
    os_abi: str
    kind: Kind
    entry: int
    entry_in_code: bool
    interpreter: str | None
    needed: tuple[str, ...]
    soname: str | None
    rpath: str | None
    runpath: str | None
    version_needs: tuple[VersionNeed, ...]
    libc: Libc
    libc_evidence: str
    glibc_required: str | None
    glibc_unnumbered: tuple[str, ...]
    executable_stack: Literal["no", "yes", "unset"]
    relro: Literal["none", "partial", "full"]
    bind_now: bool
    text_relocations: bool
    build_id: str | None
    packed_relocations: bool = False
    also_loads: tuple[AlsoLoads, ...] = ()
    no_default_folders: bool = False
    behind: Behind | None = None
    system: str | None = None
    cpu: Cpu | None = None
    cpu_features: tuple[str, ...] = ()
    writable_code: bool = False
    contents: Contents | None = None
    abi: tuple[str, ...] = ()
    unstartable: str = ""


_PLAIN = bytes(byte for byte in range(0x20, 0x7F) if byte != 0x5C)


def printable(raw: bytes) -> str:
    r"""Return printable ASCII as it is and every other byte, and the backslash, as ``\xNN``."""
    return _short(raw) if len(raw) <= _SHORT else _printable(raw)


_SHORT = 64


@functools.lru_cache(maxsize=4096)  # the same few thousand names come in every file
def _short(raw: bytes) -> str:
    return _printable(raw)


def _printable(raw: bytes) -> str:
    if not raw.translate(None, _PLAIN):  # nearly every name is plain
        return raw.decode("ascii")
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in raw)
