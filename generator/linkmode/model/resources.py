"""Where templates/ and toolchains/ lie: inside the package in a wheel, beside generator/ in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def templates() -> Path:
    """Return the folder that holds one folder of templates for each build system (``bazel``)."""
    return _folder("templates")


def catalogue() -> Path:
    """Return the folder of the catalogue: one TOML file for each family."""
    return _folder("toolchains")


def beside(module: str, name: str) -> str:
    """Return the text of a file of data in the folder of a module, whose ``__file__`` is given.

    As `importlib.resources` would; that imports what takes as long as all that a small command does.
    """
    return Path(module).with_name(name).read_text(encoding="utf-8")


def _folder(name: str) -> Path:
    packaged = _PACKAGE / name
    return packaged if packaged.is_dir() else _CHECKOUT / name
