"""Reads the facts of an ELF file from program headers and the dynamic segment only. Sections may be stripped or wrong.

A file whose tables contradict each other is refused rather than guessed at.
The same walk, check by check and in this order, is in templates/common/tools/elfcheck/facts.h.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec

from linkmode.audit.read import behind, libc, loading, notes, policy
from linkmode.audit.read.dynamic import (
    DT_BIND_NOW,
    DT_DEBUG,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_RELR,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    DT_TEXTREL,
    Dynamic,
)
from linkmode.audit.read.facts import Facts, Kind, printable
from linkmode.audit.read.image import (
    ET_EXEC,
    PF_W,
    PF_X,
    PT_GNU_RELRO,
    PT_GNU_STACK,
    PT_INTERP,
    Image,
    NotAudited,
    NothingToAudit,
)

if TYPE_CHECKING:
    from pathlib import Path

_PF_WX = PF_W | PF_X
_DF_TEXTREL = 0x4
_DF_BIND_NOW = 0x8
_DF_1_NOW = 0x1
_DF_1_NODEFLIB = 0x800
_DF_1_PIE = 0x08000000

_OS_ABI = {
    0: "System V",
    1: "HP-UX",
    2: "NetBSD",
    3: "GNU/Linux",
    6: "Solaris",
    9: "FreeBSD",
    12: "OpenBSD",
    64: "ARM EABI",
    65: "ARM FDPIC",
    97: "ARM",
    255: "standalone",
}
"""EI_OSABI by number: https://www.sco.com/developers/gabi/latest/ch4.eheader.html, and the ARM ABI's own."""


def kind_of(e_type: int, dynamic: Dynamic, interpreter: str | None, *, has_code: bool) -> Kind:
    """Tell a program from a library.

    ET_DYN is a program when it has DF_1_PIE, or, from linkers that predate that flag, an interpreter and no
    DT_SONAME (libc.so.6 has both an interpreter and a soname), or DT_DEBUG, which linkers give to programs only. No
    loader takes what lacks PT_DYNAMIC for a library; ``has_code`` says that Linux finds code at its entry point.
    """
    if e_type == ET_EXEC:
        return "executable"
    is_program = DT_DEBUG in dynamic and DT_SONAME not in dynamic if dynamic.present else has_code
    if is_program or dynamic.value(DT_FLAGS_1) & _DF_1_PIE:
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
    if not raw[0]:
        raise NotAudited("malformed: PT_INTERP names no file")
    return printable(raw.partition(b"\0")[0])


def facts(stream: BinaryIO, size: int, *, with_contents: bool = False, floor: str | None = None) -> Facts:
    """Return the facts of the ELF file that ``stream`` holds in ``size`` bytes; raise NotAudited when it has none.

    Only headers, the dynamic segment and notes are read, unless ``with_contents``: then every byte is
    (:mod:`linkmode.audit.read.contents`, which says what ``floor`` asks for).
    """
    known = policy.load()
    image = Image(stream, size, known)
    dynamic, known_facts = _of_headers(image, known)
    if not with_contents:
        return known_facts
    from linkmode.audit.read import contents  # imported on use: it is slow

    inside = contents.read(image, dynamic, known_facts, floor)
    return msgspec.structs.replace(known_facts, contents=inside, cpu=known_facts.cpu or inside.cpu)


def _of_headers(image: Image, known: policy.Policy) -> tuple[Dynamic, Facts]:
    followed = behind.read(image, known)
    interpreter = _interpreter(image)
    dynamic = Dynamic(image)
    rpath = dynamic.name(DT_RPATH, "DT_RPATH")
    runpath = dynamic.name(DT_RUNPATH, "DT_RUNPATH")
    version_needs = dynamic.version_needs()
    entry = image.header.entry
    has_code = entry != 0 and image.is_code(entry)
    kind = kind_of(image.header.type, dynamic, interpreter, has_code=has_code)
    is_static = interpreter is None and not dynamic.needed and kind != "shared object"
    held = notes.read(image)
    found = libc.of_system(image, held, known) or (
        libc.of_static(image, held, known)
        if is_static
        else libc.of_dynamic(image, interpreter, dynamic.needed, version_needs, known)
    )
    required, unnumbered = libc.glibc_required(version_needs, known)
    stacks = image.of_type(PT_GNU_STACK)
    has_relro = bool(image.of_type(PT_GNU_RELRO))
    flags, flags_1 = dynamic.value(DT_FLAGS), dynamic.value(DT_FLAGS_1)
    bind_now = bool(DT_BIND_NOW in dynamic or flags & _DF_BIND_NOW or flags_1 & _DF_1_NOW)
    cpu, features = notes.properties(image, held)
    return dynamic, Facts(
        size=image.size,
        bits=image.bits,
        endianness=image.endianness,
        machine=image.machine_name,
        abi=known.abis(image.machine_name, image.header.flags),
        unstartable=loading.fault(image, dynamic, version_needs, kind, found.libc),
        os_abi=_OS_ABI.get(image.os_abi) or f"OS/ABI {image.os_abi}",
        kind=kind,
        entry=entry,
        entry_in_code=has_code,
        interpreter=interpreter,
        needed=dynamic.needed,
        soname=dynamic.soname,
        rpath=rpath,
        runpath=runpath,
        version_needs=version_needs,
        libc=found.libc,
        libc_evidence=found.evidence,
        system=found.system,
        cpu=cpu,
        cpu_features=features,
        writable_code=any(load.flags & _PF_WX == _PF_WX for load in image.loads),
        glibc_required=required,
        glibc_unnumbered=unnumbered,
        executable_stack="unset" if not stacks else "yes" if stacks[-1].flags & PF_X else "no",
        relro="none" if not has_relro else "full" if bind_now else "partial",
        bind_now=bind_now,
        text_relocations=bool(DT_TEXTREL in dynamic or flags & _DF_TEXTREL),
        build_id=notes.build_id(held),
        packed_relocations=DT_RELR in dynamic,
        also_loads=dynamic.also_loads,
        no_default_folders=bool(flags_1 & _DF_1_NODEFLIB),
        behind=followed,
    )


@contextmanager
def opened(path: "str | Path") -> Iterator[tuple[BinaryIO, int]]:
    """Open the regular file at ``path`` and give it with its size; raise NotAudited for what else there may be.

    Nothing but regular files is opened for reading: a FIFO or a device would block, or never end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        # of a descriptor, not of a path; unbuffered, for an image keeps what it reads
        with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise NotAudited(f"cannot be read: {os.strerror(errno.EISDIR)}")
            if not stat.S_ISREG(status.st_mode):
                raise NothingToAudit("not a regular file")
            yield cast(BinaryIO, stream), status.st_size
    except OSError as error:
        raise NotAudited(f"cannot be read: {error.strerror}") from error
    except ValueError as error:  # a NUL in the path
        raise NotAudited(f"cannot be read: {error}") from error


def read(path: "str | Path", *, with_contents: bool = False, floor: str | None = None) -> Facts:
    """Return the facts of the file at ``path``, as :func:`facts` does; raise NotAudited when it has none."""
    with opened(path) as (stream, size):
        return facts(stream, size, with_contents=with_contents, floor=floor)
