"""Finds the files under the paths of a command line, in a fixed order, with the kind of each."""

import os
import stat
from collections.abc import Iterator
from typing import Literal, NamedTuple

from linkmode.audit.naming import displayed

Kind = Literal["file", "tar", "compressed", "zip", "deb", "rpm", "cpio", "layout", "passed over", "unreadable"]

LINK = "a symbolic link, which is not followed"
HARD_LINK = "a hard link to a file that the archive does not hold before it"
SPECIAL = "not a regular file"


class Found(NamedTuple):
    """A file to audit. ``is_inside`` says that it was found in a folder and not named itself.

    ``layout`` is a folder with an image in the OCI layout. ``words`` are why a path is passed over or unreadable.
    ``name`` is what a report calls it where that is not its path: ``-`` for standard input.
    """

    path: str
    kind: Kind
    is_inside: bool = False
    words: str = ""
    name: str = ""

    @property
    def shown(self) -> str:
        """The path as a report shows it."""
        return displayed(self.name or self.path)


STDIN = "-"


def find(path: str, stdin: str | None = None) -> Iterator[Found]:
    """Yield what there is at ``path``: itself, or the files of a folder and of those in it, by name.

    ``stdin`` is a file with what standard input gave, which is audited for the path ``-``.
    """
    if path == STDIN and stdin is not None:
        yield Found(stdin, kind_of(stdin) or "file", name=STDIN)
        return
    kind = kind_of(path)
    if kind is not None:
        yield Found(path, kind)
    elif os.path.isfile(os.path.join(path, "oci-layout")):  # noqa: PTH113, PTH118
        yield Found(path, "layout")
    else:
        yield from _walk(path)


def _walk(folder: str) -> Iterator[Found]:
    # An explicit stack: a tree may be deeper than Python's recursion limit.
    stack: list[Found | str] = [folder]
    while stack:
        top = stack.pop()
        if isinstance(top, Found):
            yield top
            continue
        try:
            with os.scandir(top) as scan:
                entries = sorted(scan, key=lambda entry: os.fsencode(entry.name), reverse=True)
        except OSError as error:
            yield Found(top, "unreadable", is_inside=True, words=f"cannot be read: {error.strerror}")
            continue
        stack += map(_entry, entries)


def _entry(entry: os.DirEntry[str]) -> Found | str:
    # A folder is given by its path, to be walked; any other file as what it becomes.
    if entry.is_symlink():
        return Found(entry.path, "passed over", is_inside=True, words=LINK)
    if entry.is_dir(follow_symlinks=False):
        return entry.path
    if entry.is_file(follow_symlinks=False):
        return Found(entry.path, "file", is_inside=True)
    return Found(entry.path, "passed over", is_inside=True, words=SPECIAL)


_OPENED = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def kind_of(path: str) -> Kind | None:
    """Tell archives from other files by their first bytes; None for a folder. Never waits, as opening a FIFO would."""
    try:
        descriptor = os.open(path, _OPENED)
    except (OSError, ValueError):
        return None if os.path.isdir(path) else "file"  # noqa: PTH112 - reading it gives the reason
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            return None if stat.S_ISDIR(mode) else "file"
        start = os.pread(descriptor, 512, 0)
    except OSError:
        return "file"
    finally:
        os.close(descriptor)
    return "file" if start.startswith(b"\x7fELF") else _archive_kind(start)


def _archive_kind(start: bytes) -> Kind:
    # The import of the archive readers takes a fifth of a start, and most paths are ELF files.
    from linkmode.archives import cpio, tar
    from linkmode.archives.compression import name_of
    from linkmode.audit.inputs import deb, rpm

    if start.startswith(deb.MAGIC):
        return "deb"
    if start.startswith(rpm.MAGIC):
        return "rpm"
    if start.startswith(cpio.MAGICS):
        return "cpio"
    if start.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    if name_of(start) is not None:
        return "compressed"
    return "tar" if len(start) == tar.RECORD and tar.is_tar(start) else "file"
