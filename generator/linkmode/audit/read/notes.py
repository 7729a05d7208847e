"""Notes of the PT_NOTE segments: who wrote them, what kind they are, what short ones say."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from linkmode.audit.read.image import PT_NOTE, Image

MAX_NOTES = 4096
MAX_DATA = 64
"""Longer data is not kept: no note that is asked for has more."""

GNU_ABI_TAG = (b"GNU\0", 1)
GNU_BUILD_ID = (b"GNU\0", 3)
GO_BUILD_ID = (b"Go\0\0", 4)


class Note(NamedTuple):
    """A note whose owner's name is of four bytes, as that of every note that is asked for."""

    owner: bytes
    type: int
    data: bytes


def read(image: Image) -> tuple[Note, ...]:
    """Return the notes of the PT_NOTE segments in the file's order."""
    segments = (segment for segment in image.segments if segment.type == PT_NOTE)
    return within(image, ((segment.offset, segment.file_size, segment.align) for segment in segments))


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
            name_size, data_size, kind = next(image.records("III", image.bytes_at(at, 12)))
            data = at + -(-(12 + name_size) // align) * align
            if name_size > end - at - 12 or data + data_size > end:
                break
            if name_size == 4:
                kept = image.bytes_at(data, data_size) if data_size <= MAX_DATA else b""
                found.append(Note(image.bytes_at(at + 12, 4), kind, kept))
            at = data + -(-data_size // align) * align
    return tuple(found)


def build_id(notes: Sequence[Note]) -> str | None:
    """Return the first NT_GNU_BUILD_ID that is not empty, in hexadecimal, or None."""
    return next((note.data.hex() for note in notes if (note.owner, note.type) == GNU_BUILD_ID and note.data), None)
