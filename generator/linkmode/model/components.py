"""What a family, a language and a library have in common: a folder, and archives of known layouts."""

import importlib
import pkgutil
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from linkmode.model import resources


class Layout(msgspec.Struct, frozen=True):
    """How Bazel makes targets of an archive: a macro, in a file of the component's folder below ``private/``.

    ``remove`` are paths in the archive that must not be there, such as a link to its own root. ``has_whole_folders``
    says that its folders are inputs as a whole, in which a link that leads out of the archive would end an action.
    ``launchers`` are scripts by their paths in the repository, each with the program of the same repository that it
    starts, one that Bazel builds; ``{target}`` in them stands for each locked target.
    """

    file: str
    macro: str
    remove: tuple[str, ...] = ()
    has_whole_folders: bool = False
    launchers: Mapping[str, str] = {}


def found(package: str, path: Iterable[str], value: str) -> dict[str, Any]:
    """Return ``value`` of each folder of ``package``, whose ``__path__`` is ``path``, by its name and in that order.

    A folder is a package of its own. It is called as its ``name`` is, with ``_`` for what Python takes in no name.
    """
    folders = sorted(module.name for module in pkgutil.iter_modules(path) if module.ispkg)
    values = [getattr(importlib.import_module(f"{package}.{folder}"), value) for folder in folders]
    return {each.name: each for each in values}


Lines = dict[str, dict[str, Any]]
"""What is known of each line of releases, such as ``0.15``: data that the generated rules read."""

NO_LINES: Lines = {}


def releases(package: str) -> Lines:
    """Return the lines of releases in the releases.toml of a folder, in its order."""
    module = str(importlib.import_module(package).__file__)
    lines: Lines = tomllib.loads(resources.beside(module, "releases.toml"))["line"]
    return lines


class Component(Protocol):
    """What linkmode must know about a family, a language or a library beyond its pins."""

    @property
    def name(self) -> str:
        """The name in linkmode.toml and in the catalogue."""

    @property
    def also_called(self) -> tuple[str, ...]:
        """Names that people have for it, for messages and for ``linkmode add``."""

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The layouts of its archives, by the word for each in a pin."""

    @property
    def lines(self) -> Lines:
        """What its rules must know of each line of releases; empty where all are alike."""

    @property
    def cpu_facts(self) -> tuple[str, ...]:
        """The fields of a CPU that its rules read."""

    def line(self, version: str) -> str:
        """Return the line of releases that ``version`` is of; it need not be one of ``lines``."""


def first_two(version: str) -> str:
    """Return the line of a version that its first two numbers name: ``0.15`` for ``0.15.2``."""
    major, _, rest = version.partition(".")
    return f"{major}.{rest.partition('.')[0]}"
