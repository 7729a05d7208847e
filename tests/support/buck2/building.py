"""Carries out the actions that make outputs, in their order: nothing of the machine is on PATH."""

import hashlib
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from buck2.project import BuckError, Project

NO_PATH = {"PATH": "/nonexistent", "LC_ALL": "C"}


def build(project: Project, *outputs: str) -> list[Path]:
    """Make outputs, paths from the project's root, and everything that they need. Raises BuckError."""
    for output in outputs:
        _make(project, output, ())
    return [project.root / output for output in outputs]


def _make(project: Project, path: str, above: tuple[str, ...]) -> None:
    action = project.actions.get(path)
    if action is None:
        if (project.root / path).is_file() and not path.startswith("buck-out/"):
            return
        raise BuckError(f"nothing makes {path}")
    if path in above:
        raise BuckError(f"{path} needs itself")
    if action.get("done"):
        return
    for needed in dict.fromkeys(action["inputs"]):
        _make(project, needed, (*above, *action["outputs"]))
    for output in action["outputs"]:
        (project.root / output).parent.mkdir(parents=True, exist_ok=True)
    {"copy": _copy, "download": _download, "run": _run, "tree": _tree, "write": _write}[action["kind"]](
        project.root, action
    )
    for output in action["outputs"]:
        if not (project.root / output).exists():
            raise BuckError(f"{action['label']}: {output} was not made")
    action["done"] = True


def _run(root: Path, action: dict[str, Any]) -> None:
    done = subprocess.run(
        action["words"], cwd=root, env={**NO_PATH, **action["env"]}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuckError(f"{action['label']} ({action['category']}): exit code {done.returncode}\n{done.stderr}")


def _write(root: Path, action: dict[str, Any]) -> None:
    (root / action["outputs"][0]).write_text(action["text"], encoding="utf-8")


def _copy(root: Path, action: dict[str, Any]) -> None:
    shutil.copy2(root / action["source"], root / action["outputs"][0])


def _tree(root: Path, action: dict[str, Any]) -> None:
    folder = root / action["outputs"][0]
    folder.mkdir()
    for name, source in action["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(os.path.relpath(root / source, (folder / name).parent))


def _download(root: Path, action: dict[str, Any]) -> None:
    if not action["sha256"] or not action["url"].startswith(("http://", "https://")):
        raise BuckError(f"{action['label']}: no sha256, or no URL of http: {action['url']}")
    file = root / action["outputs"][0]
    try:
        with urllib.request.urlopen(action["url"]) as answer, file.open("wb") as out:
            shutil.copyfileobj(answer, out)
    except OSError as error:
        raise BuckError(f"{action['label']}: {action['url']}: {error}") from error
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != action["sha256"] or action["size"] not in (None, file.stat().st_size):
        raise BuckError(f"{action['label']}: {action['url']}: wrong checksum or size: {found}")
