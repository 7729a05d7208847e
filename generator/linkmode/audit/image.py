"""An ELF file as its loader sees it: header, program headers, bytes by file offset and by address.

Record layouts are pyelftools'; the walking is ours, so that every offset and count is checked before it is used and
nothing depends on section headers, which pyelftools' own classes read (https://github.com/eliben/pyelftools).
Bounds: at most MAX_SEGMENTS program headers; every read is checked against the file's size first.
"""

import functools
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO, Literal

from elftools.common.exceptions import ELFError
from elftools.common.utils import struct_parse
from elftools.construct import ConstructError
from elftools.elf.structs import ELFStructs

from linkmode.audit.policy import Endianness, Machine, Policy
from linkmode.errors import LinkmodeError

MAX_SEGMENTS = 1024
PF_X = 1

_CHECKED = ("PT_LOAD", "PT_DYNAMIC", "PT_INTERP", "PT_NOTE")


class NotAudited(LinkmodeError):  # noqa: N818 - says what became of the file, as the message does
    """A file has no facts: it is not ELF, is no linked file, or contradicts itself."""


@functools.lru_cache(maxsize=64)
def _structs(bits: int, endianness: Endianness, e_machine: str | int | None) -> ELFStructs:
    structs = ELFStructs(little_endian=endianness == "little", elfclass=bits)
    structs.create_basic_structs()
    if e_machine is not None:
        structs.create_advanced_structs(e_machine=e_machine if isinstance(e_machine, str) else None)
    return structs


class Image:
    """Reads one ELF file. Construction checks the header and the program headers; raises NotAudited."""

    def __init__(self, stream: BinaryIO, size: int, policy: Policy) -> None:
        self.size = size
        self._stream = stream
        start = self._at(0, min(size, 64))
        self._refuse_foreign(start, policy)
        self.bits: Literal[32, 64] = _one_of(start, 4, {1: 32, 2: 64}, "class (EI_CLASS)")
        self.endianness: Endianness = _one_of(start, 5, {1: "little", 2: "big"}, "byte order (EI_DATA)")
        basic = _structs(self.bits, self.endianness, None)
        if len(start) < (64 if self.bits == 64 else 52):
            raise NotAudited("truncated: the file ends inside the ELF header")
        self.header = self._parse(basic.Elf_Ehdr, start)
        self._structs = _structs(self.bits, self.endianness, self.header["e_machine"])
        self.e_machine = self.number(start[18:20])
        self.machine: Machine | None = policy.find_machine(self.e_machine, self.bits, self.endianness)
        self._check_type(self.number(start[16:18]))
        self.segments = self._read_segments()
        self.loads = [segment for segment in self.segments if segment["p_type"] == "PT_LOAD"]
        self._check_loads()

    @property
    def machine_name(self) -> str:
        """The machine's name, or its number when the policy has no name for it."""
        return self.machine.name if self.machine else f"machine {self.e_machine}"

    @property
    def word(self) -> int:
        """The size of an address in bytes."""
        return self.bits // 8

    def number(self, raw: bytes) -> int:
        """Return the unsigned integer that ``raw`` holds in the file's byte order."""
        return int.from_bytes(raw, self.endianness)

    def bytes_at(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes at ``offset``; the caller has checked that they lie inside the file."""
        return self._at(offset, size)

    def record(self, kind: Literal["Elf_Dyn", "Elf_Verneed", "Elf_Vernaux"], raw: bytes) -> Any:
        """Return ``raw`` as one of pyelftools' records."""
        return self._parse(getattr(self._structs, kind), raw)

    def only(self, kind: Literal["PT_INTERP", "PT_DYNAMIC"]) -> Any | None:
        """Return the segment of this type, or None; raises NotAudited when there are more than one."""
        found = [segment for segment in self.segments if segment["p_type"] == kind]
        if len(found) > 1:
            raise NotAudited(f"malformed: {len(found)} segments of type {kind}, at most one expected")
        return found[0] if found else None

    def locate(self, address: int) -> tuple[int, int] | None:
        """Return (file offset, bytes up to the end of its segment's file part) of a loaded address, or None."""
        for load in self.loads:
            inside = address - load["p_vaddr"]
            if 0 <= inside < load["p_filesz"]:
                return load["p_offset"] + inside, load["p_filesz"] - inside
        return None

    def span(self) -> tuple[int, int]:
        """Return the file offsets (start, end) between which all loadable bytes lie."""
        parts = [(load["p_offset"], load["p_offset"] + load["p_filesz"]) for load in self.loads if load["p_filesz"]]
        return (min(start for start, _ in parts), max(end for _, end in parts)) if parts else (0, 0)

    def chunks(self, start: int, end: int, overlap: int) -> Iterator[bytes]:
        """Yield the bytes of ``start`` to ``end`` in pieces of 1 MiB that overlap, so that no text is cut."""
        step = 1 << 20
        while start < end:
            yield self._at(start, min(step + overlap, end - start))
            start += step

    def _at(self, offset: int, size: int) -> bytes:
        self._stream.seek(offset)
        raw = self._stream.read(size)
        if len(raw) != size:
            raise NotAudited(f"truncated: {size} bytes expected at offset {offset}, {len(raw)} found")
        return raw

    def _parse(self, struct: Any, raw: bytes) -> Any:
        # The one place where pyelftools runs; what it raises for bad bytes is not all ELFError.
        try:
            return struct_parse(struct, BytesIO(raw))
        except (ELFError, ConstructError, ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
            raise NotAudited(f"malformed: {error}") from error

    def _refuse_foreign(self, start: bytes, policy: Policy) -> None:
        if not start:
            raise NotAudited("an empty file")
        if start[:4] == b"\x7fELF":
            if len(start) < 16:
                raise NotAudited("truncated: the file ends inside the ELF header")
            return
        for kind in policy.not_elf:
            if start.startswith(bytes.fromhex(kind.magic)):
                raise NotAudited(kind.words)
        raise NotAudited("not an ELF file")

    def _check_type(self, e_type: int) -> None:
        unlinked = {1: "a relocatable object (.o), not linked yet", 4: "a core dump, not a program"}
        if e_type in unlinked:
            raise NotAudited(unlinked[e_type])
        if e_type not in (2, 3):
            raise NotAudited(f"malformed: ELF type {e_type}, 2 (EXEC) or 3 (DYN) expected")

    def _read_segments(self) -> list[Any]:
        offset, count = self.header["e_phoff"], self.header["e_phnum"]
        entry = 56 if self.bits == 64 else 32
        if not count:
            raise NotAudited("malformed: no program headers, so nothing that could be loaded")
        if count > MAX_SEGMENTS:
            raise NotAudited(f"malformed: {count} program headers, at most {MAX_SEGMENTS} expected")
        if self.header["e_phentsize"] != entry:
            raise NotAudited(f"malformed: program headers of {self.header['e_phentsize']} bytes, {entry} expected")
        if offset + count * entry > self.size:
            raise NotAudited("truncated: the file ends inside the program headers")
        table = self._at(offset, count * entry)
        segments = [
            self._parse(self._structs.Elf_Phdr, table[at : at + entry]) for at in range(0, count * entry, entry)
        ]
        for segment in segments:
            start, length = segment["p_offset"], segment["p_filesz"]
            if segment["p_type"] in _CHECKED and start + length > self.size:
                raise NotAudited(
                    f"truncated: {segment['p_type']} holds {length} bytes from byte {start} on, "
                    f"of a file of {self.size}"
                )
        return segments

    def _check_loads(self) -> None:
        if not self.loads:
            raise NotAudited("malformed: no PT_LOAD segment, so nothing that could be loaded")
        end = 0
        for load in self.loads:
            if load["p_filesz"] > load["p_memsz"]:
                raise NotAudited("malformed: a PT_LOAD segment has more bytes in the file than in memory")
            if load["p_vaddr"] < end:
                raise NotAudited("malformed: PT_LOAD segments overlap or are out of order")
            end = load["p_vaddr"] + load["p_memsz"]
            if end >= 1 << 64:
                raise NotAudited("malformed: a PT_LOAD segment ends outside the address space")
        code = [load["p_filesz"] for load in self.loads if load["p_flags"] & PF_X]
        if code and not any(code):
            raise NotAudited("a separate debug file: its code segments hold no bytes")


def _one_of(start: bytes, at: int, values: dict[int, Any], words: str) -> Any:
    if start[at] not in values:
        raise NotAudited(f"malformed: {words} is {start[at]}, 1 or 2 expected")
    return values[start[at]]
