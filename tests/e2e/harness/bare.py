"""A machine without a compiler: this one, or the root of Bazel 7.7.1, with every compiler and linker hidden."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

from harness.bazel import Bazel
from harness.places import BAZEL_7_ROOT

_COMPILERS = re.compile(
    r"([a-z0-9_]+-linux-(gnu|musl)\w*-)?"
    r"(as|c\+\+|c89|c99|cc|clang(\+\+)?|cpp|g\+\+|gcc|gold|ld(\.(bfd|gold|lld|mold))?|lld|musl-gcc|tcc)(-[0-9.]+)?"
)
_FOLDERS = ("usr/lib/gcc", "usr/libexec/gcc")


def bare(bazel: Bazel) -> Bazel:
    """Return ``bazel`` with a server of its own, on a machine that has no compiler.

    Raises AssertionError where one is left.
    """
    inside = bazel.argv[0] == "bwrap"
    root = BAZEL_7_ROOT if inside else Path("/")
    programs = sorted(path for path in (root / "usr/bin").iterdir() if _COMPILERS.fullmatch(path.name))
    hidden: list[str] = []
    for path in programs:
        if not path.is_symlink():  # what a link leads to is in the list too
            hidden += ["--ro-bind", "/dev/null", f"/{path.relative_to(root)}"]
    for folder in _FOLDERS:
        if (root / folder).is_dir():
            hidden += ["--tmpfs", f"/{folder}"]
    start = bazel.argv[:-1] if inside else ("bwrap", "--dev-bind", "/", "/", *bazel.argv[:-1])
    found = replace(bazel, name=f"{bazel.name}-bare", argv=(*start, *hidden, bazel.argv[-1]))
    for path in programs:
        assert _does_not_start([*start, *hidden, path.name, "--version"]), f"{path.name} is still there"
    return found


def _does_not_start(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0
