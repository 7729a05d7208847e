"""Members of a zip archive (a wheel, a jar), as its central directory lists them.

Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. Parsed by the standard library, whose reading of
the central directory into memory is bounded here.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

from linkmode.audit.inputs.members import Budget, Kind, Member, plain_name
from linkmode.audit.read.image import NotAudited

_MAX_DIRECTORY = 32 << 20
_ENCRYPTED = 0x1
_KINDS: dict[int, Kind] = {0: "file", stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
_ERRORS = (
    *(zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OverflowError, struct.error, zlib.error),
    *(ValueError, OSError),
)


def members(source: BinaryIO, size: int) -> Iterator[Member]:
    """Yield every member; raises NotAudited where the archive is not well formed."""
    budget = Budget(size)
    try:
        archive = zipfile.ZipFile(_Bounded(source))
    except _ERRORS as error:
        raise NotAudited(f"malformed: not a whole zip archive: {error}") from error
    with archive:
        for entry in archive.infolist():
            kind = _KINDS.get(stat.S_IFMT(entry.external_attr >> 16), "special")
            name = plain_name(entry.filename)
            if entry.is_dir():
                kind = "folder"
            if kind == "file":
                with _Body(archive, entry, budget) as body:
                    yield Member(name, kind, entry.file_size, body)


class _Body:
    """The bytes of one member, opened when they are read."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> None:
        self._archive = archive
        self._entry = entry
        self._budget = budget
        self._stream: IO[bytes] | None = None

    def read(self, size: int, /) -> bytes:
        if self._entry.flag_bits & _ENCRYPTED:
            raise NotAudited("cannot be read: it is encrypted")
        try:
            if self._stream is None:
                self._stream = self._archive.open(self._entry)
            block = self._stream.read(size)
        except _ERRORS as error:
            raise NotAudited(f"malformed: it cannot be unpacked: {error}") from error
        self._budget.take(len(block))
        return block

    def __enter__(self) -> "_Body":
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()


class _Bounded:
    """A file of which not more is read at once than a central directory may have."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        if size > _MAX_DIRECTORY:
            raise zipfile.BadZipFile(f"a directory of {size} bytes, at most {_MAX_DIRECTORY} expected")
        return self._stream.read(size if size >= 0 else _MAX_DIRECTORY)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True
