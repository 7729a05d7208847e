"""The content-addressed store, in the layout of Bazel's repository cache, so that Bazel reads it directly.

    <root>/content_addressable/<sha256|sha512>/<hex>/file            the bytes
    <root>/content_addressable/<sha256|sha512>/<hex>/id-<digest>     empty; digest of the canonical id, same algorithm
    <root>/linkmode/partial/<algorithm>-<hex>                        a download under way, or one to resume
    <root>/linkmode/locks/<algorithm>-<hex>.lock                     held while that file is being brought in

The first two are Bazel's (src/main/java/com/google/devtools/build/lib/bazel/repository/cache/DownloadCache.java);
the others lie beside them, on the same filesystem, where neither Bazel nor a reader can take them for contents.
"""

import contextlib
import errno
import getpass
import hashlib
import os
import re
import stat
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, get_args

from linkmode.messages import ConfigError
from linkmode.model import cache, locks, textfile
from linkmode.model.values import Checksum
from linkmode.store import opened, private

State = Literal["present", "absent", "corrupt", "unconfirmed"]
"""``corrupt``: the bytes are not what their folder says. ``unconfirmed``: they are, but no fetch of this canonical id
has brought them, so that a URL which changed while its checksum did not would go unnoticed."""

_Algorithm = Literal["sha256", "sha512"]
ALGORITHMS: tuple[_Algorithm, ...] = get_args(_Algorithm)


def default_root() -> Path:
    """Bazel's own default repository cache for this user: what ``bazel info repository_cache`` says.

    Bazel 4 ignores XDG_CACHE_HOME (7 honours it); docs/reference/store.md says what to do where that matters.
    """
    try:
        user = os.environ.get("USER") or getpass.getuser()
    except (KeyError, OSError) as error:  # which one depends on the version of Python
        raise ConfigError(
            "USER is not set and this user has no name, so Bazel has no repository cache for it either",
            expected="the name of a user: it is a part of the default store's path",
            hint="set USER, or choose another place with --store DIR (or LINKMODE_STORE)",
        ) from error
    return cache.folder("bazel", f"_bazel_{user}", "cache", "repos", "v1")


def digest_of(path: Path, algorithm: str) -> str:
    """The digest of a file as hexadecimal, in bounded memory; raise OSError when it cannot be read."""
    with textfile.open_regular(path) as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def cannot_write(path: Path, error: OSError) -> ConfigError:
    """The error for a store that cannot be written: read-only, no rights, no space."""
    first = "free some space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "get write permission there"
    return ConfigError(
        f"{path}: cannot write to the store: {error.strerror or error}",
        expected="a folder that you can write to, with room for the archives",
        hint=f"{first}, or choose another place with --store DIR (or LINKMODE_STORE)",
    )


def cannot_read(path: Path, error: OSError) -> ConfigError:
    """The error for a store whose files this user may not read."""
    return ConfigError(
        f"{path}: cannot read the store: {error.strerror or error}",
        expected="a file or folder that you can read",
        hint="choose another place with --store DIR (or LINKMODE_STORE)",
    )


class Store:
    """A store at ``root``. Nothing is created before the first file is brought in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, checksum: Checksum) -> Path:
        """The folder that Bazel looks in for a checksum."""
        return self.root / "content_addressable" / checksum.algorithm / checksum.path_part

    def file(self, checksum: Checksum) -> Path:
        """The path of the file with this checksum, whether it exists or not."""
        return self.folder(checksum) / "file"

    def partial(self, checksum: Checksum) -> Path:
        """The path of a download before it is verified."""
        return self.root / "linkmode" / "partial" / f"{checksum.algorithm}-{checksum.path_part}"

    def _id(self, checksum: Checksum, canonical_id: str) -> Path:
        digest = hashlib.new(checksum.algorithm, canonical_id.encode()).hexdigest()
        return self.folder(checksum) / f"id-{digest}"

    def state(self, checksum: Checksum, size: int | None, canonical_id: str) -> State:
        """Read the stored bytes again, size first; raise ConfigError when they cannot be read."""
        path = self.file(checksum)
        try:
            found = path.stat()
            # Asked before opening: a pipe would never end, or never begin.
            sound = stat.S_ISREG(found.st_mode) and size in (None, found.st_size)
            sound = sound and digest_of(path, checksum.algorithm) == checksum.hex
        except (FileNotFoundError, NotADirectoryError):
            return "absent"
        except OSError as error:
            raise cannot_read(path, error) from error
        if not sound:
            return "corrupt"
        if not self._id(checksum, canonical_id).exists():
            return "unconfirmed"
        # The time of the last use, as Bazel keeps it too. A store that is mounted read-only has none.
        with contextlib.suppress(OSError):
            os.utime(path)
        return "present"

    def private(self, name: str) -> Path:
        """The folder of linkmode's own of this name, which is made where it is missing.

        Raises ConfigError when it is another user's, who could change what is gathered there, or cannot be made.
        """
        folder = self.root / "linkmode" / name
        try:
            return private.own(self.root, "linkmode", name)
        except OSError as error:
            raise cannot_write(folder, error) from error

    @contextlib.contextmanager
    def lock(self, checksum: Checksum, stop: threading.Event, say: locks.Say) -> Iterator[None]:
        """Lock one file against other threads and other runs while it is fetched; give up when ``stop`` is set."""
        path = self.private("locks") / f"{checksum.algorithm}-{checksum.path_part}.lock"
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(locks.held(path, say, stop))
            except OSError as error:
                raise cannot_write(path, error) from error
            yield

    def admit(self, verified: Path, checksum: Checksum, canonical_id: str) -> None:
        """Move a verified file of this filesystem to its place, durably, and mark it with its canonical id.

        The rename is what makes it visible: a run that is killed before leaves nothing that a reader would take.
        Raises ConfigError when the store cannot be written, or leads elsewhere by a link of another user's.
        """
        target = self.file(checksum)
        try:
            private.make(self.root)
            _sync(verified)
            with opened.folder(self.root) as root:
                if root is None:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.root))
                with root.made(*target.parent.relative_to(self.root).parts) as folder:
                    os.replace(verified, target.name, dst_dir_fd=folder.descriptor)
                    folder.mark(self._id(checksum, canonical_id).name)
                    os.fsync(folder.descriptor)
        except OSError as error:
            raise cannot_write(target, error) from error

    def entries(self) -> Iterator[Checksum]:
        """Every checksum that has a folder in the store, in a stable order."""
        for algorithm in ALGORITHMS:
            folder = self.root / "content_addressable" / algorithm
            try:
                # Not asked by is_dir(): from Python 3.14 on it says no where this user may not look.
                names = sorted(one.name for one in folder.iterdir())
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise cannot_read(folder, error) from error
            yield from checksums(names, "", algorithm)


def checksums(names: Iterable[str], prefix: str, algorithm: _Algorithm) -> Iterator[Checksum]:
    """The checksums among the names in a folder, each after ``prefix``; other names are not ours to judge."""
    digits = hashlib.new(algorithm).digest_size * 2
    pattern = re.compile(f"{prefix}([0-9a-f]{{{digits}}})")
    return (Checksum(algorithm, found[1]) for name in names if (found := pattern.fullmatch(name)))


def _sync(path: Path) -> None:
    """Flush a file or folder to disk, so that a power cut cannot leave a name without its bytes."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
