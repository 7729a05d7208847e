"""Replaces a folder or file atomically, and recovers what a killed run left.

On Linux the two names change places by renameat2(2) with RENAME_EXCHANGE, so that at no moment is the name missing or
the folder half written. Where the kernel or the file system cannot do that (NFS; a folder in a lower layer of
overlayfs), the finished folder gets a name that says so, and from then on the exchange is rolled forward: by
this run, or by `recover` in the next one. Why: docs/decisions/0002-whole-tree-exchange.md.
"""

import errno
import fcntl
import os
import stat
import time
from pathlib import Path

from linkmode.model import folders

_LOCK_SECONDS = 10.0
"""How long to wait for another run that writes the same file: it takes milliseconds."""

_AT_FDCWD = -100
_RENAME_EXCHANGE = 1 << 1
_NOT_POSSIBLE_HERE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EXDEV}


def staging(folder: Path) -> Path:
    """Where the next contents of ``folder`` are built: beside it, so that they are on one file system."""
    return folder.with_name(f".{folder.name}.linkmode-new")


def _ready(folder: Path) -> Path:
    """Where finished contents wait for the name of ``folder``, when the two cannot be exchanged in one step."""
    return folder.with_name(f".{folder.name}.linkmode-ready")


def has_leftovers(folder: Path) -> bool:
    """Whether a run that wrote ``folder`` was killed (or is at work now: only the holder of the lock can tell)."""
    return os.path.lexists(staging(folder)) or os.path.lexists(_ready(folder))


def recover(folder: Path) -> None:
    """Finish what a killed run had made ready for ``folder``, and remove what it had not.

    The caller holds the lock of ``folder``. Raises OSError when the system refuses.
    """
    if _is_folder(_ready(folder)):
        _roll_forward(folder)
    elif os.path.lexists(_ready(folder)):
        delete(_ready(folder))  # no run of ours made that
    if os.path.lexists(staging(folder)):
        delete(staging(folder))


def put_in_place(folder: Path) -> None:
    """Give the name of ``folder`` to what stands at ``staging(folder)``.

    What had the name before, if anything, is left for `recover` to remove. Raises OSError when the system refuses.
    """
    if not os.path.lexists(folder):
        staging(folder).rename(folder)
    elif not _exchange(staging(folder), folder):
        staging(folder).rename(_ready(folder))
        _roll_forward(folder)


def put_file(file: Path, data: bytes, mode: int | None = None) -> None:
    """Write one file whole or not at all, also when several runs do so at once. Raises OSError.

    Without a ``mode`` the file has what the umask gives a new one.

    All go by one name, so that what a killed run leaves is one file, which the next run makes its own. Raises
    BlockingIOError when another process holds that file for seconds.
    """
    while not _put(file, staging(file), data, mode):
        pass  # another run's file took its place while this one waited for it


def _put(file: Path, new: Path, data: bytes, mode: int | None) -> bool:
    # No following of links, and no waiting for who reads a pipe: this name can be guessed.
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(new, flags, 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileExistsError(errno.EEXIST, "is no regular file", str(new))
        _wait_for(descriptor, new)
        try:
            if not os.path.samestat(os.fstat(descriptor), new.lstat()):
                return False
        except FileNotFoundError:
            return False
        try:
            stream.truncate()
            stream.write(data)
            stream.flush()
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            new.replace(file)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        return True


def _wait_for(descriptor: int, path: Path) -> None:
    """Lock a file, unless its file system has no locks, as some network file systems have none."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                told = f"another process has held it for {_LOCK_SECONDS:.0f} seconds"
                raise BlockingIOError(errno.EWOULDBLOCK, told, str(path)) from None
        except OSError:
            return
        else:
            return
        time.sleep(0.01)


def delete(folder: Path, dir_fd: int | None = None) -> None:
    """Delete a folder with all it holds, read-only folders too; files that are hard links live on elsewhere.

    What has the name of a folder and is none, such as a link or a pipe, is deleted itself. With ``dir_fd``, ``folder``
    is relative to that open folder. Raises OSError.
    """
    if not stat.S_ISDIR(os.lstat(folder, dir_fd=dir_fd).st_mode):
        os.unlink(folder, dir_fd=dir_fd)
        return
    # By descriptor: the owner of a folder in it can give its name to a link in the meantime.
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
    try:
        _make_writable(top)
        for parent, name, is_folder in folders.below(top, _make_writable):
            (os.rmdir if is_folder else os.unlink)(name, dir_fd=parent)
    finally:
        os.close(top)
    os.rmdir(folder, dir_fd=dir_fd)


def _make_writable(folder: int) -> None:
    os.fchmod(folder, 0o700)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _roll_forward(folder: Path) -> None:
    if os.path.lexists(folder):
        delete(folder)
    _ready(folder).rename(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Let two names change places; False where that cannot be done, OSError when it could but was refused."""
    import ctypes  # only who has a folder to exchange waits for it

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_POSSIBLE_HERE:
        return False
    raise OSError(code, os.strerror(code), str(other))
