"""``[bazel-module]`` of linkmode.toml: how the rule library is called among the modules of a Bazel build.

Two rule libraries in one build need two names; https://bazel.build/external/module says what is one.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from linkmode.config.keys import TABLES
from linkmode.model.issues import Issues

KEY = "bazel-module"

_NAME = re.compile(r"[a-z]([a-z0-9._-]*[a-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9]+([.-][A-Za-z0-9]+)*")


class BazelModule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule library as a module. In it, and for the repository that it is of, labels begin with ``@linkmode``."""

    name: str = "linkmode"
    version: str = "1"


def bazel_module(raw: Mapping[str, Any], issues: Issues) -> BazelModule:
    """Return what ``[bazel-module]`` says. What is wrong is reported in ``issues``."""
    table = issues.table(raw, KEY)
    issues.unknown_keys(KEY, table, TABLES[KEY])
    default = BazelModule()
    name = issues.value(KEY, table, "name", str, default.name)
    version = issues.value(KEY, table, "version", str, default.version)
    if not _NAME.fullmatch(name):
        issues.add(f"{KEY}.name", f"{name!r} is no name of a Bazel module: lower-case letters, digits and . _ -")
    if not _VERSION.fullmatch(version):
        issues.add(f"{KEY}.version", f"{version!r} is no version of a Bazel module: letters, digits and . -")
    return BazelModule(name=name, version=version)
