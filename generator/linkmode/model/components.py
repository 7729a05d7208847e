"""What a family, a language and a library have in common: a folder that is found, and archives of known layouts."""

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any

import msgspec


class Layout(msgspec.Struct, frozen=True):
    """How Bazel makes targets of an archive: a macro, in a file of the component's folder below ``private/``.

    ``remove`` are paths in the archive that must not be there, such as a link to its own root.
    """

    file: str
    macro: str
    remove: tuple[str, ...] = ()


def found(package: str, path: Iterable[str], value: str) -> dict[str, Any]:
    """Return ``value`` of each folder of ``package``, whose ``__path__`` is ``path``, by its name and in that order.

    A folder is a package of its own. It is called as its ``name`` is, with ``_`` for what Python takes in no name.
    """
    folders = sorted(module.name for module in pkgutil.iter_modules(path) if module.ispkg)
    values = [getattr(importlib.import_module(f"{package}.{folder}"), value) for folder in folders]
    return {each.name: each for each in values}
