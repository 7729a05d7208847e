"""An archive into a folder, trusting nothing in it. Why each thing is refused: docs/decisions/0005-safe-extraction.md.

The bytes of an archive are verified before, and whoever pinned it may have meant harm all the same, or been deceived.
"""

import gzip
import lzma
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from linkmode.archives import tar, zip  # noqa: A004 - a module of ours, never the built-in
from linkmode.archives.members import BLOCK, Bounds, Members, Refusal, parts
from linkmode.archives.tree import Tree
from linkmode.messages import IntegrityError

_XZ_MEMORY = 256 << 20
"""Bytes that decoding xz may take; the largest preset (-9) takes 65 MiB."""

_LONGEST_SHOWN = 200

_HINT = (
    "nothing of it was kept. The archive is as it was pinned, so its publisher made it so: lock another version or "
    "source, and report this to the publisher"
)


def extract(archive: Path, into: Path, *, file: str, strip_prefix: str) -> None:
    """Unpack an archive into the empty folder ``into`` and make everything in it read-only.

    ``file`` is the archive's file name, which says its format. Of the members, those below ``strip_prefix`` are
    unpacked, without it; all of them are checked. What was written stays when an error is raised: ``into`` is the
    caller's.

    Raises:
        IntegrityError: the archive is not what it should be; names the archive, the member, and what was expected.
        OSError: the system refuses to read or write.
    """
    prefix = tuple(part for part in strip_prefix.split("/") if part)
    try:
        with archive.open("rb") as stream:
            bounds = Bounds.of(os.fstat(stream.fileno()).st_size)
            _unpack(members_of(stream, file, bounds), into, prefix, bounds)
    except Refusal as refusal:
        where = f"{file}: {_shown(refusal.member)}" if refusal.member else file
        raise IntegrityError(f"{where}: {refusal.problem}", hint=_HINT) from refusal


def _unpack(members: Members, into: Path, prefix: tuple[str, ...], bounds: Bounds) -> None:
    outside: set[str] = set()
    found = False
    with Tree(into, bounds) as tree:
        for member, body in members:
            path = parts(member.name)
            if path[: len(prefix)] != prefix:
                outside.add(path[0] if path else ".")
                continue
            path = path[len(prefix) :]
            if not path and member.kind != "folder":
                raise Refusal(f"a {member.kind} in the place of the archive's root; expected a folder", member.name)
            found = found or bool(path)
            tree.add(path, member, body, prefix)
        tree.finish()
    if not found:
        names = ", ".join(sorted(outside)[:5])
        raise Refusal(f"nothing in {'/'.join(prefix) or 'it'}{f'; it holds {names}' if names else ''}")


def members_of(stream: BinaryIO, file: str, bounds: Bounds) -> Members:
    """Yield the members of an archive, whose ``file`` name says its format. Raises Refusal, as reading them does."""
    if file.endswith((".tar.gz", ".tgz")):
        return tar.members(_Decompressed(gzip.GzipFile(fileobj=stream).read), bounds.entries)
    if file.endswith(".tar.xz"):
        return tar.members(_Decompressed(_Xz(stream).read), bounds.entries)
    if file.endswith((".whl", ".zip")):
        return zip.members(stream, bounds.entries)
    raise Refusal("an archive of a format that is not known; expected .tar.gz, .tgz, .tar.xz, .whl or .zip")


def _shown(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…")


class _Decompressed:
    """A stream whose failures are the archive's, whatever the library calls them."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def read(self, size: int, /) -> bytes:
        try:
            return self._read(size)
        except (gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError) as error:
            raise Refusal(f"the compressed stream is damaged: {error}") from error


class _Xz:
    """Decompresses xz in bounded memory: `lzma.LZMAFile` takes what the file asks for, which may be gigabytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none only at the end. One stream is read, as xz and tar write it."""
        while not self._decoder.eof:
            given = self._stream.read(BLOCK) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not given:
                raise EOFError("it ends early")
            if block := self._decoder.decompress(given, size):
                return block
        if self._decoder.unused_data.strip(b"\0") or self._stream.read(1):
            raise lzma.LZMAError("there is more after the end of its stream")
        return b""
