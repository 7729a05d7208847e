"""``output`` of linkmode.toml: the folder of the rule library, which must be nobody else's."""

import re
from collections.abc import Mapping
from typing import Any

from linkmode.model import field_rules as rules
from linkmode.model.issues import Issues

DEFAULT_OUTPUT = "third_party/linkmode"

_OUTPUT_PART = re.compile(r"(?!\.\.?$)[A-Za-z0-9._+@][A-Za-z0-9._+@-]*")
_NOT_OUTPUT = (
    *("linkmode.toml", "linkmode.lock", "MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel", "BUILD", "BUILD.bazel"),
    *(".bazelrc", ".bazelignore", ".bazelversion"),
    "external",  # Bazel keeps its repositories under this name, and sees no package of the main one there
)
"""Names that mean a file at the root of a repository."""
_BUILT = re.compile(r"bazel-.*|buck-out")
"""Bazel's links to what it built, and Buck2's folder for the same. Both are made again at any time."""
_VERSION_CONTROL = (".git", ".hg", ".svn", ".jj", ".bzr", ".sl", "_darcs", "cvs")
"""Folders of tools that keep a repository in them, and run what lies there."""


def output(raw: Mapping[str, Any], issues: Issues) -> str:
    """Return the folder, relative to linkmode.toml and without a slash at its end. Problems go to ``issues``."""
    folder = issues.value("", raw, "output", str, DEFAULT_OUTPUT).removesuffix("/")
    parts = folder.split("/")
    if not all(_OUTPUT_PART.fullmatch(part) for part in parts):
        issues.add(
            "output",
            "expected a folder inside the repository, such as 'third_party/linkmode': relative, without '.', '..', "
            f"backslashes, spaces or quotes; found {rules.shown(raw['output'])}",
        )
    for index, part in enumerate(parts):
        # in any letter case: some file systems know no other
        if part.lower() in _VERSION_CONTROL or (index == 0 and (part in _NOT_OUTPUT or _BUILT.fullmatch(part))):
            issues.add(
                "output",
                f"{part} is not linkmode's to write into; expected a folder such as third_party/linkmode",
            )
    return folder
