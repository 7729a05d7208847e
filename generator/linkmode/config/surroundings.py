"""Looks at a repository for what ``linkmode init`` proposes: languages, and rule sets of others."""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from linkmode.config import bazel, buck2
from linkmode.config.adapters import ADAPTERS
from linkmode.languages import LANGUAGES
from linkmode.model import textfile

_DEEPEST, _MOST = 3, 10_000
"""How far it looks: folders within each other, and entries in all. A monorepo must not make `init` slow."""

_PROGRAM = re.compile(r"""^cc_binary\(\s*name\s*=\s*["']([\w.+-]+)["']""", re.MULTILINE)


class Surroundings(msgspec.Struct, frozen=True):
    """What was seen, each with the file that shows it, relative to the repository.

    ``build_systems`` are those to write rules for: Bazel where none was seen.
    """

    build_systems: tuple[str, ...] = ("bazel",)
    languages: dict[str, str] = {}
    rule_sets: dict[str, str] = {}


def look(root: Path) -> Surroundings:
    """Return what the repository at ``root`` shows. What cannot be read is passed over."""
    languages: dict[str, str] = {}
    for path in _files(root):
        for name, language in LANGUAGES.items():
            if any(fnmatchcase(path.name, mark) for mark in language.marks):
                languages.setdefault(name, path.relative_to(root).as_posix())
    rule_sets: dict[str, str] = {}
    for file in bazel.ROOTS:
        text = _text(root / file)
        rule_sets |= {name: file for name in ADAPTERS if name in text}
    seen = {"bazel": bazel.is_root(root), "buck2": buck2.is_root(root)}
    systems = tuple(name for name, is_seen in seen.items() if is_seen) or ("bazel",)
    if "bazel" not in systems:
        languages.clear()  # Buck2's rules are for C and C++
    return Surroundings(systems, dict(sorted(languages.items())), dict(sorted(rule_sets.items())))


def program(root: Path) -> tuple[str, str, str] | None:
    """Return the first cc_binary that a BUILD file shows: its package, its name, and the file; None without one.

    Folders that ``.bazelignore`` names, and those of a module of its own, have no package of this build.
    """
    ignored = bazel.ignored(root)
    for path in _files(root):
        package = path.parent.relative_to(root).as_posix().removeprefix(".")
        above = (path.parent, *path.parent.parents)[: len(path.relative_to(root).parts) - 1]
        if (
            path.name not in ("BUILD.bazel", "BUILD")
            or (path.name == "BUILD" and (path.parent / "BUILD.bazel").is_file())
            or any(folder.relative_to(root).as_posix() in ignored or bazel.is_root(folder) for folder in above)
        ):
            continue
        if found := _PROGRAM.search(_text(path)):
            return package, found[1], path.relative_to(root).as_posix()
    return None


def _text(path: Path) -> str:
    """Return the text of a file; empty where there is none that can be read."""
    try:
        return textfile.read(path)
    except (FileNotFoundError, textfile.UnusableError):
        return ""


def _files(root: Path) -> Iterator[Path]:
    left = _MOST
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        depth = len(here.relative_to(root).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and depth < _DEEPEST)
        for name in sorted(files):
            yield here / name
        left -= len(files)
        if left < 0:
            return
