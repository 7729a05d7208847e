"""Determines which libc a file uses or contains, with the evidence."""

import functools
from collections.abc import Sequence

import msgspec

from linkmode.audit.read.facts import VersionNeed
from linkmode.audit.read.image import Image
from linkmode.audit.read.notes import GNU_ABI_TAG, GO_BUILD_ID, Note
from linkmode.audit.read.policy import Libc, Policy

MAX_SEARCHED = 1 << 30


_SHARED_NAME = "libc.so"
"""musl's libc, and Android's."""


class Found(msgspec.Struct, frozen=True):
    """A libc and the evidence for it, in words; and the system's name where that is not Linux with glibc or musl."""

    libc: Libc
    evidence: str
    system: str | None = None


def of_system(image: Image, notes: Sequence[Note], known: Policy) -> Found | None:
    """Tell a file of another system by EI_OSABI, then by its notes; None for one of Linux, or of nobody's.

    ``Found.system`` is the system's name.
    """
    if system := known.system_by_os_abi.get(image.os_abi):
        return Found("other", f"made for {system.name}: EI_OSABI", system.name)
    for note in notes:
        if note.type == 1 and (system := known.system_by_owner.get(note.owner.partition(b"\0")[0])):
            return Found("other", f"made for {system.name}: note of owner {system.owner}", system.name)
        is_tag = (note.owner, note.type) == GNU_ABI_TAG and len(note.data) >= 4
        if is_tag and (system := known.system_by_tag.get(image.number(note.data[:4]))):
            return Found("other", f"made for {system.name}: note NT_GNU_ABI_TAG", system.name)
    return None


def of_dynamic(
    image: Image,
    interpreter: str | None,
    needed: tuple[str, ...],
    version_needs: tuple[VersionNeed, ...],
    known: Policy,
) -> Found:
    """Tell the libc of a file that is loaded by, or into, another: its loader, then its libraries, then versions."""
    if interpreter is not None:
        owner = known.interpreter_owner(interpreter, image.machine)
        if owner:
            return Found(owner, f"interpreter {interpreter}")
        for system in known.system:
            if interpreter in system.loaders:
                return Found("other", f"made for {system.name}: interpreter {interpreter}", system.name)
        return Found("unknown", f"interpreter {interpreter} is no loader of glibc or musl")
    foreign = None
    if not known.foreign_sonames.isdisjoint(needed):
        foreign = next(
            (system.name, soname) for system in known.system for soname in needed if soname in system.sonames
        )
    for soname in needed:
        owner = known.owner(soname)
        if owner and not (soname == _SHARED_NAME and foreign):
            return Found(owner, f"needs {soname}")
    if foreign:
        return Found("other", f"made for {foreign[0]}: needs {foreign[1]}", foreign[0])
    for need in version_needs:
        for version in need.versions:
            if version.startswith("GLIBC_"):
                return Found("glibc", f"needs {version} of {need.library}")
    return Found("unknown", "needs no library of glibc or musl") if needed else Found("none", "needs no library")


def of_static(image: Image, notes: Sequence[Note], known: Policy) -> Found:
    """Tell the libc inside a static program: its notes, then its entry point, then its texts.

    glibc's crt1.o brings NT_GNU_ABI_TAG, musl's start code is fixed assembly, and Go's linker leaves its build ID in
    every file; all three survive stripping. A Go program that was linked by a C compiler has a C start and is
    told by it. A program with a start of its own is told by the texts that a libc always leaves, or is unknown.
    """
    kinds = [(note.owner, note.type) for note in notes]
    if GNU_ABI_TAG in kinds:
        return Found("glibc", "note NT_GNU_ABI_TAG, which glibc's crt1.o brings")
    if _starts_as_musl(image):
        return Found("musl", "its entry point is musl's _start")
    if GO_BUILD_ID in kinds:
        return Found("none", "note of Go's linker, and no C start code")
    start, end = image.span()
    end = min(end, start + MAX_SEARCHED)
    texts = [text for mark in known.mark for text in mark.texts]
    seen: set[str] = set()
    for chunk in image.chunks(start, end, max(map(len, texts)) - 1):
        seen.update(text for text in texts if text not in seen and text.encode() in chunk)
    for mark in known.mark:
        if all(text in seen for text in mark.texts):
            return Found(mark.libc, f'the texts "{mark.texts[0]}" and others of it among its loadable bytes')
    hint = next(((mark.libc, text) for mark in known.mark for text in mark.texts if text in seen), None)
    if hint:
        return Found("unknown", f'the text "{hint[1]}" among its loadable bytes is a hint at {hint[0]}, and no proof')
    return Found("unknown", "no note, start code or text of glibc, musl or Go")


def _starts_as_musl(image: Image) -> bool:
    pattern = image.machine.start_bytes if image.machine else ()
    place = image.locate(image.header.entry)
    if not pattern or place is None or place[1] < len(pattern):
        return False
    raw = image.bytes_at(place[0], len(pattern))
    return all(want is None or want == byte for want, byte in zip(pattern, raw, strict=True))


@functools.lru_cache(maxsize=1024)  # the same few hundred names come in every file
def version_number(text: str) -> tuple[int, ...] | None:
    """Return ``2.34`` as (2, 34): two to four parts of one to five digits. None for anything else."""
    parts = text.split(".")
    if not 2 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() and len(part) <= 5 for part in parts):
        return None
    return tuple(map(int, parts))


def glibc_number(version: str, known: Policy) -> str | None:
    """Return the release that a ``GLIBC_`` version name stands for, or None if it has no number."""
    return _release(version, known.glibc_version.get(version))[0]


def glibc_required(needs: tuple[VersionNeed, ...], known: Policy) -> tuple[str | None, tuple[str, ...]]:
    """Return the highest glibc release that the version names ask for, and the names that have no number."""
    highest: str | None = None
    number: tuple[int, ...] = ()
    unnumbered: list[str] = []
    for need in needs:
        for version in need.versions:
            if not version.startswith("GLIBC_"):
                continue
            release, its_number = _release(version, known.glibc_version.get(version))
            if release is None:
                if version not in unnumbered:
                    unnumbered.append(version)
            elif its_number > number:
                highest, number = release, its_number
    return highest, tuple(unnumbered)


@functools.lru_cache(maxsize=1024)
def _release(version: str, renamed: str | None) -> tuple[str | None, tuple[int, ...]]:
    release = renamed or version.removeprefix("GLIBC_")
    number = version_number(release)
    return (release, number) if number else (None, ())
