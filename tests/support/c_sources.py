"""The C files of the rules, in the folders that they have in a generated tree, where they include each other."""

from pathlib import Path

from linkmode.generate.layout import whole_bazel
from linkmode.model import resources


def c_sources(folder: Path) -> Path:
    """Write them below ``folder``; return its ``private``."""
    for path, data in whole_bazel(resources.templates()).items():
        if path.startswith("private/") and path.endswith((".c", ".h")):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    return folder / "private"
