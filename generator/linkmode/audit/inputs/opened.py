"""Opens an archive of any kind, and yields its members."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from linkmode.archives import cpio, tar
from linkmode.archives.compression import decompressed, name_of
from linkmode.archives.members import (
    BLOCK,
    Bounds,
    Budget,
    Counted,
    Member,
    NotAnArchive,
    Policy,
    Readable,
    Refusal,
    shown_name,
)
from linkmode.audit.inputs import deb, images, layers, rpm
from linkmode.audit.inputs.find import Kind
from linkmode.audit.inputs.parts import FolderParts, Parts, TarParts


class Entry(NamedTuple):
    """A member, and which of an archive's images it is of: empty when there is but one, None when it is no image's.

    ``layer`` is the layer of the image that brought it. ``absent`` says, instead of a member, why an image that the
    archive names has none.
    """

    image: str | None
    member: Member | None
    layer: str | None = None
    absent: str = ""


class IsImage(Exception):  # noqa: N818 - says what was found, and is no error
    """What is being read as a compressed tar archive has the mark of a container image: ask :func:`image_members`."""


def members(path: Path, kind: Kind) -> Iterator[Entry]:
    """Yield the members of the archive at ``path``; their bytes are good until the next is asked for.

    Raises Refusal where the archive is not well formed or gives too much, OSError where it can't be read, and IsImage,
    after which what was yielded is void. What is wrong with one member alone is a BadMember, raised when it is read.
    """
    if kind == "layout":
        yield from _of_images(FolderParts(path))
        return
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        budget = Budget(Bounds.to_look(size))
        if kind == "tar":
            yield from _of_tar(stream, size)
        elif kind == "compressed":
            yield from _of_compressed(stream, size, budget)
        elif kind == "deb":
            yield from (Entry(None, member) for member in deb.members(stream, size, budget))
        elif kind == "rpm":
            yield from (Entry(None, member) for member in rpm.members(stream, size, budget))
        elif kind == "cpio":
            yield from (Entry(None, member) for member in cpio.members(Counted(stream, budget), budget))
        else:
            from linkmode.audit.inputs import zipped  # zipfile takes longer to import than many files to audit

            yield from (Entry(None, member) for member in zipped.members(stream, budget))


def image_members(path: Path) -> Iterator[Entry]:
    """Yield the members of the image in a compressed archive, through a nameless temporary file.

    Layers lie in any order and are needed in theirs, so that all has to be at hand.
    """
    with path.open("rb") as stream, tempfile.TemporaryFile() as whole:
        size = os.fstat(stream.fileno()).st_size
        source = decompressed(stream, size, Budget(Bounds.to_look(size)))
        while source is not None and (block := source.read(BLOCK)):
            whole.write(block)
        # What lies in the layers is measured by what was given, not by what came of it.
        unpacked = whole.tell()
        whole.seek(0)
        yield from _of_tar(whole, unpacked, Bounds.to_look(size))


def _of_tar(stream: BinaryIO, size: int, bounds: Bounds | None = None) -> Iterator[Entry]:
    if _has_mark(stream, size):
        stream.seek(0)
        parts = TarParts(stream, size)
        if images.images(parts) is not None:
            yield from _of_images(parts, bounds)
            return
    stream.seek(0)
    plain = tar.members(stream, Budget(Bounds.to_look(size)), Policy.LOOK)
    yield from (Entry(None, member) for member in plain)


def _has_mark(stream: BinaryIO, size: int) -> bool:
    found = tar.members(stream, Budget(Bounds.to_look(size)), Policy.LOOK)
    try:
        return any(shown_name(member.name) in images.MARKS for member in found)
    except Refusal:
        return False  # damaged: the second pass reports the members before the damage


def _of_compressed(stream: BinaryIO, size: int, budget: Budget) -> Iterator[Entry]:
    name = name_of(stream.read(8))
    stream.seek(0)
    source = decompressed(stream, size, budget)
    start = source.read(tar.RECORD) if source else b""
    while source and len(start) < tar.RECORD and (more := source.read(tar.RECORD - len(start))):
        start += more
    if source is not None and start.startswith(cpio.MAGICS):
        yield from (Entry(None, member) for member in cpio.members(_Again(start, source), budget))
        return
    if source is None or not tar.is_tar(start):
        raise NotAnArchive(
            f"{name} data, and neither a tar nor a cpio archive in it; unpack it, and name what it holds"
        )
    for member in tar.members(_Again(start, source), budget, Policy.LOOK):
        if shown_name(member.name) in images.MARKS:
            raise IsImage
        yield Entry(None, member)
    while source.read(BLOCK):
        continue  # the checksum stands at the end


class _Again:
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: Readable) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._start:
            block, self._start = self._start[:size], self._start[size:]
            return block
        return self._rest.read(size)


def _of_images(parts: Parts, bounds: Bounds | None = None) -> Iterator[Entry]:
    held = images.images(parts)
    if held is None:
        raise Refusal("a folder with oci-layout that is no image in the OCI layout")
    # One budget for all images: they may share layers, and name each ten thousand times.
    budget = Budget(bounds or Bounds.to_look(parts.size))
    for image in held:
        label = image.label if len(held) > 1 else ""
        if image.absent:
            yield Entry(label, None, absent=image.absent)
        yield from (Entry(label, seen.member, seen.layer) for seen in layers.members(parts, image, budget))
