"""Reads an untrusted text file: a regular file of bounded size, in UTF-8. Replaces a file as a whole."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Literal

from linkmode.messages import ConfigError
from linkmode.model import exchange

LARGEST = 1 << 20
"""In bytes. A linkmode.toml or a lock has some kilobytes, and each archive that it names about one."""


_IN_THE_WAY = {
    errno.ELOOP: "a symbolic link",
    errno.EISDIR: "a folder",
    errno.ENXIO: "a pipe or a socket",
    errno.EEXIST: "no regular file",
}
"""What has the name of a file that is opened, by what the system says then."""


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


def open_regular(path: Path, *, follow: bool = True) -> BufferedReader:
    """Open a regular file to read it. Raises OSError, also for what is none, and for a link unless ``follow``.

    What is open is asked, and not its name, which may lead to a pipe by the time that it is opened.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return os.fdopen(descriptor, "rb")


def regular(path: Path, largest: int = 64 << 20) -> bytes:
    """Return what a regular file has. Raises OSError, also for what is none, or has more than ``largest`` bytes."""
    with open_regular(path) as stream:
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise OSError(errno.EFBIG, f"is larger than {largest:,} bytes", str(path))
    return data


def conflict(text: str) -> int:
    """Return the first line, counted from 1, that Git wrote for a merge conflict; 0 when there is none.

    https://git-scm.com/docs/git-merge#_how_conflicts_are_presented has the marks.
    """
    lines = enumerate(text.split("\n"), start=1)
    return next((number for number, line in lines if line.startswith(("<<<<<<< ", ">>>>>>> "))), 0)


def replace(file: Path, data: bytes, mode: int | None = None) -> None:
    """Write one file whole or not at all, also when several runs do so at once: the last one's stays.

    ``mode`` has its permissions; without it, the umask says. Raises ConfigError when the system refuses.
    """
    with system_errors(file):
        exchange.put_file(file, data, mode)


@contextmanager
def system_errors(path: Path, verb: Literal["read", "written"] = "written") -> Iterator[None]:
    """Raise ConfigError, naming ``path``, for what the system refuses in the meantime."""
    try:
        yield
    except BlockingIOError as error:
        raise ConfigError(
            f"{path} cannot be {verb}: {error.filename}: {error.strerror}",
            expected="one run of linkmode at a time",
            hint="wait for that process to end, or end it, then run again",
        ) from error
    except OSError as error:
        if kind := _IN_THE_WAY.get(error.errno or 0):
            place = error.filename2 or error.filename or path
            raise ConfigError(
                f"{path} cannot be {verb}: {place} is {kind}",
                expected="a regular file there, or nothing",
                hint=f"move {place} away, then run again; linkmode writes through no link",
            ) from error
        raise ConfigError(
            f"{path} cannot be {verb}: {error.strerror or error}: {error.filename or path}",
            expected="a file that this user may use, on a disk with room",
            hint="check the permissions and the space left there, then run again; until then no file is half written",
        ) from error


def unified(path: str, before: bytes | None, after: bytes | None) -> str:
    """Return the unified diff of a file, which is not there where its bytes are None; escapes what is not UTF-8."""
    import difflib  # only where something differs

    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        "/dev/null" if before is None else f"a/{path}",
        "/dev/null" if after is None else f"b/{path}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(data: bytes | None) -> list[str]:
    *lines, rest = (data or b"").decode("utf-8", "backslashreplace").split("\n")
    return [*(f"{line}\n" for line in lines), *([rest] if rest else [])]
