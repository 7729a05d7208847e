"""Where things lie. Everything that a run leaves is below `.work`, which git ignores and `make clean` removes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COMMON = ROOT / ".work"
"""What workers share: installed before the tests, or written by programs that expect others beside them."""
WORK = COMMON / os.environ.get("PYTEST_XDIST_WORKER", "")
"""A worker's own: workspaces that its tests change, Bazel's servers and output, and what it unpacks."""
EXAMPLES = ROOT / "examples"
PROJECTS = ROOT / "tests" / "e2e" / "projects"
"""Packages that a test copies into a workspace."""
STUBS = ROOT / "tests" / "e2e" / "bazel" / "stubs"
BAZEL_7_ROOT = COMMON / "bazel-7"
STORE = COMMON / "store"
DISK_CACHE = COMMON / "disk-cache"
TOOLCHAINS = ROOT.parent / "shared" / "toolchains"
"""GCC archives that are not published; absent from most machines."""
