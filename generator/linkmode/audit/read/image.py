"""An ELF file as its loader sees it: header, program headers, bytes by file offset and by address.

Every offset and count is checked before it is used, and nothing here depends on section headers. Records are the
System V ABI's (https://www.sco.com/developers/gabi/latest/contents.html), read with :mod:`struct`.
Bounds: at most MAX_SEGMENTS program headers; every read is checked against the file's size first.
"""

import functools
import io
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Literal, NamedTuple

from linkmode.audit.read.policy import Endianness, Machine, Policy
from linkmode.messages import LinkmodeError

MAX_SEGMENTS = 1024

_PAGE = 4096
_MOST_PAGES = 64
"""Pages that are kept at once. A file's headers, names and notes lie in five or six; a hostile file's in thousands."""

PIECE = 1 << 20
"""How many bytes are read at a time when a file is searched."""

ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR, PT_TLS = 1, 2, 3, 4, 6, 7
PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY = 0x6474E551, 0x6474E552, 0x6474E553
PF_X, PF_W, PF_R = 1, 2, 4
EM_PPC64 = 21

_NAMES = {PT_LOAD: "PT_LOAD", PT_DYNAMIC: "PT_DYNAMIC", PT_INTERP: "PT_INTERP", PT_NOTE: "PT_NOTE"}
_UNLINKED = {ET_REL: "a relocatable object (.o), not linked yet", ET_CORE: "a core dump, not a program"}
_BITS: dict[int, Literal[32, 64]] = {1: 32, 2: 64}
_ENDIANNESS: dict[int, Endianness] = {1: "little", 2: "big"}


class NotAudited(LinkmodeError):  # noqa: N818 - says what became of the file, as the message does
    """A file has no facts: it can't be read, or contradicts itself."""


class NothingToAudit(NotAudited):
    """A whole file that has no facts by its nature: it is not ELF, or not linked. In folders it is passed over."""


@functools.cache  # of a dozen layouts
def _compiled(layout: str) -> struct.Struct:
    return struct.Struct(layout)


class Header(NamedTuple):
    """The ELF header after its first 16 bytes; the names are the specification's without ``e_``."""

    type: int
    machine: int
    version: int
    entry: int
    phoff: int
    shoff: int
    flags: int
    ehsize: int
    phentsize: int
    phnum: int
    shentsize: int
    shnum: int
    shstrndx: int


class Segment(NamedTuple):
    """A program header. ``offset`` and ``file_size`` are of the file, ``address`` and ``memory_size`` of memory."""

    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    align: int


class Image:
    """Reads one ELF file. Construction checks the header and the program headers; raises NotAudited."""

    def __init__(self, stream: BinaryIO, size: int, policy: Policy) -> None:
        self.size = size
        self._stream = stream
        self._descriptor = stream.fileno() if isinstance(stream, io.FileIO) else None
        self._pages: dict[int, bytes] = {}  # by number: each with the one behind it, so that no record is cut
        start = self.bytes_at(0, min(size, 64))
        _refuse_foreign(start, policy)
        self.bits: Literal[32, 64] = _one_of(start[4], _BITS, "class (EI_CLASS)")
        self.endianness: Endianness = _one_of(start[5], _ENDIANNESS, "byte order (EI_DATA)")
        self.os_abi = start[7]
        self.order = "<" if self.endianness == "little" else ">"
        if len(start) < (64 if self.bits == 64 else 52):
            raise NotAudited("truncated: the file ends inside the ELF header")
        self.header = Header._make(self.record("HHIQQQIHHHHHH" if self.bits == 64 else "HHIIIIIHHHHHH", 16))
        other = policy.linux_reads(start[18:20], start[42:44], start[54:56])
        if other is not None and (other.class_, other.endianness) != (self.bits, self.endianness):
            said = f"{self.bits}-bit {self.endianness}-endian (EI_CLASS, EI_DATA)"
            raise NotAudited(
                f"malformed: its first bytes say {said}, and Linux, which does not ask them, reads it as {other.name}, "
                f"{other.class_}-bit {other.endianness}-endian"
            )
        self.word = self.bits // 8
        """The size of an address in bytes."""
        self.machine: Machine | None = policy.find_machine(self.header.machine, self.bits, self.endianness)
        self._check_type()
        self.segments = self._read_segments()
        self._by_type: dict[int, list[Segment]] = {}
        for segment in self.segments:
            self._by_type.setdefault(segment.type, []).append(segment)
        self.loads = self.of_type(PT_LOAD)
        self._check_loads()
        self._check_table()

    @property
    def machine_name(self) -> str:
        """The machine's name, or its number when the policy has no name for it."""
        return self.machine.name if self.machine else f"machine {self.header.machine}"

    def number(self, raw: bytes) -> int:
        """Return the unsigned integer that ``raw`` holds in the file's byte order."""
        return int.from_bytes(raw, self.endianness)

    def bytes_at(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes at ``offset``; the caller has checked that they lie inside the file."""
        if size > _PAGE:
            raw = self._read(offset, size)
        else:
            number = offset // _PAGE
            page = self._pages.get(number) or self._page(number)
            inside = offset % _PAGE
            raw = page[inside : inside + size]
        if len(raw) != size:
            raise NotAudited(f"truncated: {size} bytes expected at offset {offset}, {len(raw)} found")
        return raw

    def record(self, layout: str, offset: int) -> tuple[int, ...]:
        """Return the record at ``offset``, which the caller has checked, in the file's byte order."""
        compiled = _compiled(self.order + layout)
        number = offset // _PAGE
        page = self._pages.get(number) or self._page(number)
        try:
            return compiled.unpack_from(page, offset % _PAGE)
        except struct.error:
            return compiled.unpack(self.bytes_at(offset, compiled.size))  # says what is missing

    def window(self, offset: int) -> tuple[bytes, int]:
        """Return bytes that lie around ``offset``, and where among them it is: 4096 follow it, or the file ends."""
        number = offset // _PAGE
        return self._pages.get(number) or self._page(number), offset % _PAGE

    def text_at(self, offset: int, most: int) -> bytes | None:
        """Return the bytes at ``offset`` up to a NUL, None without one among the next ``most``, which are checked."""
        number = offset // _PAGE
        page = self._pages.get(number) or self._page(number)
        start = offset % _PAGE
        end = page.find(b"\0", start, start + most)
        if end >= 0:
            return page[start:end]
        text, end_of_it, _ = self.bytes_at(offset, most).partition(b"\0")
        return text if end_of_it else None

    def _page(self, number: int) -> bytes:
        if len(self._pages) >= _MOST_PAGES:
            self._pages.clear()
        page = self._pages[number] = self._read(number * _PAGE, 2 * _PAGE)
        return page

    def _read(self, offset: int, size: int) -> bytes:
        # An unbuffered stream may give less than is there, in the middle of a file only by an interrupt.
        if self._descriptor is not None and len(raw := os.pread(self._descriptor, size, offset)) == size:
            return raw
        self._stream.seek(offset)
        raw = self._stream.read(size)
        while len(raw) < size and offset + len(raw) < self.size and (more := self._stream.read(size - len(raw))):
            raw += more
        return raw

    def records(self, layout: str, raw: bytes) -> Iterator[tuple[int, ...]]:
        """Yield the records of ``raw``, in the file's byte order; ``W`` in ``layout`` is a word of its class."""
        layout = layout.replace("W", "Q" if self.bits == 64 else "I")
        return _compiled(self.order + layout).iter_unpack(raw)

    def only(self, kind: int) -> Segment | None:
        """Return the segment of this type, or None; raises NotAudited when there are more than one."""
        found = self.of_type(kind)
        if len(found) > 1:
            raise NotAudited(f"malformed: {len(found)} segments of type {_NAMES[kind]}, at most one expected")
        return found[0] if found else None

    def of_type(self, kind: int) -> Sequence[Segment]:
        """Return the segments of this type in the file's order."""
        return self._by_type.get(kind, ())

    def locate(self, address: int) -> tuple[int, int] | None:
        """Return (file offset, bytes up to the end of its segment's file part) of a loaded address, or None."""
        for _, _, offset, start, file_size, _, _ in self.loads:
            inside = address - start
            if 0 <= inside < file_size:
                return offset + inside, file_size - inside
        return None

    def is_code(self, address: int) -> bool:
        """Whether code of the file lies at ``address``; on big-endian powerpc64 (ELFv1) it may be a descriptor."""
        is_descriptor = self.header.machine == EM_PPC64 and self.endianness == "big"
        allowed = None
        for _, flags, _, start, file_size, memory_size, _ in self.loads:
            if 0 <= address - start < file_size or (
                allowed is not None and memory_size and start // _PAGE == address // _PAGE
            ):
                allowed = flags & PF_X  # of two segments in a page, the later one's flags are the page's
        return allowed is not None and bool(allowed or is_descriptor)

    def span(self) -> tuple[int, int]:
        """Return the file offsets (start, end) between which all loadable bytes lie."""
        parts = [(load.offset, load.offset + load.file_size) for load in self.loads if load.file_size]
        return (min(start for start, _ in parts), max(end for _, end in parts)) if parts else (0, 0)

    def chunks(self, start: int, end: int, overlap: int) -> Iterator[bytes]:
        """Yield the bytes of ``start`` to ``end`` in pieces of PIECE bytes and ``overlap``, so that no text is cut."""
        while start < end:
            yield self.bytes_at(start, min(PIECE + overlap, end - start))
            start += PIECE

    def _check_type(self) -> None:
        if self.header.type in _UNLINKED:
            raise NothingToAudit(_UNLINKED[self.header.type])
        if self.header.type not in (ET_EXEC, ET_DYN):
            raise NotAudited(f"malformed: ELF type {self.header.type}, 2 (EXEC) or 3 (DYN) expected")

    def _read_segments(self) -> list[Segment]:
        offset, count = self.header.phoff, self.header.phnum
        entry = 56 if self.bits == 64 else 32
        if not count:
            raise NotAudited("malformed: no program headers, so nothing that could be loaded")
        if count > MAX_SEGMENTS:
            raise NotAudited(f"malformed: {count} program headers, at most {MAX_SEGMENTS} expected")
        if self.header.phentsize != entry:
            raise NotAudited(f"malformed: program headers of {self.header.phentsize} bytes, {entry} expected")
        if offset + count * entry > self.size:
            raise NotAudited("truncated: the file ends inside the program headers")
        table = self.bytes_at(offset, count * entry)
        if self.bits == 64:
            segments = list(map(Segment._make, self.records("IIQQ8xQQQ", table)))  # without the physical address
        else:
            segments = [
                Segment(kind, flags, at, to, size, memory, align)
                for kind, at, to, size, memory, flags, align in self.records("III4xIIII", table)
            ]
        for kind, _, offset, _, file_size, _, _ in segments:
            if offset + file_size > self.size and kind in _NAMES:
                raise NotAudited(
                    f"truncated: {_NAMES[kind]} holds {file_size} bytes from byte {offset} on, of a file of {self.size}"
                )
        return segments

    def _check_table(self) -> None:
        # A loader takes the distance between this address and the table for where the whole file is loaded, and so
        # finds the dynamic segment by it (glibc's elf/rtld.c, musl's ldso/dynlink.c).
        for segment in self.of_type(PT_PHDR) if self.of_type(PT_INTERP) else ():
            place = self.locate(segment.address)
            if place is None or place[0] != self.header.phoff:
                raise NotAudited("malformed: PT_PHDR does not say where the program headers are loaded")

    def _check_loads(self) -> None:
        if not self.loads:
            raise NotAudited("malformed: no PT_LOAD segment, so nothing that could be loaded")
        end = 0
        code = []
        for _, flags, _, address, file_size, memory_size, _ in self.loads:
            if file_size > memory_size:
                raise NotAudited("malformed: a PT_LOAD segment has more bytes in the file than in memory")
            if address < end:
                raise NotAudited("malformed: PT_LOAD segments overlap or are out of order")
            end = address + memory_size
            if end >= 1 << 64:
                raise NotAudited("malformed: a PT_LOAD segment ends outside the address space")
            if flags & PF_X:
                code.append(file_size)
        if code and not any(code):
            raise NothingToAudit("a separate debug file: its code segments hold no bytes")


def _refuse_foreign(start: bytes, policy: Policy) -> None:
    if not start:
        raise NothingToAudit("an empty file")
    if start[:4] == b"\x7fELF":
        if len(start) < 16:
            raise NotAudited("truncated: the file ends inside the ELF header")
        return
    for kind in policy.not_elf:
        if start.startswith(kind.bytes):
            raise NothingToAudit(kind.words)
    raise NothingToAudit("not an ELF file")


def _one_of(value: int, values: dict[int, Any], words: str) -> Any:
    if value not in values:
        raise NotAudited(f"malformed: {words} is {value}, 1 or 2 expected")
    return values[value]
