"""Lets who watches a folder see each change in it by its path, before the folder is exchanged as a whole.

Of an exchange inotify reports the folder alone, and nothing in it. Buck2's daemon would go on with the rules that it
has read (commit 13baa8a of 2026-08-22, with its default, `file_watcher = notify`).
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TOLD = ".linkmode-told"
"""A folder that is there for a moment. One that a killed run left is not kept."""


def tell(folder: Path, rewritten: Iterable[str], named: Iterable[str]) -> None:
    """Give each of ``rewritten`` its first byte again, and each folder of ``named`` one more name for a moment.

    The paths are relative to ``folder``. What is not there, or cannot be written, is passed over.
    """
    for path in rewritten:
        with suppress(OSError), (folder / path).open("r+b") as stream:
            first = stream.read(1)
            stream.seek(0)
            stream.write(first)
    for parent in {(folder / path).parent for path in named}:
        with suppress(OSError):
            (parent / TOLD).mkdir()
            (parent / TOLD).rmdir()
