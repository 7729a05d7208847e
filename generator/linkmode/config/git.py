"""Asks Git which files it ignores. Without Git, and outside of a repository, it ignores none."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

_PATIENCE = 10
"""Seconds. Git answers this in some milliseconds, unless a file system hangs."""


def ignored(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Return those of ``names`` in the folder ``root`` that Git ignores, with the pattern (``.gitignore:1: *.lock``).

    A file that was committed before a pattern matched it is not ignored.
    """
    asked = "".join(f"{name}\0" for name in names)
    try:
        done = subprocess.run(
            ["git", "check-ignore", "--verbose", "-z", "--stdin"],
            cwd=root,
            input=asked,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    # https://git-scm.com/docs/git-check-ignore: source, line, pattern and path, each with a NUL after it
    fields = done.stdout.split("\0")[:-1]
    rows = zip(*(fields[index::4] for index in range(4)), strict=False)
    return {path: f"{source}:{line}: {pattern}" for source, line, pattern, path in rows if not pattern.startswith("!")}
