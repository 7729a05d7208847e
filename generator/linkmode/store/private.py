"""Creates folders and files that only this user or root can change.

What lies in a store is either verified by its checksum whenever it is used, as archives are, or it is trusted because
of its owner, as what `linkmode exec` runs is. So everything is made with mode 0700 and 0600, under any umask, and what
is trusted is looked at again before it is used (docs/reference/store.md).
"""

import errno
import functools
import os
import stat
from collections.abc import Callable
from pathlib import Path

from linkmode.messages import ConfigError

_OWN = "what belongs to you or to root, and nobody else can write"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_HINT = "delete it if it belongs to you, or choose a place of your own with --store DIR (or LINKMODE_STORE)"


def make(folder: Path) -> None:
    """Make a folder, and those above it, with mode 0700 where they are missing. Raises OSError."""
    missing = []
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        try:
            path.mkdir(0o700)
        except FileExistsError:
            if not path.is_dir():
                raise
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def refuse_link(path: Path, found: os.stat_result) -> None:
    """Raise ConfigError for a link of another user's; ``found`` is what the link itself is."""
    if found.st_uid not in _trusted():
        whose = f"is a link of another user ({found.st_uid})"
        raise ConfigError(f"{path}: {whose}: nothing is written through it", expected=_OWN, hint=_HINT)


def own(base: Path, *names: str) -> Path:
    """Return the folder ``names`` below ``base``; make what is missing, and hold that each of them is this user's.

    A folder of this user's that others could write, as an earlier linkmode made it where the umask said so, loses that.
    Raises ConfigError, and OSError when the system refuses.
    """
    make(base)
    folder = base
    for name in names:
        folder = folder / name
        make(folder)
        require(folder)
    return folder


def require(folder: Path) -> None:
    """Raise ConfigError unless a folder belongs to this user or to root, and nobody else can write it.

    Where a link leads to it, the link must be theirs too. Raises OSError when it cannot be asked.
    """
    _require_owner(folder, folder.lstat())
    _close(folder, folder.stat(), folder.chmod)


def require_opened(path: Path, descriptor: int) -> None:
    """Raise ConfigError unless this holds of an open folder, even if another has its name now. Raises OSError."""
    _close(path, os.fstat(descriptor), functools.partial(os.fchmod, descriptor))


def _close(path: Path, found: os.stat_result, chmod: Callable[[int], None]) -> None:
    """Hold that a folder is this user's or root's; one of this user's that others could write loses that."""
    _require_owner(path, found)
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS_WRITE:
        if found.st_uid != os.geteuid():
            raise ConfigError(f"{path}: can be written by others (mode {mode:o})", expected=_OWN, hint=_HINT)
        chmod(mode & ~_OTHERS_WRITE)


def _require_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in _trusted():
        whose = f"belongs to another user ({found.st_uid}), who could change what is in it"
        raise ConfigError(f"{path}: {whose}", expected=_OWN, hint=_HINT)


def is_own(found: os.stat_result) -> bool:
    """Whether a file belongs to this user or to root, and nobody else can write it. A link cannot be written."""
    mode = 0 if stat.S_ISLNK(found.st_mode) else found.st_mode
    return found.st_uid in _trusted() and not mode & _OTHERS_WRITE


def require_tree(root: Path) -> None:
    """Raise ConfigError unless this holds of all that is in a folder, and of the folder itself, which is no link.

    Raises OSError when the system refuses to read it.
    """
    found = root.lstat()
    _require(str(root), found)
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigError(f"{root}: is no folder: linkmode runs nothing from there", expected="a folder", hint=_HINT)
    stack = [str(root)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                _require(entry.path, entry.stat(follow_symlinks=False))
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)


def _require(path: str, found: os.stat_result) -> None:
    if is_own(found):
        return
    whose = f"can be written by others (mode {stat.S_IMODE(found.st_mode):o})"
    if found.st_uid not in _trusted():
        whose = f"belongs to another user ({found.st_uid})"
    raise ConfigError(f"{path}: {whose}: linkmode runs nothing from there", expected=_OWN, hint=_HINT)


def _trusted() -> tuple[int, int]:
    return os.geteuid(), 0
