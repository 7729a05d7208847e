"""Locks for one run at a time. They report what they wait for, and why a file system has none."""

import contextlib
import errno
import fcntl
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock

from linkmode.messages import ConfigError
from linkmode.model.failures import Cancelled

Say = Callable[[str], None]
"""Receives half a sentence about what takes a while."""

_POLL_SECONDS = 0.5
_POLLS_IN_SILENCE = 2
_SHARED_POLL_SECONDS = 0.05
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS)


def of_the_system(path: Path, timeout: float = -1) -> filelock.BaseFileLock:
    """Return a lock of the operating system, not acquired; ``timeout`` in seconds, -1 for none.

    Where the system has none (ENOSYS), a newer filelock would take a file that is there for a lock that is held, and so
    the lock file of every earlier run.
    """
    knows = "fallback_to_soft" in inspect.signature(filelock.FileLock.__init__).parameters
    options: dict[str, Any] = {"fallback_to_soft": False} if knows else {}
    return filelock.FileLock(path, timeout=timeout, mode=0o600, **options)


@contextlib.contextmanager
def held(path: Path, say: Say, stop: threading.Event | None = None) -> Iterator[None]:
    """Hold the lock file at ``path``, whose folder is there; after a moment ``say`` is told once what is waited for.

    Raises Cancelled when ``stop`` is set while it waits, ConfigError where the filesystem has no locks, and OSError
    when the system refuses anything else.
    """
    guard = of_the_system(path)
    polls = 0
    while True:
        try:
            guard.acquire(timeout=_POLL_SECONDS)
            break
        except filelock.Timeout:
            if stop is not None and stop.is_set():
                raise Cancelled from None
            polls += 1
            if polls == _POLLS_IN_SILENCE:
                say(f"waiting for another run, which holds {path}")
        except (OSError, NotImplementedError) as error:
            raise explained(path, error) from error
    try:
        yield
    finally:
        guard.release()


def share(descriptor: int, path: Path, say: Say) -> None:
    """Hold the open folder at ``path`` with others; after a moment ``say`` is told once who keeps it from that.

    It is held until the descriptor is closed. Raises OSError, also where the file system has no locks.
    """
    silent_until = time.monotonic() + _POLL_SECONDS * _POLLS_IN_SILENCE
    is_told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if not is_told and time.monotonic() >= silent_until:
                say(f"waiting for another run, which holds {path}")
                is_told = True
            time.sleep(_SHARED_POLL_SECONDS)
        else:
            return


def explained(path: Path, error: Exception) -> Exception:
    """Return what to raise for a lock file that cannot be locked: a ConfigError if its filesystem has no locks."""
    if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
        return error
    words = (error.strerror if isinstance(error, OSError) else None) or "not supported"
    return ConfigError(
        f"{path}: its file system has no locks, so two runs could write the same file at once: {words}",
        expected="a file system with locks; NFS works if it is mounted with them",
        hint="choose a place on another file system with --store DIR (or LINKMODE_STORE, or XDG_CACHE_HOME)",
    )
