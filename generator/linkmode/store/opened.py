"""Folders that are opened once and then used by their descriptor: what gets their name later leads nowhere else.

A check of a path holds for a moment. Who can rename a folder above may exchange it before the path is used. So what
removes files, and what brings an archive in, opens each folder below the store from its parent, and names only files in
it.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linkmode.store import private

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Opened:
    """An open folder. ``path`` is how it was reached, for messages alone."""

    path: Path
    descriptor: int

    def names(self) -> list[str]:
        """Return what is in it, in a stable order. Raises OSError."""
        return sorted(os.listdir(self.descriptor))  # noqa: PTH208 - a descriptor, not a path

    def stat(self, name: str) -> os.stat_result:
        """Return what a file in it is, or what its link leads to. Raises OSError."""
        return os.stat(name, dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        """Remove a file, if it is there. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)

    def require(self) -> None:
        """Raise ConfigError unless it belongs to this user or to root, and nobody else can write it."""
        private.require_opened(self.path, self.descriptor)

    @contextlib.contextmanager
    def below(self, *names: str) -> Iterator["Opened | None"]:
        """Open the folder ``names`` below this one; None where there is none.

        Follows links of this user and of root alone, to wherever they lead; raises ConfigError for one of another
        user's, and OSError.
        """
        with contextlib.ExitStack() as held:
            folder: Opened | None = self
            for name in names:
                folder = folder and _inner(folder, name)
                if folder is not None:
                    held.callback(os.close, folder.descriptor)
            yield folder

    @contextlib.contextmanager
    def made(self, *names: str, own: bool = False) -> Iterator["Opened"]:
        """Open the folder ``names`` below this one; make what is missing, with mode 0700.

        With ``own``, hold that each is this user's or root's, and that nobody else can write it. Raises ConfigError
        when one is a link of another user's, and OSError.
        """
        with contextlib.ExitStack() as held:
            folder = self
            for name in names:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=folder.descriptor)
                inner = _inner(folder, name)
                if inner is None:
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder.path / name))
                held.callback(os.close, inner.descriptor)
                if own:
                    inner.require()
                folder = inner
            yield folder

    def mark(self, name: str) -> None:
        """Make an empty file with mode 0600 where there is none; a link is replaced. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISLNK(os.lstat(name, dir_fd=self.descriptor).st_mode):
                self.unlink(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        os.close(os.open(name, flags, 0o600, dir_fd=self.descriptor))

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the lock file ``name`` in it, without waiting, against every run that holds it by `model.locks`.

        Raises BlockingIOError when another run holds it, and OSError.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o600, dir_fd=self.descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # filelock 3.21 to 3.29 delete the file on release: who comes later locks another one of this name.
            if os.fstat(descriptor).st_nlink == 0:
                raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK), str(self.path / name))
            yield
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def folder(path: Path) -> Iterator[Opened | None]:
    """Open a folder that the user named, or that the platform has; None where there is none. Raises OSError."""
    try:
        descriptor = os.open(path, _FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    try:
        yield Opened(path, descriptor)
    finally:
        os.close(descriptor)


def _inner(folder: Opened, name: str) -> Opened | None:
    path = folder.path / name
    try:
        found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder.descriptor)
    except FileNotFoundError:
        return None
    try:
        state = os.fstat(found)
        if not stat.S_ISLNK(state.st_mode):
            return Opened(path, os.open(".", _FOLDER, dir_fd=found))
        private.refuse_link(path, state)
        return Opened(path, os.open(os.readlink("", dir_fd=found), _FOLDER, dir_fd=folder.descriptor))
    except (FileNotFoundError, NotADirectoryError):
        return None
    finally:
        os.close(found)
