"""Locks for one run at a time. They report what they wait for, and why a file system has none."""

import contextlib
import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from linkmode.messages import ConfigError
from linkmode.model.failures import Cancelled

Say = Callable[[str], None]
"""Receives half a sentence about what takes a while."""

_POLL_SECONDS = 0.5
_POLLS_IN_SILENCE = 2
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS)


@contextlib.contextmanager
def held(path: Path, say: Say, stop: threading.Event | None = None) -> Iterator[None]:
    """Hold the lock file at ``path``, whose folder is there; after a moment ``say`` is told once what is waited for.

    Raises Cancelled when ``stop`` is set while it waits, ConfigError where the filesystem has no locks, and OSError
    when the system refuses anything else.
    """
    guard = filelock.FileLock(path, mode=0o600)
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


def explained(path: Path, error: Exception) -> Exception:
    """Return what to raise for a lock file that cannot be locked: a ConfigError if its filesystem has no locks."""
    if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
        return error
    words = (error.strerror if isinstance(error, OSError) else None) or "not supported"
    return ConfigError(
        f"{path}: its filesystem gives no lock, so two runs could write the same file at once: {words}",
        expected="a filesystem with locks; NFS serves if it is mounted with them",
        hint="choose a place on another filesystem with --store DIR (or LINKMODE_STORE, or XDG_CACHE_HOME)",
    )
