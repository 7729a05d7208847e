"""Writes archives of the store into an air-gap mirror, one complete file after another (`mirror_layout`).

The order of steps keeps a mirror valid whenever a run is killed: a file takes its place when it is whole and verified,
and then the checksum files and the index name it. They never name what is not there.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from linkmode.messages import ConfigError, IntegrityError, Message, Run
from linkmode.model import mirror_layout, textfile
from linkmode.model.values import Artifact
from linkmode.store.files import Store, digest_of

_BLOCK = 1 << 20
_LARGEST = 64 << 20
"""Bytes that the index or a list of checksums may have: those of a hundred thousand archives."""

_IN_THE_WAY = (errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP)
"""What the system says where a folder has the name of a file, or a file that of a folder."""

_NEW = ".linkmode-mirror-new"
"""The file under way. There is one, for one run at a time writes a mirror."""


def check(folder: Path) -> None:
    """Raise ConfigError unless ``folder`` is a mirror, or can become one: it is empty, or not there."""
    with _os_errors(folder):
        for path in (*reversed(folder.parents), folder):
            if os.path.lexists(path) and not path.is_dir():
                raise ConfigError(
                    f"{folder}: cannot be an air-gap mirror: {path} is no folder",
                    expected="a new or an empty folder, or one that `linkmode mirror` wrote",
                    hint="name a new or an empty folder",
                )
        _read(folder)


def write(artifacts: Iterable[Artifact], store: Store, folder: Path) -> Iterator[tuple[Artifact, str, bool]]:
    """Copy what is missing from the store; yield each artifact, its path in the mirror, and whether it was copied.

    What the mirror held before stays in it. What is there already is read again, and replaced when it is damaged.

    Raises:
        ConfigError: the folder holds other things, is being written by another run, or cannot be written.
        IntegrityError: the store's bytes are not those of the lock.
    """
    with _os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _held(folder):
            known = _read(folder)
            entries = {path: entry for path, entry in known.items() if _size(folder / path) == entry.size}
            _describe(folder, entries)
            for artifact in artifacts:
                path = mirror_layout.path(artifact.checksum, artifact.file)
                _refuse_links(folder, path)
                copied = not _sound(folder / path, artifact)
                if copied:
                    _copy(store.file(artifact.checksum), folder, path, artifact)
                size = (folder / path).stat().st_size
                entries[path] = mirror_layout.entry(artifact, size, entries.get(path))
                _describe(folder, entries)
                yield artifact, path, copied


def _read(folder: Path) -> dict[str, mirror_layout.Entry]:
    """What the folder's index lists; nothing where there is no folder, or an empty one."""
    index = folder / mirror_layout.INDEX
    try:
        return mirror_layout.loads(_contents(index), str(index))
    except FileNotFoundError:
        others = sorted(path.name for path in folder.iterdir() if path.name != _NEW) if folder.exists() else []
    if others:
        raise ConfigError(
            f"{folder}: has files and no {mirror_layout.INDEX}: {', '.join(others[:3])}{', …' if others[3:] else ''}",
            expected="a new or an empty folder, or one that `linkmode mirror` wrote",
            hint="name a new or an empty folder",
        )
    return {}


def _refuse_links(folder: Path, path: str) -> None:
    """Raise ConfigError where a folder on the way to ``path`` is a link: a mirror may come from a stranger's hands."""
    for parent in Path(path).parents[:-1]:
        if (folder / parent).is_symlink():
            raise ConfigError(
                f"{folder / parent}: is a symbolic link, and linkmode writes through none",
                expected="a folder",
                hint="remove the link, or name a new folder",
            )


def _contents(path: Path) -> bytes:
    """Return what a file holds; raise ConfigError for a pipe or device, which may never end. Raises OSError."""
    if os.path.lexists(path) and not path.is_file():
        raise ConfigError(
            f"{path}: is no regular file",
            expected="the index that `linkmode mirror` wrote",
            hint="name a new or an empty folder",
        )
    return textfile.regular(path, _LARGEST)


def _new_file(folder: Path) -> BinaryIO:
    """Open a file to write into. What lies under its name is removed, and never written through: it may be a link."""
    (folder / _NEW).unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(folder / _NEW, flags, 0o666), "wb")


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() and not path.is_symlink() else None


def _sound(path: Path, artifact: Artifact) -> bool:
    size, checksum = _size(path), artifact.checksum
    # Size first: a sparse file of a terabyte would be read for hours.
    if size is None or artifact.size not in (None, size):
        return False
    return digest_of(path, checksum.algorithm) == checksum.hex


def _copy(source: Path, folder: Path, path: str, artifact: Artifact) -> None:
    """Copy in bounded memory, and move the copy to its place if it has the lock's checksum."""
    hashed = hashlib.new(artifact.checksum.algorithm)
    with textfile.open_regular(source) as old, _new_file(folder) as new:
        while block := old.read(_BLOCK):
            hashed.update(block)
            new.write(block)
        new.flush()
        os.fsync(new.fileno())
    if hashed.hexdigest() != artifact.checksum.hex:
        (folder / _NEW).unlink()
        raise IntegrityError(
            f"{artifact.name}: {source} is damaged: its {artifact.checksum.algorithm} is {hashed.hexdigest()}",
            expected=str(artifact.checksum),
            hint=Message("replace it with: ", Run("fetch")),
        )
    _place(folder, path)


def _describe(folder: Path, entries: mirror_layout.Entries) -> None:
    """Update the checksum files and the index. Leave those that are correct, and remove an empty one."""
    for name, data in mirror_layout.files(entries).items():
        with contextlib.suppress(FileNotFoundError):
            if _contents(folder / name) == data and not (folder / name).is_symlink():
                continue
        if not data:
            (folder / name).unlink(missing_ok=True)
            continue
        with _new_file(folder) as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        _place(folder, name)


def _place(folder: Path, path: str) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / _NEW).replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the folder itself, so that no lock file is left in what is carried away."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ConfigError(
            f"{folder}: another `linkmode mirror` is writing into it",
            expected="one run at a time",
            hint="wait for the other to end, and run the command again",
        ) from error
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _os_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = Path(error.filename2 or error.filename or folder)
        if error.errno == errno.EFBIG and place.name in mirror_layout.files({}):
            raise ConfigError(
                f"{place}: {error.strerror}",
                expected="what `linkmode mirror` writes",
                hint="name a new or an empty folder, or delete that file's folder",
            ) from error
        if error.errno in _IN_THE_WAY:
            raise ConfigError(
                f"{place}: cannot write the mirror: something else has that name, or that of a folder on the way to it",
                expected="what `linkmode mirror` wrote, and nothing else in its folder",
                hint="move it away and run the command again, or name a new or an empty folder",
            ) from error
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        if full:  # the part that was written must not keep the disk full
            with contextlib.suppress(OSError):
                (folder / _NEW).unlink()
        raise ConfigError(
            f"{place}: cannot write the mirror: {error.strerror or error}",
            expected="a folder that you can write to, with room for every locked archive",
            hint=f"{'make room' if full else 'get write permission'} there, and run the command again: it goes on "
            "where it stopped",
        ) from error
