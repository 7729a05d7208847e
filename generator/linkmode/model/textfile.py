"""Reads an untrusted text file: a regular file of bounded size, in UTF-8."""

import errno
import os
import stat
from pathlib import Path

LARGEST = 1 << 20
"""In bytes. A linkmode.toml or a lock has some kilobytes, and each archive that it names about one."""


class UnusableError(Exception):
    """There is something, and it cannot be read. ``problem`` is half a sentence that follows its path."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class NoTextError(UnusableError):
    """It can be read, and its contents are none that can be meant."""


def read(path: Path) -> str:
    """Return the text of ``path``.

    Raises:
        FileNotFoundError: there is none.
        UnusableError: the system refuses, or it is no regular file: a device has no end, and a pipe no beginning.
        NoTextError: it is larger than ``LARGEST``, or not UTF-8.
    """
    try:
        # a pipe that nobody writes would be waited for at once
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(mode):
                raise UnusableError("is no regular file")
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnusableError(f"cannot be read: {error.strerror or error}") from error
    if len(data) > LARGEST:
        raise NoTextError(f"is larger than {LARGEST:,} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoTextError(f"is not UTF-8: {error}") from error
