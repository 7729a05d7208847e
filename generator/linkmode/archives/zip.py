"""Members of a zip archive (a wheel is one), as its central directory lists them.

Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. Parsed by the standard library, whose reading of
the central directory into memory is bounded here.
"""

import contextlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from linkmode.archives.members import BLOCK, LONGEST_PATH, Kind, Member, Members, Refusal

_MAX_DIRECTORY = 16 << 20
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_KINDS: dict[int, Kind] = {0: "file", stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink"}


def members(source: BinaryIO, most: int) -> Members:
    """Yield every member with its bytes, at most ``most`` members.

    Raises Refusal when the archive is not whole and well formed, or holds what is no file, folder or symlink.
    """
    with _understood(""):
        archive = zipfile.ZipFile(_Bounded(source))
    with archive:
        entries = archive.infolist()
        if len(entries) > most:
            raise Refusal(f"{len(entries):,} members; at most {most:,} are allowed")
        for entry in entries:
            yield from _member(archive, entry)


@contextlib.contextmanager
def _understood(name: str) -> Iterator[None]:
    """Turn whatever ZipFile raises on bytes that are no zip archive into a Refusal."""
    try:
        yield
    except (zipfile.BadZipFile, RuntimeError, EOFError, OverflowError, struct.error, zlib.error, ValueError) as error:
        raise Refusal(f"a malformed zip archive: {error}", name) from error


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Members:
    name = entry.orig_filename
    if "\\" in name:
        raise Refusal("a backslash in a name, which some would read as a slash", name)
    if entry.flag_bits & _ENCRYPTED:
        raise Refusal("encrypted", name)
    if entry.compress_type not in _METHODS:
        raise Refusal(f"compressed by method {entry.compress_type}; expected deflate, or none", name)
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in _KINDS:
        raise Refusal(f"a member of mode {mode:o}; expected a file, folder or symlink", name)
    kind = _KINDS[stat.S_IFMT(mode)]
    if name.endswith("/") and not stat.S_IFMT(mode):
        kind = "folder"
    if name.endswith("/") != (kind == "folder"):
        raise Refusal(f"a {kind} by its mode, and not by its name", name)
    if kind == "folder":
        if entry.file_size:
            raise Refusal(f"a folder with {entry.file_size:,} bytes of contents; expected none", name)
        yield Member(name, kind), iter(())
    elif kind == "symlink":
        if entry.file_size > LONGEST_PATH:
            raise Refusal(f"a link target of {entry.file_size:,} bytes", name)
        target = b"".join(_blocks(archive, entry)).decode("utf-8", "surrogateescape")
        yield Member(name, kind, target=target), iter(())
    else:
        yield Member(name, kind, entry.file_size, bool(mode & 0o111)), _blocks(archive, entry)


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    left = entry.file_size
    with _understood(entry.orig_filename), archive.open(entry) as stream:
        while block := stream.read(BLOCK):
            left -= len(block)
            yield block
    if left:
        raise Refusal(f"the member ends {left:,} bytes early", entry.orig_filename)


class _Bounded:
    """A file of which no more is read at once than a central directory may have; ZipFile asks for all of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell = file.tell
        self.seekable = file.seekable

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_SET and offset < 0:
            raise zipfile.BadZipFile("an offset before the beginning")
        return self._file.seek(offset, whence)

    def read(self, size: int = -1, /) -> bytes:
        if size > _MAX_DIRECTORY:
            raise Refusal(f"a table of contents of {size:,} bytes; at most {_MAX_DIRECTORY:,} are allowed")
        return self._file.read(size if size >= 0 else _MAX_DIRECTORY)
