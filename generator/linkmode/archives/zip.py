"""Reads the members of a zip archive (a wheel, a jar) from its central directory.

Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. Parsed by the standard library, whose reading of
the central directory into memory is bounded here.
"""

import os
import stat
import struct
import zipfile
import zlib
from typing import IO, BinaryIO

from linkmode.archives import zip_layout
from linkmode.archives.members import (
    LONGEST_PATH,
    NOTHING,
    BadMember,
    Budget,
    Encrypted,
    Kind,
    Member,
    Members,
    Policy,
    Refusal,
    blocks,
)

_MAX_DIRECTORY = 16 << 20
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_KINDS: dict[int, Kind] = {0: "file", stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink"}
_ERRORS = (
    *(zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OverflowError, struct.error, zlib.error),
    ValueError,
)
"""What ZipFile raises on bytes that are not a zip archive."""


def members(source: BinaryIO, budget: Budget, policy: Policy) -> Members:
    """Yield every member, counted in ``budget`` with the bytes that are read of it.

    Raises Refusal when the archive is not whole and well formed, or is refused by ``policy``. What is wrong with one
    member alone is a BadMember, raised when it is read.
    """
    try:
        archive = zipfile.ZipFile(_Bounded(source))
    except _ERRORS as error:
        raise Refusal(f"not a whole zip archive: {error}") from error
    with archive:
        entries = archive.infolist()
        budget.enter(len(entries))
        if policy is Policy.UNPACK:
            zip_layout.check(source, entries)
        for entry in entries:
            with _Body(archive, entry, budget) as body:
                member = _of_mode(entry, body) if policy is Policy.LOOK else _strict(entry, body)
                budget.name(member.name, member.target)
                yield member


def _of_mode(entry: zipfile.ZipInfo, body: "_Body") -> Member:
    kind = "folder" if entry.filename.endswith("/") else _KINDS.get(stat.S_IFMT(entry.external_attr >> 16), "special")
    if kind != "symlink" or entry.file_size > LONGEST_PATH:
        return Member(entry.filename, kind, body, entry.file_size)
    try:
        target = _target(body)
    except BadMember:
        target = ""  # a link that leads nowhere
    return Member(entry.filename, kind, NOTHING, target=target)


def _target(body: "_Body") -> str:
    return b"".join(blocks(body)).decode("utf-8", "surrogateescape")


def _strict(entry: zipfile.ZipInfo, body: "_Body") -> Member:
    name = entry.orig_filename
    if "\\" in name:
        raise Refusal("a backslash in a name, which some would read as a slash", name)
    if entry.flag_bits & _ENCRYPTED:
        raise Encrypted("it is encrypted", name)
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
    if kind == "file":
        return Member(name, kind, body, entry.file_size, bool(mode & 0o111))
    if kind == "folder" and entry.file_size:
        raise Refusal(f"a folder with {entry.file_size:,} bytes of contents; expected none", name)
    if entry.file_size > LONGEST_PATH:
        raise Refusal(f"a link target of {entry.file_size:,} bytes", name)
    return Member(name, kind, NOTHING, target=_target(body))


class _Body:
    """The bytes of one member, opened when they are read."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> None:
        self._archive = archive
        self._entry = entry
        self._budget = budget
        self._left = entry.file_size
        self._stream: IO[bytes] | None = None

    def read(self, size: int, /) -> bytes:
        name = self._entry.orig_filename
        if self._entry.flag_bits & _ENCRYPTED:
            raise Encrypted("it is encrypted", name)
        try:
            if self._stream is None:
                self._stream = self._archive.open(self._entry)
            block = self._stream.read(size)
        except (*_ERRORS, OSError) as error:
            raise BadMember(f"it cannot be unpacked: {error}", name) from error
        self._budget.take(len(block))
        self._left -= len(block)
        if not block and size and self._left:
            raise BadMember(f"it cannot be unpacked: it ends {self._left:,} bytes early", name)
        return block

    def __enter__(self) -> "_Body":
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()


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
