"""Walks what may be as deep as others made it: without recursion, and with one descriptor open at a time.

`os.fwalk` and `shutil.rmtree` give up at a depth of about 1,000 before Python 3.12 and 3.13, and hold a descriptor for
each folder on the way. Paths give up at 4,095 bytes.
"""

import errno
import os
from collections.abc import Callable, Iterator

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def below(folder: int, enter: Callable[[int], None] = lambda _: None) -> Iterator[tuple[int, str, bool]]:
    """Yield all that is below an open folder, a folder after what it holds: its parent, its name, whether it is one.

    The parent is a descriptor, which is open until the next is asked for. No link is followed, not even one that takes
    a folder's place meanwhile: that raises OSError, as does a folder that is moved away. ``enter`` is given each folder
    below, before it is read.
    """
    here = os.dup(folder)
    waiting = [_folders_first(here)]
    above: list[tuple[str, os.stat_result]] = []
    try:
        while waiting:
            if waiting[-1]:
                name, is_folder = waiting[-1].pop()
                if not is_folder:
                    yield here, name, False
                    continue
                above.append((name, os.fstat(here)))
                here = _instead(here, name)
                enter(here)
                waiting.append(_folders_first(here))
                continue
            waiting.pop()
            if above:
                name, parent = above.pop()
                here = _instead(here, "..")
                if not os.path.samestat(os.fstat(here), parent):
                    raise OSError(errno.ESTALE, "was moved while it was read", name)
                yield here, name, True
    finally:
        os.close(here)


def _instead(here: int, name: str) -> int:
    """Open a folder from another one, which is closed."""
    inner = os.open(name, _FOLDER, dir_fd=here)
    os.close(here)
    return inner


def _folders_first(folder: int) -> list[tuple[str, bool]]:
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    return sorted(found, key=lambda one: (not one[1], one[0]), reverse=True)
