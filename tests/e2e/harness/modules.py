"""Modules that depend on each other, in a registry of Bazel's that is a folder.

See https://bazel.build/external/registry#index_registry.
"""

import json
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from harness.places import PROJECTS, STORE
from harness.workspace import linkmode, pin


def project(folder: Path, name: str, *, archive: str, module: str, own: Mapping[str, str] | None = None) -> Path:
    """Return ``folder`` with a copy of a project of PROJECTS that is a module with a lock and a library of its own.

    ``archive`` is the toolchain that it locks, ``module`` the text of its MODULE.bazel before linkmode adds its block,
    and ``own`` its ``[bazel-module]``.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECTS / name, folder)
    config: dict[str, Any] = tomllib.loads((folder / "linkmode.toml").read_text(encoding="utf-8"))
    config["pin"] = [pin(archive)]
    if own:
        config["bazel-module"] = dict(own)
    (folder / "linkmode.toml").write_text(tomli_w.dumps(config), encoding="utf-8")
    (folder / "MODULE.bazel").write_text(module, encoding="utf-8")
    linkmode(folder, "lock")
    linkmode(folder, "fetch", f"--store={STORE}")
    linkmode(folder, "generate")
    return folder


def publish(registry: Path, name: str, version: str, folder: Path) -> None:
    """Add the module in ``folder`` to ``registry``."""
    registry.mkdir(parents=True, exist_ok=True)
    (registry / "bazel_registry.json").write_text("{}", encoding="utf-8")
    entry = registry / "modules" / name / version
    entry.mkdir(parents=True)
    # what Bazel does with a block of overrides in a module that is not the root: nothing
    shutil.copy(folder / "MODULE.bazel", entry / "MODULE.bazel")
    source = {"type": "local_path", "path": str(folder)}
    (entry / "source.json").write_text(json.dumps(source), encoding="utf-8")
