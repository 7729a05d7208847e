"""Projects of tests/e2e/projects whose third-party code comes from a registry and is declared by `linkmode vendor`."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.cases import Binary, Case
from harness.places import PROJECTS
from harness.sandbox import MissingToolError
from harness.workspace import linkmode

FOLDER = "vendored"
"""The folder of the project in the workspace of an example."""


def case(example: Case, prints: str) -> Case:
    """Return the program `app` of a project, in the three modes of an example's lock."""
    modes = {binary.mode: binary.target for binary in example.binaries if binary.cpu == "x86_64"}
    binaries = tuple(Binary(f"//{FOLDER}:app_as_{mode}", mode, target) for mode, target in modes.items())
    return replace(example, name=f"vendored_{example.name}", example=example.folder, binaries=binaries, prints=prints)


def preparing(prepare: Callable[[Case, str], Path], add: Callable[[Path], None]) -> Callable[[Case, str], Path]:
    """Return what prepares an example and adds a vendored project to it."""

    def prepared(case: Case, name: str) -> Path:
        workspace = prepare(case, name)
        add(workspace)
        return workspace

    return prepared


def add_go(workspace: Path, *options: str) -> None:
    """Add the Go project. Raises MissingToolError where the registry does not give its modules."""
    folder = _copy(workspace, "vendored_go")
    _run(folder, "go", "mod", "vendor")
    linkmode(workspace, "vendor", "go", *options, FOLDER)


def add_rust(workspace: Path) -> None:
    """Add the Rust project. Raises MissingToolError where the registry does not give its crates."""
    folder = _copy(workspace, "vendored_rust")
    lock, pinned = folder / "Cargo.lock", folder / "Cargo.lock.pinned"
    _run(folder, "cargo", "generate-lockfile")
    # the registry's own name for itself is cargo's affair
    [registry] = set(re.findall(r'^source = "(.*)"$', lock.read_text(), re.MULTILINE))
    lock.write_text(pinned.read_text().replace("@REGISTRY@", registry))
    pinned.unlink()
    _run(folder, "cargo", "vendor", "--locked", "vendor")
    linkmode(workspace, "vendor", "rust", FOLDER)


def _copy(workspace: Path, project: str) -> Path:
    folder = workspace / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECTS / project, folder)
    return folder


def _run(folder: Path, *command: str) -> None:
    if not shutil.which(command[0]):
        raise MissingToolError(f"no {command[0]} on PATH")
    done = subprocess.run(command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingToolError(f"{' '.join(command)}: {done.stderr.strip()}")
