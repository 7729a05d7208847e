"""What the files of a Bazel build say of it: whether a folder is its root, and which Bazel it asks for."""

import re
from pathlib import Path

from linkmode.messages import ConfigError
from linkmode.model import textfile

MODULE, WORKSPACES = "MODULE.bazel", ("WORKSPACE.bazel", "WORKSPACE")
ROOTS = (MODULE, *WORKSPACES)
"""The files that make a folder the root of a Bazel build."""

_VERSION = re.compile(r"(?:[\w.-]+/)?(\d+)\.")
_OLDEST = 4


def is_root(folder: Path) -> bool:
    """Return whether ``folder`` is the root of a Bazel workspace or module."""
    return any((folder / name).is_file() for name in ROOTS)


def major(root: Path) -> int | None:
    """Return the major version that ``.bazelversion`` names; None without one that is a number (``latest``)."""
    try:
        found = _VERSION.match(textfile.read(root / ".bazelversion").strip())
    except FileNotFoundError:
        return None
    except textfile.UnusableError as error:
        raise ConfigError(
            f"{root / '.bazelversion'} {error.problem}",
            expected="a text with the version of Bazel",
            hint="save .bazelversion as UTF-8",
        ) from error
    return int(found[1]) if found else None


def checked_version(root: Path) -> str:
    """Return the Bazel of ``root`` in words. Raises ConfigError where ``.bazelversion`` names one that is too old."""
    named = major(root)
    if named is not None and named < _OLDEST:
        raise ConfigError(
            f"{root / '.bazelversion'} names Bazel {named}; linkmode's rules are for Bazel {_OLDEST} and newer",
            expected=f"Bazel {_OLDEST} or newer",
            hint="name a newer one in .bazelversion",
        )
    return f"Bazel {named}" if named else "no .bazelversion: the rules are written for any Bazel from 4 on"
