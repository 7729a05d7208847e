"""A copy of an example, locked to archives that can be had here, fetched, generated and ready to build."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from harness.cases import Case
from harness.places import EXAMPLES, STORE, TOOLCHAINS, WORK
from harness.shared import shared

_NO_COPY = shutil.ignore_patterns("bazel-*", "__pycache__")


def linkmode(
    folder: Path, *arguments: str, check: bool = True, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run linkmode's command line in ``folder``; with ``check``, raise AssertionError when it fails.

    ``environment`` is added to that of the tests.
    """
    command = [sys.executable, "-m", "linkmode", *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        shown = " ".join(arguments)
        raise AssertionError(f"linkmode {shown}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def prepare(case: Case, name: str) -> Path:
    """Return a workspace of its own for ``case``, for the Bazel called ``name``: copied, locked, fetched, generated.

    Its linkmode.toml is the committed one and, where the case says so, pins for archives of ../shared/toolchains.
    Raises MissingSharedError where those are absent.
    """
    return prepare_in(WORK / "e2e" / name.replace("/", "_") / case.name, case)


def need(pins: tuple[str, ...]) -> None:
    """Do nothing where ../shared/toolchains has these archives. Raises MissingSharedError."""
    if pins:
        shared(*(f"toolchains/{file}" for file in pins))


def prepare_in(
    workspace: Path, case: Case, *, store: Path = STORE, environment: Mapping[str, str] | None = None
) -> Path:
    """Do as ``prepare`` does, in the folder ``workspace``, with another store and more in linkmode's environment."""
    need(case.pins)
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(EXAMPLES / case.folder, workspace, ignore=_NO_COPY)
    if case.pins:
        add_pins(workspace / "linkmode.toml", case)
    linkmode(workspace, "lock", *(f"--source={source}" for source in case.sources), environment=environment)
    linkmode(workspace, "fetch", f"--store={store}", environment=environment)
    linkmode(workspace, "generate", environment=environment)
    return workspace


def add_pins(path: Path, case: Case) -> None:
    """Add a user's pins to a linkmode.toml, as docs/how-to/add-your-own-pin.md has it."""
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    config["pin"] = [pin(file) for file in case.pins]
    path.write_text(tomli_w.dumps(config), encoding="utf-8")


def pin(file: str) -> dict[str, Any]:
    """Return a `[[pin]]` for an archive of ../shared/toolchains. Raises MissingSharedError where it is absent."""
    target, _, layout = file.removesuffix(".tgz").rpartition("-")
    sha256, size = _published(file)
    return {
        "family": "musl.cc",
        "version": "12.2.0",
        "file": file,
        # The first URL is the identity in the store. Nothing answers there: Bazel has the archive from the store.
        "urls": [f"https://toolchains.invalid/12.2.0/{file}", (TOOLCHAINS / file).as_uri()],
        "sha256": sha256,
        "size": size,
        "exec": "x86_64-linux",
        "layout": layout,
        "strip-prefix": file.removesuffix(".tgz"),
        "targets": [target],
        "measured": {"gcc": "12.2.0", "musl": "1.2.3", "binutils": "2.40"},
    }


def _published(file: str) -> tuple[str, int]:
    """Return sha256 and size as the README beside the archives has them: one row a file, cells parted by bars."""
    for line in shared("toolchains/README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == file:
            return cells[1], int(cells[2])
    raise AssertionError(f"../shared/toolchains/README.md has no row for {file}")
