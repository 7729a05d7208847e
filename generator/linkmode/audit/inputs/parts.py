"""The files of a container image's archive or folder, by name: documents that name each other, and layers."""

import contextlib
import hashlib
import os
import posixpath
from pathlib import Path
from typing import BinaryIO, Protocol

from linkmode.archives import tar
from linkmode.archives.members import Bounds, Budget, Policy, shown_name
from linkmode.archives.window import window

_BLOCK = 1 << 20


class Parts(Protocol):
    """The files of an image's archive or folder, by name."""

    size: int
    """Bytes of all of them, as they lie in the archive or folder."""

    def open(self, name: str) -> tuple[BinaryIO, int] | None:
        """Return a file and its size, None when there is none of this name."""

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""

    def is_twice(self, name: str) -> bool:
        """Tell whether there is more than one file of this name, and not each with the same bytes."""


class TarParts:
    """The parts of an uncompressed tar archive that is seekable."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self._stream = stream
        self._places: dict[str, tuple[int, int]] = {}
        self._forked: set[str] = set()
        self._twice: dict[str, bool] = {}
        self._earlier: dict[str, list[tuple[int, int]]] = {}
        self._links: dict[str, str] = {}
        whole = window(stream, 0, size)
        for member in tar.members(whole, Budget(Bounds.to_look(size)), Policy.LOOK):
            name = shown_name(member.name)
            if member.kind == "file":
                if name in self._places:
                    self._earlier.setdefault(name, []).append(self._places[name])
                self._places[name] = whole.tell(), member.size
            elif member.kind == "symlink":
                self._link(name, posixpath.normpath(posixpath.join(posixpath.dirname(name), member.target)))
            elif member.kind == "hardlink":
                self._link(name, shown_name(member.target))

    def _link(self, name: str, target: str) -> None:
        if self._links.setdefault(name, target) != target:
            self._forked.add(name)

    def open(self, name: str) -> tuple[BinaryIO, int] | None:
        """Return a member; `docker save` links a layer to the same one of another image."""
        if not self.has(name):
            return None
        start, size = self._places[name if name in self._places else self._links[name]]
        return window(self._stream, start, size), size

    def has(self, name: str) -> bool:
        """Tell whether there is a member of this name, or a link of it to one."""
        return name in self._places or self._links.get(name) in self._places

    def is_twice(self, name: str) -> bool:
        """Tell whether the archive holds another member of this name: some tools read the first, others the last."""
        if name in self._forked or (name in self._links and name in self._places):
            return True
        file = self._links.get(name, name)
        if file not in self._twice:
            earlier = self._earlier.get(file, ())
            self._twice[file] = bool(earlier) and len(set(map(self._digest, (*earlier, self._places[file])))) > 1
        return self._twice[file]

    def _digest(self, place: tuple[int, int]) -> bytes:
        hashed = hashlib.sha256()
        part = window(self._stream, *place)
        while block := part.read(_BLOCK):
            hashed.update(block)
        return hashed.digest()


def _size(blobs: Path) -> int:
    """Return the bytes of the files that digests lead to, blobs/ALGORITHM/DIGEST; what cannot be read has none."""
    total = 0
    for folder in _entries(blobs):
        for blob in _entries(Path(folder.path)):
            with contextlib.suppress(OSError):
                total += blob.stat(follow_symlinks=False).st_size
    return total


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


class FolderParts:
    """The parts of a folder in the OCI layout. All names are fixed ones or digests, so none leads out of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.size = _size(folder / "blobs")

    def open(self, name: str) -> tuple[BinaryIO, int] | None:
        """Return a file of the folder, which stays open for as long as it is read."""
        path = self._folder / name
        if not path.is_file():
            return None
        return path.open("rb"), path.stat().st_size

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return (self._folder / name).is_file()

    def is_twice(self, name: str) -> bool:
        """Tell that there is none: a folder has a name once."""
        del name
        return False
