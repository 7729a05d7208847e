"""Where things lie. Everything that a run leaves is below `WORK`, which git ignores and `make clean` removes."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WORK = ROOT / ".work"
EXAMPLES = ROOT / "examples"
PROJECTS = ROOT / "tests" / "e2e" / "projects"
"""Packages that a test copies into a workspace."""
STUBS = ROOT / "tests" / "e2e" / "bazel" / "stubs"
BAZEL_7_ROOT = WORK / "bazel-7"
STORE = WORK / "store"
TOOLCHAINS = ROOT.parent / "shared" / "toolchains"
"""GCC archives that are not published; absent from most machines."""
