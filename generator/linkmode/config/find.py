"""Finds the folder of linkmode.toml: the current one, or the nearest above it."""

import os
from collections.abc import Iterator
from pathlib import Path

from linkmode.config import bazel
from linkmode.config.document import FILE
from linkmode.messages import ConfigError, Message


def root(here: Path) -> Path:
    """Return the nearest folder from ``here`` upwards that holds linkmode.toml, relative to ``here``.

    It is ``here`` itself where none does.

    Raises:
        ConfigError: the file lies above, and another user owns it, who could say by it what this user runs.
    """
    found = _nearest(here, (FILE,))
    if found is None or found == here:
        return here
    owner = (found / FILE).stat().st_uid
    if owner not in (0, os.geteuid()):
        raise ConfigError(
            f"{found / FILE} belongs to another user, and is not used from a folder below it",
            expected="a linkmode.toml of this user",
            hint=Message(f"if you trust it, name its folder: linkmode -C {found} …"),
        )
    return found


def repository(here: Path) -> Path | None:
    """Return the root of the Bazel build that ``here`` is in, else that of its Git repository, relative to ``here``."""
    return _nearest(here, bazel.ROOTS) or _nearest(here, (".git",))


def _nearest(here: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder for folder in _upwards(here) if any((folder / name).exists() for name in names)), None)


def _upwards(here: Path) -> Iterator[Path]:
    yield here
    folder = Path()
    for _ in here.absolute().parents:
        folder = folder / ".."
        yield here / folder
