"""Projects of tests/e2e/projects whose third-party code is taken from a registry, vendored by us, and built by Bazel."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
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


def add(
    workspace: Path, project: str, *commands: tuple[str, ...], environment: Mapping[str, str] | None = None
) -> Path:
    """Copy a project into a workspace, run what fetches its third-party code, and return its folder there.

    Raises MissingToolError where a program is missing, or a registry does not answer.
    """
    folder = workspace / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECTS / project, folder)
    for command in commands:
        if not shutil.which(command[0]):
            raise MissingToolError(f"no {command[0]} on PATH")
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise MissingToolError(f"{' '.join(command)}: {done.stderr.strip()}")
    return folder


def preparing(
    prepare: Callable[[Case, str], Path],
    language: str,
    project: str,
    *commands: tuple[str, ...],
    options: tuple[str, ...] = (),
) -> Callable[[Case, str], Path]:
    """Return what prepares an example, and in it a project, vendored."""

    def prepared(case: Case, name: str) -> Path:
        workspace = prepare(case, name)
        add(workspace, project, *commands)
        linkmode(workspace, "vendor", language, *options, FOLDER)
        return workspace

    return prepared
