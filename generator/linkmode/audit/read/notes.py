"""Reads the notes of PT_NOTE segments: their owner, their kind, and the contents of short ones."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from linkmode.audit.read.facts import Cpu
from linkmode.audit.read.image import PT_NOTE, Image

MAX_NOTES = 4096
MAX_OWNER = 12
MAX_DATA = 256
"""Longer data is not kept: no note of interest has more."""

GNU_ABI_TAG = (b"GNU\0", 1)
GNU_BUILD_ID = (b"GNU\0", 3)
GNU_PROPERTIES = (b"GNU\0", 5)
GO_BUILD_ID = (b"Go\0\0", 4)


class Note(NamedTuple):
    """A note; ``owner`` is its owner's name, at most MAX_OWNER bytes with the NULs at its end."""

    owner: bytes
    type: int
    data: bytes


def read(image: Image) -> tuple[Note, ...]:
    """Return the notes of the PT_NOTE segments in the file's order."""
    return within(image, ((one.offset, one.file_size, one.align) for one in image.of_type(PT_NOTE)))


def within(image: Image, places: Iterable[tuple[int, int, int]]) -> tuple[Note, ...]:
    """Return the notes that lie in (offset, size, alignment) of the file, which the caller has checked.

    A note that does not fit ends its place, as for other tools.
    """
    found = []
    left = MAX_NOTES
    for at, size, alignment in places:
        align = 8 if alignment == 8 else 4
        end = at + size
        while end - at >= 12 and left:
            left -= 1
            name_size, data_size, kind = image.record("III", at)
            data = at + -(-(12 + name_size) // align) * align
            if name_size > end - at - 12 or data + data_size > end:
                break
            if name_size <= MAX_OWNER:
                kept = image.bytes_at(data, data_size) if data_size <= MAX_DATA else b""
                found.append(Note(image.bytes_at(at + 12, name_size), kind, kept))
            at = data + -(-data_size // align) * align
    return tuple(found)


_ISA_NEEDED, _FEATURES_X86, _FEATURES_AARCH64 = 0xC0008002, 0xC0000002, 0xC0000000
_LEVELS = ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4")
_FEATURES = {_FEATURES_X86: ("ibt", "shstk"), _FEATURES_AARCH64: ("bti", "pac", "gcs")}


def properties(image: Image, notes: Sequence[Note]) -> tuple[Cpu | None, tuple[str, ...]]:
    """Return the CPU's level that is needed, and the features that all of the file's code can be used with.

    From NT_GNU_PROPERTY_TYPE_0, whose bits the x86-64 and AArch64 ABIs number:
    https://gitlab.com/x86-psABIs/x86-64-ABI and https://github.com/ARM-software/abi-aa (sysvabi64).
    """
    cpu: Cpu | None = None
    features: list[str] = []
    for note in notes:
        if (note.owner, note.type) != GNU_PROPERTIES:
            continue
        at = 0
        while at + 12 <= len(note.data):
            kind, size = image.number(note.data[at : at + 4]), image.number(note.data[at + 4 : at + 8])
            bits = image.number(note.data[at + 8 : at + 12]) if size == 4 else 0
            if kind == _ISA_NEEDED and image.machine_name in ("x86_64", "x32", "i386") and 0 < bits < 16:
                cpu = Cpu(_LEVELS[bits.bit_length() - 1], "note GNU_PROPERTY_X86_ISA_1_NEEDED")
            names = _FEATURES.get(kind, ()) if (kind == _FEATURES_AARCH64) == ("aarch64" in image.machine_name) else ()
            features += [name for bit, name in enumerate(names) if bits >> bit & 1]
            at += 8 + -(-size // image.word) * image.word
    return cpu, tuple(features)


def build_id(notes: Sequence[Note]) -> str | None:
    """Return the first NT_GNU_BUILD_ID that is not empty, in hexadecimal, or None."""
    return next((note.data.hex() for note in notes if (note.owner, note.type) == GNU_BUILD_ID and note.data), None)
