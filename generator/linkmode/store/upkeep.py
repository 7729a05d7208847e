"""Verifies and cleans a store that Bazel and other projects may share."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from linkmode.model import locks
from linkmode.model.values import Checksum
from linkmode.store import opened
from linkmode.store.files import ALGORITHMS, Store, cannot_read, cannot_write, checksums, digest_of
from linkmode.store.opened import Opened
from linkmode.store.sweep import Leftover, unless_refused


def damaged(store: Store) -> Iterator[tuple[Checksum, bool]]:
    """Read every archive of the store, also those of others; yield its checksum and whether it is damaged.

    Raises ConfigError when one cannot be read.
    """
    for checksum in store.entries():
        path = store.file(checksum)
        try:
            # Asked before opening: a pipe would never end, or never begin.
            is_file = stat.S_ISREG(path.stat().st_mode)
            is_damaged = not is_file or digest_of(path, checksum.algorithm) != checksum.hex
        except (FileNotFoundError, NotADirectoryError):
            if not path.is_symlink():
                continue  # a folder without the file: Bazel is filling it just now, or was stopped while filling
            is_damaged = True
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise cannot_read(path, error) from error
            is_damaged = True
        yield checksum, is_damaged


def clear(store: Store, before: float, *, pretend: bool = False) -> Iterator[Leftover]:
    """Remove the archives and half downloads that were last used before a time (seconds since 1970); yield all.

    Bazel and linkmode both renew the time of an archive when they use it. What a run is bringing in is left alone.
    With ``pretend`` nothing is removed. Raises ConfigError when the store cannot be read, or one of its folders is
    a link of another user's; an archive that cannot be removed is yielded with its error.
    """
    try:
        with opened.folder(store.root) as root:
            if root is not None:
                yield from _archives(root, before, pretend=pretend)
                yield from _partials(root, before, pretend=pretend)
    except OSError as error:
        raise cannot_write(store.root, error) from error


def _archives(root: Opened, before: float, *, pretend: bool) -> Iterator[Leftover]:
    for algorithm in ALGORITHMS:
        with root.below("content_addressable", algorithm) as archives:
            if archives is None:
                continue
            for checksum in checksums(archives.names(), "", algorithm):
                found = _archive(root, archives, checksum, before, pretend=pretend)
                yield from unless_refused(archives.path / checksum.path_part, "archive", found, cannot_write)


def _archive(root: Opened, archives: Opened, checksum: Checksum, before: float, *, pretend: bool) -> Iterator[Leftover]:
    with archives.below(checksum.path_part) as folder:
        if folder is None:
            return
        names = folder.names()
        kinds = [("file", "archive")] if "file" in names else []
        kinds += [(name, "half download of Bazel's") for name in names if name.startswith("tmp-")]
        for name, kind in kinds:
            found = _clear(root, folder, name, checksum, kind, before, archives, pretend=pretend)
            yield from unless_refused(folder.path / name, kind, found, cannot_write)


def _partials(root: Opened, before: float, *, pretend: bool) -> Iterator[Leftover]:
    with root.below("linkmode", "partial") as partials:
        if partials is None:
            return
        for algorithm in ALGORITHMS:
            for checksum in checksums(partials.names(), f"{algorithm}-", algorithm):
                name = f"{algorithm}-{checksum.path_part}"
                found = _clear(root, partials, name, checksum, "half download", before, pretend=pretend)
                yield from unless_refused(partials.path / name, "half download", found, cannot_write)


def _clear(
    root: Opened,
    folder: Opened,
    name: str,
    checksum: Checksum,
    kind: str,
    before: float,
    archives: Opened | None = None,
    *,
    pretend: bool,
) -> Iterator[Leftover]:
    """Clear one file of ``folder``, and with ``archives``, the folder above, also ``folder`` when that empties it."""
    path = folder.path / name
    try:
        found = _led_to(folder, name)
        is_folder = stat.S_ISDIR(os.lstat(name, dir_fd=folder.descriptor).st_mode)
    except FileNotFoundError:
        return
    if is_folder:
        yield Leftover(path, kind, 0, "a folder where a file belongs, which no run of linkmode or Bazel made")
        return
    if found.st_mtime >= before:
        yield Leftover(path, kind, found.st_size, "used since")
        return
    if pretend:
        yield Leftover(path, kind, found.st_size)
        return
    with _locked(root, checksum) as is_free:
        kept = "" if is_free else "in use"
        # A run that held the lock until now may have replaced what was damaged.
        with contextlib.suppress(FileNotFoundError):
            if is_free and _led_to(folder, name).st_mtime >= before:
                kept = "used since"
        if not kept:
            _remove(folder, name, path)
            if archives is not None:
                # Not empty if something in it stays, or if Bazel has begun to download it again. Under the lock: a run
                # that brings the archive in has made the folder, and not yet put the file there.
                with contextlib.suppress(OSError):
                    os.rmdir(checksum.path_part, dir_fd=archives.descriptor)
    yield Leftover(path, kind, found.st_size, kept)


def _led_to(folder: Opened, name: str) -> os.stat_result:
    """Return what a file is; of a link to nothing, or to itself, the link. Raises OSError."""
    try:
        return folder.stat(name)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ELOOP}:
            raise
        return os.lstat(name, dir_fd=folder.descriptor)


@contextlib.contextmanager
def _locked(root: Opened, checksum: Checksum) -> Iterator[bool]:
    """Hold the lock of an archive (`Store.lock`) and yield True; False where another run holds it."""
    name = f"{checksum.algorithm}-{checksum.path_part}.lock"
    path = root.path / "linkmode" / "locks" / name
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(held.enter_context(root.made("linkmode", "locks", own=True)).lock(name))
        except BlockingIOError:
            yield False
            return
        except OSError as error:
            why = locks.explained(path, error)
            raise (cannot_write(path, why) if isinstance(why, OSError) else why) from error
        yield True


def _remove(folder: Opened, name: str, path: Path) -> None:
    """Remove a file. Remove the bytes of an archive first, so that no canonical id is left for other bytes."""
    try:
        folder.unlink(name)
        if name == "file":
            for identity in folder.names():
                if identity.startswith("id-"):
                    folder.unlink(identity)
    except OSError as error:
        raise cannot_write(path, error) from error
