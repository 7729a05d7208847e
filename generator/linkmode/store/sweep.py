"""Removes unused unpacked archives and prepared toolchains (`trees`), also while others use or make some.

A folder goes only where nobody makes it (its lock is free) and nobody uses it (`cache.hold`), and first loses its name:
who comes in between finds it whole, or not at all, and then makes it anew.
"""

import contextlib
import fcntl
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from linkmode.messages import ConfigError
from linkmode.model import exchange
from linkmode.model import locks as lock_files
from linkmode.store import private
from linkmode.store.trees import COMPILER_CACHE

_ENTRY = re.compile(r"[0-9a-f]{64}")
_HALF = re.compile(rf"\.([0-9a-f]{{64}}|{COMPILER_CACHE})\.linkmode-new")
_GROUPS = {"exec": "toolchain made ready", "unpacked": "unpacked archive"}
"""The folders of entries; those that are hard links to others come first."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of a store or cache: its path, what it is, and why it is kept; empty when it goes.

    ``size`` is how many bytes that frees: those that still have another name are not counted.
    """

    path: Path
    kind: str
    size: int
    kept: str = ""


def clear(home: Path, before: float, *, pretend: bool = False) -> Iterator[Leftover]:
    """Remove what was last used before a time (seconds since 1970), and yield everything that there is.

    Half-made folders of a killed run go at any age. With ``pretend`` nothing is removed. Raises ConfigError
    when the system refuses, or a folder of entries is another user's, who could lead the removal elsewhere by a link.
    """
    for folder in (home, *(home / group for group in _GROUPS)):
        _require(folder)
    sizes = _Sizes()
    for group, kind in _GROUPS.items():
        for path in _children(home / group):
            if _ENTRY.fullmatch(path.name):
                yield _entry(path, path.name, kind, before, sizes, pretend=pretend)
            elif found := _HALF.fullmatch(path.name):
                yield _half(path, found[1], sizes, pretend=pretend)
    for path in _children(home):
        if path.name == COMPILER_CACHE:
            yield _entry(path, path.name, "cache of Zig's", before, sizes, pretend=pretend)
        elif found := _HALF.fullmatch(path.name):
            yield _half(path, found[1], sizes, pretend=pretend)


def locks(home: Path) -> int:
    """Count the lock files, which are empty and stay.

    Without its file, one who waits for a lock and one who comes later would each get a lock of their own.
    """
    return sum(1 for group in ("locks", *_GROUPS) for path in _children(home / group) if path.suffix == ".lock")


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _require(folder: Path) -> None:
    try:
        if os.path.lexists(folder):
            private.require(folder)
    except OSError as error:
        raise _refused(folder, error) from error


def _entry(path: Path, name: str, kind: str, before: float, sizes: "_Sizes", *, pretend: bool) -> Leftover:
    if _used(path) >= before:
        return Leftover(path, kind, 0, "used since")
    return _taken(path, name, kind, sizes, otherwise="in use", pretend=pretend)


def _half(path: Path, name: str, sizes: "_Sizes", *, pretend: bool) -> Leftover:
    return _taken(path, name, "folder left half made", sizes, otherwise="being made", pretend=pretend)


def _taken(path: Path, name: str, kind: str, sizes: "_Sizes", *, otherwise: str, pretend: bool) -> Leftover:
    """Remove a folder that nobody holds; ``otherwise`` says why it stays."""
    with _nobody(path, name, pretend=pretend) as is_free:
        if not is_free:
            return Leftover(path, kind, 0, otherwise)
        size = sizes.of(path)
        if not pretend:
            _remove(path)
    return Leftover(path, kind, size)


def _used(path: Path) -> float:
    """When it was last used; of Zig's cache, also when Zig last put something in: its scripts run without us too."""
    try:
        times = [path.stat().st_mtime]
        if path.name == COMPILER_CACHE:
            times += [below.stat().st_mtime for below in path.iterdir()]
    except FileNotFoundError:  # another run is removing it
        return 0.0
    return max(times)


@contextlib.contextmanager
def _nobody(path: Path, name: str, *, pretend: bool) -> Iterator[bool]:
    """Hold the lock under which it is made, and the folder itself, and yield True; False where another holds one.

    With ``pretend`` only the folder: a lock would be written.
    """
    with contextlib.ExitStack() as held:
        try:
            if not pretend:
                held.enter_context(lock_files.of_the_system(path.with_name(f"{name}.lock"), timeout=0))
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (filelock.Timeout, BlockingIOError, FileNotFoundError):
            yield False
            return
        except (OSError, NotImplementedError) as error:
            why = lock_files.explained(path, error)
            raise (_refused(path, why) if isinstance(why, OSError) else why) from error
        yield True


def _remove(path: Path) -> None:
    try:
        new = path if _HALF.fullmatch(path.name) else exchange.staging(path)
        if path != new:
            if os.path.lexists(new):
                exchange.delete(new)
            path.rename(new)
        exchange.delete(new)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path}: cannot be removed: {error.strerror or error}",
        expected="a folder that you may write",
        hint="get the right to write there, and run the command again",
    )


class _Sizes:
    """Bytes that removals free. A file with several names frees its bytes with the last of them."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[int, int]] = Counter()
        self._counted: set[tuple[int, int]] = set()

    def of(self, folder: Path) -> int:
        total = 0
        for place, _, files in os.walk(folder):
            for name in files:
                with contextlib.suppress(FileNotFoundError):
                    total += self._one((Path(place) / name).lstat())
        return total

    def _one(self, found: os.stat_result) -> int:
        if not stat.S_ISREG(found.st_mode):
            return 0
        key = (found.st_dev, found.st_ino)
        self._seen[key] += 1
        if key in self._counted or self._seen[key] < found.st_nlink:
            return 0
        self._counted.add(key)
        return found.st_size
