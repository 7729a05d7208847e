"""What the files of a Bazel build say of it: whether a folder is its root, and which Bazel it asks for."""

import re
from pathlib import Path

from linkmode.messages import ConfigError
from linkmode.model import textfile

MODULE, WORKSPACES = "MODULE.bazel", ("WORKSPACE.bazel", "WORKSPACE")
ROOTS = (MODULE, *WORKSPACES)
"""The files that make a folder the root of a Bazel build."""

_IN_BAZELISKRC = re.compile(r"^[ \t]*USE_BAZEL_VERSION[ \t]*=[ \t]*(\S*)", re.MULTILINE)
_VERSION = re.compile(r"(?:[\w.-]+/)?(\d+)\.")
_OLDEST = 4


def is_root(folder: Path) -> bool:
    """Return whether ``folder`` is the root of a Bazel workspace or module."""
    return any((folder / name).is_file() for name in ROOTS)


def ignored(root: Path) -> set[str]:
    """Return the lines of ``.bazelignore``, each a folder; none where it cannot be read."""
    try:
        lines = textfile.read(root / ".bazelignore").splitlines()
    except (FileNotFoundError, textfile.UnusableError):
        return set()
    return {line.strip().rstrip("/") for line in lines if line.strip() and not line.startswith("#")}


def major(root: Path) -> int | None:
    """Return the major version that the repository names; None without one that is a number (``latest``)."""
    found = _VERSION.match(_named(root)[1])
    return int(found[1]) if found else None


def _named(root: Path) -> tuple[Path, str]:
    """Return the file that names a version of Bazel, and that version; an empty one where none does.

    bazelisk asks ``.bazeliskrc`` before ``.bazelversion`` (https://github.com/bazelbuild/bazelisk#readme). Of two
    lines there the last one counts.
    """
    if version := "".join(_IN_BAZELISKRC.findall(_text(root / ".bazeliskrc"))[-1:]):
        return root / ".bazeliskrc", version
    return root / ".bazelversion", _text(root / ".bazelversion").strip()


def _text(path: Path) -> str:
    try:
        return textfile.read(path)
    except FileNotFoundError:
        return ""
    except textfile.UnusableError as error:
        is_text = isinstance(error, textfile.NoTextError)
        raise ConfigError(
            f"{path} {error.problem}",
            expected="a text with the version of Bazel",
            hint=f"save {path.name} as UTF-8"
            if is_text
            else f"make {path.name} a file that can be read, or move it away",
        ) from error


def checked_version(root: Path) -> str:
    """Return the Bazel of ``root`` in words. Raises ConfigError where the repository names one that is too old."""
    named = major(root)
    file, version = _named(root)
    if named is not None and named < _OLDEST:
        raise ConfigError(
            f"{file} names Bazel {named}; linkmode's rules are for Bazel {_OLDEST} and newer",
            expected=f"Bazel {_OLDEST} or newer",
            hint=f"name a newer one in {file.name}",
        )
    if named:
        return f"Bazel {named}"
    unsaid = f"{file.name} names no number" if version else "no .bazelversion"
    return f"{unsaid}: the rules are written for any Bazel from {_OLDEST} on"
