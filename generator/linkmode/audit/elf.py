"""Facts of an ELF file, from program headers and the dynamic segment only: sections may be stripped or lie.

Follows the System V ABI (https://www.sco.com/developers/gabi/latest/contents.html) and what the kernel's and the
libcs' loaders really do where it leaves a choice: the last of two equal dynamic tags counts, version needs end at
``vn_next == 0``. A file whose tables contradict each other is refused rather than guessed at.
The same walk, check by check and in this order, is in templates/bazel/tools/elfcheck/facts.h.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from linkmode.audit import libc, policy
from linkmode.audit.facts import Facts, Kind, VersionNeed, printable
from linkmode.audit.image import (
    ET_EXEC,
    PF_X,
    PT_DYNAMIC,
    PT_GNU_RELRO,
    PT_GNU_STACK,
    PT_INTERP,
    Image,
    NotAudited,
    Segment,
)

MAX_DYNAMIC = 65536
MAX_NAMES = 1024
MAX_STRING = 16384
MAX_TEXT = 1 << 20
MAX_VERSIONS = 4096

DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_SONAME, DT_RPATH = 1, 5, 10, 14, 15
DT_TEXTREL, DT_BIND_NOW, DT_RUNPATH, DT_FLAGS = 22, 24, 29, 30
DT_FLAGS_1, DT_VERNEED = 0x6FFFFFFB, 0x6FFFFFFE

_DF_TEXTREL = 0x4
_DF_BIND_NOW = 0x8
_DF_1_NOW = 0x1
_DF_1_PIE = 0x08000000


class Dynamic:
    """The dynamic segment: the value of each tag (the last one counts) and the libraries of DT_NEEDED in order."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._values: dict[int, int] = {}
        self._text_left = MAX_TEXT
        needed: list[int] = []
        segment = image.only(PT_DYNAMIC)
        self.present = segment is not None
        if segment is not None:
            needed = self._walk(segment)
        self._strings = self._locate_strings()
        self.needed = tuple(self.string(offset, "DT_NEEDED") for offset in needed)

    def __contains__(self, tag: int) -> bool:
        return tag in self._values

    def value(self, tag: int) -> int:
        """Return the value of a tag, 0 when it is absent."""
        return self._values.get(tag, 0)

    def name(self, tag: int, what: str) -> str | None:
        """Return the string that a tag names, or None when the tag is absent; ``what`` names it in a refusal."""
        return self.string(self._values[tag], what) if tag in self._values else None

    def string(self, offset: int, what: str) -> str:
        """Return the string at ``offset`` of DT_STRTAB, escaped; raise NotAudited when it does not end there."""
        start, size = self._strings
        if offset >= size:
            raise NotAudited(f"malformed: {what} names byte {offset} of a string table of {size} bytes")
        raw = self._image.bytes_at(start + offset, min(size - offset, MAX_STRING))
        text, end, _ = raw.partition(b"\0")
        if not end:
            raise NotAudited(f"malformed: the string of {what} does not end within {MAX_STRING} bytes")
        self._text_left -= len(text) + 1
        if self._text_left < 0:
            raise NotAudited(f"malformed: the dynamic segment names more than {MAX_TEXT} bytes of strings")
        return printable(text)

    def version_needs(self) -> tuple[VersionNeed, ...]:
        """Return DT_VERNEED; raise NotAudited when its records leave their segment or never end."""
        return tuple(VersionNeed(library, tuple(name for _, name in versions)) for library, versions in self.needs())

    def needs(self) -> list[tuple[str, list[tuple[int, str]]]]:
        """Return (library, [(index in DT_VERSYM, version)]) of DT_VERNEED, as :meth:`version_needs` does."""
        if DT_VERNEED not in self:
            return []
        place = self._image.locate(self._values[DT_VERNEED])
        if place is None:
            raise NotAudited("malformed: DT_VERNEED lies outside the loadable segments")
        start, size = place
        needs, at, left = [], 0, MAX_VERSIONS
        while True:
            _, _, file, aux_at, next_need = self._record("HHIII", start, at, size)
            versions, aux = [], at + aux_at
            while True:
                left -= 1
                if left < 0:
                    raise NotAudited(f"malformed: DT_VERNEED holds more than {MAX_VERSIONS} versions")
                _, _, other, name, next_aux = self._record("IHHII", start, aux, size)
                versions.append((other, self.string(name, "DT_VERNEED")))
                if not next_aux:
                    break
                aux += next_aux
            needs.append((self.string(file, "DT_VERNEED"), versions))
            if not next_need:
                return needs
            at += next_need

    def _record(self, layout: str, start: int, at: int, size: int) -> tuple[int, ...]:
        if at + 16 > size:
            raise NotAudited("malformed: DT_VERNEED leaves its segment")
        return next(self._image.records(layout, self._image.bytes_at(start + at, 16)))

    def _walk(self, segment: Segment) -> list[int]:
        image = self._image
        place = image.locate(segment.address)
        if place is None or place[0] != segment.offset or place[1] < segment.file_size:
            raise NotAudited("malformed: PT_DYNAMIC does not lie inside a loadable segment")
        entry = 2 * image.word
        count = min(segment.file_size // entry, MAX_DYNAMIC)
        needed: list[int] = []
        for tag, value in image.records("WW", image.bytes_at(segment.offset, count * entry)):
            if not tag:
                return needed
            if tag == DT_NEEDED:
                needed.append(value)
                if len(needed) > MAX_NAMES:
                    raise NotAudited(f"malformed: more than {MAX_NAMES} DT_NEEDED entries")
            self._values[tag] = value
        raise NotAudited("malformed: the dynamic segment has no end (DT_NULL)")

    def _locate_strings(self) -> tuple[int, int]:
        if DT_STRTAB not in self:
            return 0, 0
        place = self._image.locate(self._values[DT_STRTAB])
        size = self.value(DT_STRSZ)
        if place is None or place[1] < size:
            raise NotAudited("malformed: the dynamic string table does not lie inside a loadable segment")
        return place[0], size


def kind_of(e_type: int, dynamic: Dynamic, interpreter: str | None) -> Kind:
    """Tell a program from a library.

    ET_DYN is a program when it has DF_1_PIE, or, from linkers that predate that flag, an interpreter and no
    DT_SONAME (libc.so.6 has both an interpreter and a soname).
    """
    if e_type == ET_EXEC:
        return "executable"
    if dynamic.value(DT_FLAGS_1) & _DF_1_PIE:
        return "pie" if interpreter is not None or dynamic.needed else "static-pie"
    return "pie" if interpreter is not None and DT_SONAME not in dynamic else "shared object"


def _interpreter(image: Image) -> str | None:
    segment = image.only(PT_INTERP)
    if segment is None:
        return None
    size = segment.file_size
    if not 2 <= size <= 4096:  # the kernel's own bounds, fs/binfmt_elf.c
        raise NotAudited(f"malformed: PT_INTERP of {size} bytes, 2 to 4096 expected")
    raw = image.bytes_at(segment.offset, size)
    if raw[-1]:
        raise NotAudited("malformed: the string of PT_INTERP does not end")
    return printable(raw.partition(b"\0")[0])


def facts(stream: BinaryIO, size: int) -> Facts:
    """Return the facts of the ELF file that ``stream`` holds in ``size`` bytes; raise NotAudited when it has none."""
    known = policy.load()
    image = Image(stream, size, known)
    interpreter = _interpreter(image)
    dynamic = Dynamic(image)
    soname, rpath, runpath = (dynamic.name(tag) for tag in ("DT_SONAME", "DT_RPATH", "DT_RUNPATH"))
    version_needs = dynamic.version_needs()
    kind = kind_of(image.header["e_type"], dynamic, interpreter)
    is_static = interpreter is None and not dynamic.needed and kind != "shared object"
    found = (
        libc.of_static(image, known)
        if is_static
        else libc.of_dynamic(interpreter, dynamic.needed, version_needs, known)
    )
    required, unnumbered = libc.glibc_required(version_needs, known)
    stacks = [segment["p_flags"] for segment in image.segments if segment["p_type"] == "PT_GNU_STACK"]
    has_relro = any(segment["p_type"] == "PT_GNU_RELRO" for segment in image.segments)
    bind_now = bool(
        "DT_BIND_NOW" in dynamic or dynamic.flags("DT_FLAGS") & _DF_BIND_NOW or dynamic.value(DT_FLAGS_1) & _DF_1_NOW
    )
    return Facts(
        size=size,
        bits=image.bits,
        endianness=image.endianness,
        machine=image.machine_name,
        kind=kind,
        interpreter=interpreter,
        needed=dynamic.needed,
        soname=soname,
        rpath=rpath,
        runpath=runpath,
        version_needs=version_needs,
        libc=found.libc,
        libc_evidence=found.evidence,
        glibc_required=required,
        glibc_unnumbered=unnumbered,
        executable_stack="unset" if not stacks else "yes" if stacks[-1] & PF_X else "no",
        relro="none" if not has_relro else "full" if bind_now else "partial",
        bind_now=bind_now,
    )


def read(path: Path) -> Facts:
    """Return the facts of the file at ``path``; raise NotAudited when it can't be read or has none.

    Only regular files are opened for reading: a FIFO or a device would block, or never end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - of a descriptor, not of a path
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise NotAudited(f"cannot be read: {os.strerror(errno.EISDIR)}")
            if not stat.S_ISREG(status.st_mode):
                raise NotAudited("not a regular file")
            return facts(stream, status.st_size)
    except OSError as error:
        raise NotAudited(f"cannot be read: {error.strerror}") from error
    except ValueError as error:  # a NUL in the path
        raise NotAudited(f"cannot be read: {error}") from error
