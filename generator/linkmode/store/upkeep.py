"""Verifies and cleans a store that Bazel and other projects may share."""

import contextlib
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from linkmode.model.failures import Cancelled
from linkmode.model.values import Checksum
from linkmode.store import private
from linkmode.store.files import Store, cannot_write, digest_of
from linkmode.store.sweep import Leftover


def damaged(store: Store) -> Iterator[tuple[Checksum, bool]]:
    """Read every archive of the store, also those of others; yield its checksum and whether it is damaged."""
    for checksum in store.entries():
        # A folder without the file is one that Bazel is filling just now, or was stopped while filling.
        with contextlib.suppress(FileNotFoundError):
            path = store.file(checksum)
            # Asked before opening: a pipe would never end, or never begin.
            is_file = stat.S_ISREG(path.stat().st_mode)
            yield checksum, not is_file or digest_of(path, checksum.algorithm) != checksum.hex


def clear(store: Store, before: float, *, pretend: bool = False) -> Iterator[Leftover]:
    """Remove the archives and half downloads that were last used before a time (seconds since 1970); yield all.

    Bazel and linkmode both renew the time of an archive when they use it. What a run is bringing in is left alone.
    With ``pretend`` nothing is removed. Raises ConfigError when the store cannot be written, or leads elsewhere by a
    link of another user's.
    """
    for checksum in store.entries():
        yield from _clear(store, checksum, store.file(checksum), "archive", before, pretend=pretend)
        for half in sorted(store.folder(checksum).glob("tmp-*")):
            yield from _clear(store, checksum, half, "half download of Bazel's", before, pretend=pretend)
    for checksum in store.partials():
        yield from _clear(store, checksum, store.partial(checksum), "half download", before, pretend=pretend)


def _clear(
    store: Store, checksum: Checksum, path: Path, kind: str, before: float, *, pretend: bool
) -> Iterator[Leftover]:
    private.refuse_links(store.root, *path.parent.relative_to(store.root).parts)
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    if found.st_mtime >= before:
        yield Leftover(path, kind, found.st_size, "used since")
        return
    if not pretend:
        taken = threading.Event()
        taken.set()
        try:
            with store.lock(checksum, taken, lambda _: None):
                _remove(store, checksum, path)
        except Cancelled:
            yield Leftover(path, kind, found.st_size, "in use")
            return
    yield Leftover(path, kind, found.st_size)


def _remove(store: Store, checksum: Checksum, path: Path) -> None:
    """Remove a file. Remove the bytes of an archive first, so that no canonical id is left for other bytes."""
    try:
        path.unlink(missing_ok=True)
        if path == store.file(checksum):
            for identity in path.parent.glob("id-*"):
                identity.unlink(missing_ok=True)
        if path.parent == store.folder(checksum):
            # Not empty if Bazel has begun to download it again.
            with contextlib.suppress(OSError):
                path.parent.rmdir()
    except OSError as error:
        raise cannot_write(path, error) from error
