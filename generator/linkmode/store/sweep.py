"""Removes unused unpacked archives and prepared toolchains (`trees`), also while others use or make some.

A folder goes only where nobody makes it (its lock is free) and nobody uses it (`cache.hold`), and first loses its name:
who comes in between finds it whole, or not at all, and then makes it again.
"""

import contextlib
import fcntl
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from linkmode.messages import ConfigError
from linkmode.model import exchange, folders
from linkmode.model import locks as lock_files
from linkmode.store import opened
from linkmode.store.opened import Opened
from linkmode.store.trees import COMPILER_CACHE

_ENTRY = re.compile(r"[0-9a-f]{64}")
_CACHE = re.compile(re.escape(COMPILER_CACHE))
_HALF = re.compile(rf"\.([0-9a-f]{{64}}|{COMPILER_CACHE})\.linkmode-new")
_GROUPS = {"exec": "toolchain made ready", "unpacked": "unpacked archive"}
"""The folders of entries; those that are hard links to others come first."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of a store or cache: its path, what it is, and why it is kept; empty when it goes.

    ``size`` is how many bytes that frees: those that still have another name are not counted. ``error`` says that it is
    kept because the system, or another user's link, refuses its removal.
    """

    path: Path
    kind: str
    size: int
    kept: str = ""
    error: ConfigError | None = None


def unless_refused(
    path: Path, kind: str, found: Iterable[Leftover], explained: Callable[[Path, OSError], ConfigError]
) -> Iterator[Leftover]:
    """Yield what is found, and then what refused to be looked at or removed, so that the rest can follow."""
    try:
        yield from found
    except (OSError, ConfigError) as error:
        why = explained(path, error) if isinstance(error, OSError) else error
        yield Leftover(path, kind, 0, str(why.problem).removeprefix(f"{path}: "), why)


def clear(home: Path, before: float, *, pretend: bool = False) -> Iterator[Leftover]:
    """Remove what was last used before a time (seconds since 1970), and yield everything that there is.

    Half-made folders of a killed run go at any age. With ``pretend`` nothing is removed. Raises ConfigError
    when a folder of entries is another user's, who could lead the removal elsewhere by a link, or cannot be read.
    """
    with _opened(home) as root, contextlib.ExitStack() as groups:
        if root is None:
            return
        found = {group: groups.enter_context(root.below(group)) for group in _GROUPS}
        for one in (root, *found.values()):
            if one is not None:
                one.require()
        sizes = _Sizes()
        for group, kind in _GROUPS.items():
            if (folder := found[group]) is not None:
                yield from _clear(folder, _ENTRY, kind, before, sizes, pretend=pretend)
        yield from _clear(root, _CACHE, "cache of Zig's", before, sizes, pretend=pretend)


def locks(home: Path) -> int:
    """Count the lock files, which are empty and stay.

    Without its file, one who waits for a lock and one who comes later would each get a lock of their own.
    """
    return sum(1 for group in ("locks", *_GROUPS) for path in _children(home / group) if path.suffix == ".lock")


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # it is not there, or not any more, or another user's
        return []


@contextlib.contextmanager
def _opened(home: Path) -> Iterator[Opened | None]:
    """Open ``home`` from the folder above it, which is the user's word."""
    try:
        with opened.folder(home.parent) as above:
            if above is None:
                yield None
                return
            with above.below(home.name) as folder:
                yield folder
    except OSError as error:
        raise _refused(home, error) from error


def _clear(
    folder: Opened, entries: re.Pattern[str], kind: str, before: float, sizes: "_Sizes", *, pretend: bool
) -> Iterator[Leftover]:
    for name in folder.names():
        if entries.fullmatch(name):
            found = _entry(folder, name, kind, before, sizes, pretend=pretend)
        elif half := _HALF.fullmatch(name):
            found = _half(folder, name, half[1], sizes, pretend=pretend)
        else:
            continue
        yield from unless_refused(folder.path / name, kind, found, _refused)


def _entry(
    folder: Opened, name: str, kind: str, before: float, sizes: "_Sizes", *, pretend: bool
) -> Iterator[Leftover]:
    if _used(folder, name) >= before:
        yield Leftover(folder.path / name, kind, 0, "used since")
    else:
        yield _taken(folder, name, name, kind, sizes, otherwise="in use", pretend=pretend)


def _half(folder: Opened, name: str, of: str, sizes: "_Sizes", *, pretend: bool) -> Iterator[Leftover]:
    yield _taken(folder, name, of, "folder left half made", sizes, otherwise="being made", pretend=pretend)


def _taken(
    folder: Opened, name: str, of: str, kind: str, sizes: "_Sizes", *, otherwise: str, pretend: bool
) -> Leftover:
    """Remove a folder that nobody holds and nobody makes ``of`` of; ``otherwise`` says why it stays."""
    path = folder.path / name
    with _nobody(folder, name, of, pretend=pretend) as is_free:
        if not is_free:
            return Leftover(path, kind, 0, otherwise)
        size = sizes.of(folder, name)
        if not pretend:
            _remove(folder, name)
    return Leftover(path, kind, size)


def _used(folder: Opened, name: str) -> float:
    """When it was last used; of Zig's cache, also when Zig last put something in: its scripts run without us too."""
    try:
        times = [folder.stat(name).st_mtime]
        if name == COMPILER_CACHE:
            with folder.below(name) as cache:
                times += [cache.stat(below).st_mtime for below in cache.names()] if cache else []
    except FileNotFoundError:  # another run is removing it
        return 0.0
    return max(times)


@contextlib.contextmanager
def _nobody(folder: Opened, name: str, of: str, *, pretend: bool) -> Iterator[bool]:
    """Hold the lock under which ``of`` is made, and the folder itself, and yield True; False where another holds one.

    With ``pretend`` only the folder: a lock would be written.
    """
    path = folder.path / name
    with contextlib.ExitStack() as held:
        try:
            if not pretend:
                held.enter_context(folder.lock(f"{of}.lock"))
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=folder.descriptor)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            yield False
            return
        except OSError as error:
            why = lock_files.explained(path, error)
            raise (_refused(path, why) if isinstance(why, OSError) else why) from error
        yield True


def _remove(folder: Opened, name: str) -> None:
    above = folder.descriptor
    try:
        new = name if _HALF.fullmatch(name) else exchange.staging(Path(name)).name
        if name != new:
            with contextlib.suppress(FileNotFoundError):
                exchange.delete(Path(new), above)
            os.rename(name, new, src_dir_fd=above, dst_dir_fd=above)
        exchange.delete(Path(new), above)
    except OSError as error:
        raise _refused(folder.path / name, error) from error


def _refused(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path}: cannot be removed: {error.strerror or error}",
        expected="a folder that you can write to",
        hint="get write permission there, and run the command again",
    )


class _Sizes:
    """Bytes that removals free. A file with several names frees its bytes with the last of them."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[int, int]] = Counter()
        self._counted: set[tuple[int, int]] = set()

    def of(self, folder: Opened, name: str) -> int:
        total = 0
        with folder.below(name) as opened_one:
            for parent, file, is_folder in folders.below(opened_one.descriptor) if opened_one else ():
                with contextlib.suppress(FileNotFoundError):
                    total += 0 if is_folder else self._one(os.lstat(file, dir_fd=parent))
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
