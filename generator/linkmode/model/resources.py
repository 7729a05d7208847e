"""Where templates/ and toolchains/ lie: inside the package in a wheel, beside generator/ in a checkout."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def templates() -> "Path":
    """Return the folder that holds one folder of templates for each build system (``bazel``)."""
    return _folder("templates")


def catalogue() -> "Path":
    """Return the folder of the catalogue: one TOML file for each family."""
    return _folder("toolchains")


def beside(module: str, name: str) -> str:
    """Return the text of a file of data in the folder of a module, whose ``__file__`` is given.

    As `importlib.resources` would, or `pathlib`: each imports what takes as long as a small command does.
    """
    with open(os.path.join(os.path.dirname(module), name), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123
        return file.read()


def _folder(name: str) -> "Path":
    from pathlib import Path

    package = Path(__file__).parents[1]
    packaged = package / name
    return packaged if packaged.is_dir() else package.parents[1] / name
