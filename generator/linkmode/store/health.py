"""Finds what would stop or slow a build on this machine: disk, file system, sandbox. Each finding has a fix."""

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from linkmode.messages import ConfigError, LinkmodeError, Message

_LITTLE = 2 * 2**30
"""Bytes. Zig alone is 172 MB unpacked (docs/explanation/cost.md); its caches and Bazel's output come on top."""
_MOUNTS = Path("/proc/self/mounts")
_USER_NAMESPACES = (
    (Path("/proc/sys/kernel/unprivileged_userns_clone"), "0"),
    (Path("/proc/sys/user/max_user_namespaces"), "0"),
)


class Finding(msgspec.Struct, frozen=True):
    """One finding: ``text`` says what was found, and ``fix`` how to correct it; empty if nothing is wrong."""

    text: str
    fix: Message = Message("")

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to correct."""
        return self.fix == ("",)


def found(step: Callable[[], str]) -> Finding:
    """Return what ``step`` returns as a good finding, or the error that it raises as one to correct."""
    try:
        return Finding(step())
    except LinkmodeError as error:
        return Finding(error.problem, error.advice if error.advice != ("",) else Message("see the message"))


def machine(store: Path, root: Path, mounts: Path = _MOUNTS) -> Iterator[Finding]:
    """Yield the findings of this machine for a build in ``root`` with the archives of ``store``."""
    for folder in dict.fromkeys((_existing(store), root)):
        yield found(functools.partial(_room, folder))
    yield found(functools.partial(_file_system, _existing(store), mounts))
    yield found(_sandbox)


def _room(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    text = f"{free / 2**30:.1f} GiB free at {folder}"
    if free < _LITTLE:
        raise ConfigError(text, hint="make room there: compilers are unpacked, and Bazel keeps what it builds")
    return text


def _file_system(store: Path, mounts: Path) -> str:
    kind = _kind(store.resolve(), mounts)
    if kind == "overlay":
        raise ConfigError(
            f"the store {store} is in the layer of a container, and is lost with it",
            hint="mount a volume or the CI cache there, or name one with --store and --repository_cache of Bazel",
        )
    return f"the store is on {kind or 'a file system of its own kind'}"


def _kind(path: Path, mounts: Path) -> str:
    """Return the type of the file system that holds ``path``; empty where the system does not say."""
    try:
        rows = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    around = {str(one) for one in (path, *path.parents)}
    return max(((len(row[1]), row[2]) for row in rows if len(row) > 2 and row[1] in around), default=(0, ""))[1]


def _sandbox() -> str:
    for file, off in _USER_NAMESPACES:
        try:
            value = file.read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if value == off and os.geteuid():
            raise ConfigError(
                f"{file} is {off}: Bazel's Linux sandbox cannot start, and actions run without one",
                hint=f"as root: sysctl -w {'.'.join(file.parts[3:])}=1",
            )
    return "user namespaces are allowed: Bazel's sandbox can start"


def _existing(folder: Path) -> Path:
    return next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), Path("/"))
