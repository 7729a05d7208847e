"""Immutable folders, created atomically: unpacked archives and prepared toolchains.

    <cache>/unpacked/<digest>/      one archive; the digest is of its checksum and of how it is unpacked
    <cache>/exec/<digest>/          a toolchain made ready for `linkmode exec`; the digest is of what it is made from
    <cache>/zig/                    what zig builds of its libraries for itself

``<cache>`` is ``linkmode`` in the platform's cache, or in the store where one was named. Who uses a folder holds it,
and its time is that of its last use: `store.sweep` removes what was not used for long.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from linkmode.messages import ConfigError
from linkmode.model import cache, exchange, locks
from linkmode.model.values import Artifact
from linkmode.store import private

COMPILER_CACHE = "zig"
"""The folder of what compilers made for themselves. Zig has such a cache, and gave it its name."""

_UNPACKING = "1"
"""A part of every digest. Raise it when the same archive must unpack to something else."""


def home(store: Path | None) -> Path:
    """Where everything of this module lies, for the ``store`` that was named, or for the default one."""
    return (store.absolute() / "linkmode") if store else cache.folder("linkmode")


def unpacked(home: Path, artifact: Artifact) -> Path:
    """The folder that an artifact is unpacked into; it is there when it is whole."""
    return home / "unpacked" / digest(_UNPACKING, str(artifact.checksum), artifact.strip_prefix)


def entry(home: Path, path: Path) -> Path:
    """Return the folder of this module that ``path`` lies in, or is."""
    return next(folder for folder in (path, *path.parents) if folder.parent.parent == home)


def hold(folder: Path, say: locks.Say) -> int | None:
    """Say that ``folder`` is used now, and keep it from being removed for as long as the returned descriptor is open.

    All that is in it is held to be this user's or root's, with the folders of this module above it: what is run comes
    from there. None when it is not there, or not any more. The descriptor may be handed down to another program.
    `linkmode store gc` that removes it is waited for, which ``say`` is told.
    Raises ConfigError when something is another user's, or can be written by others.
    """
    try:
        for above in (folder.parent.parent, folder.parent):
            private.require(above)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            private.require_tree(folder)  # raises the error that says what is wrong
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(folder, error) from error
    # What is mounted read-only has no times, and some network file systems have no locks; nothing is removed there.
    with contextlib.suppress(OSError):
        locks.share(descriptor, folder, say)
    with contextlib.ExitStack() as opened:
        opened.callback(os.close, descriptor)
        try:
            if not os.path.samestat(os.fstat(descriptor), folder.lstat()):
                return None
            private.require_tree(folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(folder, error) from error
        opened.pop_all()
    with contextlib.suppress(OSError):
        os.utime(descriptor)
    return descriptor


def digest(*ingredients: str) -> str:
    """A name for what is made from ``ingredients``: 64 hexadecimal digits."""
    return hashlib.sha256("\0".join(ingredients).encode()).hexdigest()


def make_once(folder: Path, fill: Callable[[Path], None], say: locks.Say) -> None:
    """Make ``folder`` unless it is there: ``fill`` is given an empty one beside it, which is then renamed.

    Several runs may ask at once: one makes it and the others wait, which ``say`` is told. What a killed run left is
    removed by the next. Raises ConfigError when the system refuses, and what ``fill`` raises; nothing is left then.
    """
    if os.path.lexists(folder):
        return
    try:
        private.own(folder.parent.parent.parent, folder.parent.parent.name, folder.parent.name)
        # The system frees it as soon as its holder ends, however that happens.
        with locks.held(folder.with_name(f"{folder.name}.lock"), say):
            _make(folder, fill)
    except OSError as error:
        raise _refused(folder, error) from error


def make_frozen(folder: Path, fill: Callable[[Path], None], say: locks.Say) -> None:
    """As `make_once`, for a folder that nobody can write to."""

    def frozen(new: Path) -> None:
        fill(new)
        _freeze(new)

    make_once(folder, frozen, say)


def _freeze(folder: Path) -> None:
    """Remove write permission from everything below a folder."""
    for path, _, files in os.walk(folder):
        for file in (Path(path, name) for name in files):
            if not file.is_symlink() and file.stat().st_mode & 0o222:
                file.chmod(stat.S_IMODE(file.stat().st_mode) & ~0o222)
        Path(path).chmod(0o555)


def _refused(folder: Path, error: OSError) -> ConfigError:
    which = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
    return ConfigError(
        f"{folder}: cannot be written: {error.strerror or error}{which}",
        expected="a folder that you can write to, with room for the unpacked archives",
        hint="make room there or get write permission, or choose another place with --store DIR "
        "(or LINKMODE_STORE, or XDG_CACHE_HOME)",
    )


def _make(folder: Path, fill: Callable[[Path], None]) -> None:
    if os.path.lexists(folder):
        return
    new = exchange.staging(folder)
    if os.path.lexists(new):
        exchange.delete(new)
    new.mkdir(0o700)
    try:
        fill(new)
        # Its name must not outlive a power cut without the contents; a sync for each of 20,000 files takes minutes.
        os.sync()
        new.rename(folder)
    except BaseException:
        exchange.delete(new)
        raise
