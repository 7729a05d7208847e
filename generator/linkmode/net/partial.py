"""Collects the bytes of one download: bounds them, hashes them while it writes, and verifies the whole."""

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from linkmode.messages import ConfigError
from linkmode.model.failures import WrongBytesError
from linkmode.model.values import Checksum
from linkmode.store import private
from linkmode.store.files import cannot_write

UNKNOWN_SIZE_BOUND = 4 << 30
"""Bytes that a file whose size is not pinned may have: about three times the largest toolchain archive known."""

_BLOCK = 1 << 20
_HEAD = 64


class Partial:
    """An open file that gathers one download. What an earlier run left there is hashed and kept.

    ``pieced`` tells that the bytes did not all come in one answer; those of a file that is not ``resumable`` always do.
    Every failure to write is a ConfigError: it is the store's, never the server's.
    """

    resumable = True

    def __init__(self, path: Path, checksum: Checksum, size: int | None) -> None:
        self.path = path
        self.checksum = checksum
        self.size = size
        self.received = 0
        self.pieced = False
        self._bound = UNKNOWN_SIZE_BOUND if size is None else size

    def __enter__(self) -> Self:
        try:
            private.make(self.path.parent)
            self._file = os.fdopen(_own(self.path), "r+b", buffering=0)
            self._hash = hashlib.new(self.checksum.algorithm)
            while block := self._file.read(_BLOCK):
                self._hash.update(block)
                self.received += len(block)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self.pieced = self.received > 0
        if self.received > self._bound or (self.received == self.size and not self.complete):
            self.restart()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self.received == 0:
            self.path.unlink(missing_ok=True)

    @property
    def complete(self) -> bool:
        """Whether the bytes gathered so far are exactly the file."""
        return self._hash.hexdigest() == self.checksum.hex and self.size in (None, self.received)

    @property
    def head(self) -> bytes:
        """The first bytes, which tell the kind of a wrong file."""
        return os.pread(self._file.fileno(), _HEAD, 0)

    def restart(self) -> None:
        """Forget what was gathered."""
        try:
            self._file.seek(0)
            self._file.truncate()
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._hash = hashlib.new(self.checksum.algorithm)
        self.received = 0
        self.pieced = False

    def write(self, block: bytes) -> None:
        """Append bytes; raise WrongBytesError as soon as there are more than the file can have."""
        if self.received + len(block) > self._bound:
            known = "the lock has" if self.size is not None else "a file of unknown size may have"
            raise WrongBytesError(f"sends more than the {self._bound:,} bytes that {known}")
        self._hash.update(block)
        view = memoryview(block)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            # The partial file would keep a full disk full.
            self.restart()
            raise cannot_write(self.path, error) from error
        self.received += len(block)

    def check(self) -> None:
        """Return when the bytes are those that were pinned; raise WrongBytesError when they are not."""
        if self.size is not None and self.received != self.size:
            raise WrongBytesError(f"size mismatch: expected {self.size:,} bytes, got {self.received:,}")
        if not self.complete:
            algorithm = self.checksum.algorithm
            raise WrongBytesError(f"{algorithm} mismatch: expected {self.checksum.hex}, got {self._hash.hexdigest()}")

    def require_in_place(self) -> None:
        """Raise ConfigError unless the path still names the file whose bytes were verified."""
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(self._file.fileno()), self.path.lstat()):
                return
        raise ConfigError(
            f"{self.path}: another process moved or replaced it while it was downloaded",
            expected="a store in which only linkmode and Bazel write",
            hint="run the command again; if that happens again, choose another store with --store DIR (or "
            "LINKMODE_STORE)",
        )


def _own(path: Path) -> int:
    """A descriptor of the file that an earlier run of this user left, or of a new one.

    Of what another user could change after it was verified, through a link or a descriptor, nothing is kept.
    """
    if os.path.lexists(path):
        descriptor = -1
        # Never wait for the other end of a pipe, and never follow a link: others can guess this name.
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        if descriptor >= 0:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and private.is_own(found):
                return descriptor
            os.close(descriptor)
        path.unlink()
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
