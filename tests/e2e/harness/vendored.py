"""Projects of tests/e2e/projects whose third-party code comes from a registry and is declared by `linkmode vendor`."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import languages
from lisp_dist import archive

from harness import lisp_foreign
from harness.cases import Binary, Case
from harness.places import PROJECTS
from harness.sandbox import MissingToolError
from harness.workspace import linkmode

FOLDER = "vendored"
"""The folder of the project in the workspace of an example."""


_LISP = """
load("@linkmode//:defs.bzl", "link_modes")
load("@linkmode//lisp:defs.bzl", "sbcl_binary")

cc_library(name = "own", srcs = ["own.c"])
sbcl_binary(
    name = "app",
    srcs = ["bound.lisp"],
    main = "main",
    optional_foreign_names = ["own_old"],
    tags = ["manual"],
    deps = ["//vendored/vendor:cffi", ":own"],
)
link_modes(name = "app_as", binary = ":app")
"""

_SYSTEMS = """# project system-file system-name [dependency1..dependencyN]
alexandria alexandria alexandria asdf
babel babel babel asdf alexandria trivial-features
cl-cffi cffi cffi asdf uiop alexandria babel trivial-features
trivial-features trivial-features trivial-features asdf
"""


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


def add_lisp(workspace: Path) -> None:
    """Add a program with CFFI, of a dist made of Debian's packages. Raises MissingToolchainsError without them."""
    folder, dist = workspace / FOLDER, workspace / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    releases: dict[str, dict[str, str]] = {}
    for path, text in lisp_foreign.cffi().items():
        project, _, name = path.partition("/")
        if name:
            releases.setdefault(project, {})[name] = text
    languages.write(
        folder, {"BUILD.bazel": _LISP, **{name: lisp_foreign.CFFI[name] for name in ("own.c", "bound.lisp")}}
    )
    rows = []
    for project, files in sorted(releases.items()):
        data = archive(f"{project}-1", files)
        (dist / "archives").mkdir(parents=True, exist_ok=True)
        (dist / "archives" / f"{project}-1.tgz").write_bytes(data)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        systems = " ".join(name for name in sorted(files) if name.endswith(".asd"))
        url = f"http://dist.example.com/{project}-1.tgz"
        rows.append(f"{project} {url} {len(data)} {md5} {'0' * 40} {project}-1 {systems}")
    languages.write(dist, {"releases.txt": "\n".join(rows), "systems.txt": _SYSTEMS})
    linkmode(workspace, "vendor", "lisp", "--dist=dist", f"--sources={FOLDER}/vendor", "cffi")


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
