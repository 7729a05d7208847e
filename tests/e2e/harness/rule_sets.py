"""Other people's rule sets as modules, for Bazel 7.7.1: what Debian packages of them, in .work/bazel-rules."""

from dataclasses import replace
from pathlib import Path

from harness.bazel import Bazel, NoBazelError, find
from harness.places import COMMON

_FOLDER = COMMON / "bazel-rules/usr/share/bazel"
_MODULES = {
    "bazel_lib": "tools/bazel_lib",
    "rules_pkg": "rules/pkg",
    "rules_shell": "rules/shell",
    "stardoc": "tools/stardoc",
}


def with_rule_sets(*modules: str) -> Bazel:
    """Return Bazel 7.7.1 with these modules, by what they are called. Raises NoBazelError."""
    if not _FOLDER.is_dir():
        raise NoBazelError(f"there are no rule sets in {_FOLDER}; install them with: tests/e2e/bazel/install rules")
    builder = find("7.7.1")
    overrides = (f"--override_module={name}={folder(name)}" for name in modules)
    return replace(builder, flags=(*builder.flags, *overrides))


def folder(module: str) -> Path:
    """Return where a module lies."""
    return _FOLDER / _MODULES[module]
