"""The facts that the audit reads from an ELF file. Strings are the file's own bytes, escaped by :func:`printable`."""

from typing import Literal

import msgspec

from linkmode.audit.policy import Endianness, Libc

Kind = Literal["executable", "pie", "static-pie", "shared object"]


class VersionNeed(msgspec.Struct, frozen=True):
    """The symbol versions that a file requires of one library (DT_VERNEED), in the file's order."""

    library: str
    versions: tuple[str, ...]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the program headers and the dynamic segment say.

    ``size`` is the file's, in bytes. ``kind`` is ``executable`` for ET_EXEC; for ET_DYN it tells a program from a
    library (see :func:`linkmode.audit.elf.kind_of`). ``glibc_required`` is the highest numbered ``GLIBC_`` version
    among ``version_needs``, as ``2.34``; ``glibc_unnumbered`` holds names like ``GLIBC_PRIVATE`` that no release
    number answers to. ``executable_stack`` is ``unset`` without PT_GNU_STACK: the kernel then decides by machine.
    ``relro`` is ``full`` when PT_GNU_RELRO is there and every symbol is bound at start (BIND_NOW).
    """

    size: int
    bits: Literal[32, 64]
    endianness: Endianness
    machine: str
    kind: Kind
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


def printable(raw: bytes) -> str:
    r"""Return printable ASCII as it is and every other byte, and the backslash, as ``\xNN``."""
    if raw.isascii() and b"\\" not in raw and (text := raw.decode("ascii")).isprintable():
        return text
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in raw)
