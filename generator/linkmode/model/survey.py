"""The result of measuring an archive. Pure."""

import hashlib
import os
import re
from collections.abc import Callable
from typing import Literal

import msgspec

_LABEL = re.compile(r"\d+\.\d+\.\d+")


class Tool(msgspec.Struct, frozen=True):
    """What the audit says of a program: its machine, and whether it needs no interpreter and no library."""

    machine: str
    is_static: bool


class Node(msgspec.Struct, frozen=True):
    """A file or symlink of the tree. ``content`` is a file's sha256 and a link's target."""

    kind: Literal["file", "symlink"]
    is_executable: bool
    content: str


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass found, each by the path of the file that says so.

    ``platforms`` holds the exec platform of each `Recogniser.program`, as its header has it; ``stated`` those of
    them that hold the version that was looked for.
    """

    file: str
    nodes: dict[str, Node]
    tools: dict[str, Tool]
    binutils: dict[str, str]
    musl: dict[str, str]
    zlib: dict[str, str]
    platforms: dict[str, str]
    stated: frozenset[str]


class UnclearError(Exception):
    """An archive of a component that does not state what its pin must say. The text follows the name of its file."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a pin says of an archive, in the pin's own words (`model.Pin`). ``remarks`` is what a person should know."""

    family: str
    version: str
    layout: str
    strip_prefix: str
    exec: str | None
    targets: tuple[str, ...]
    measured: dict[str, str]
    tree_sha256: str
    remarks: tuple[str, ...]


class Recogniser(msgspec.Struct, frozen=True):
    """How archives of a component are told from others. ``by`` says in words what they have.

    ``recognise`` returns None for what is none of them, and raises UnclearError. ``program`` is the name of one that
    is too large to keep, and whose exec platform and version are looked for while it passes by.
    """

    by: str
    recognise: Callable[[Survey], Measured | None]
    program: str = ""


def label(file: str) -> str:
    """Return the version that a file name has in it, or an empty string."""
    found = _LABEL.search(file)
    return found[0] if found else ""


def tree_digest(nodes: dict[str, Node], prefix: str) -> str:
    """Return the SHA-256 of the tree below ``prefix``: of path, kind, x bit and content of all files and symlinks.

    The same for every archive that unpacks to the same tree, however it was packed. Folders do not count, as a zip need
    not list them, nor do owners, times and the other mode bits; a hard link counts as the file that it is.
    """
    start = f"{prefix}/" if prefix else ""
    digest = hashlib.sha256()
    for path in sorted((path for path in nodes if path.startswith(start)), key=os.fsencode):
        node = nodes[path]
        mark = "x" if node.is_executable else "-"
        for field in (path.removeprefix(start), node.kind, mark, node.content):
            digest.update(os.fsencode(field) + b"\0")
    return digest.hexdigest()
