"""`make release`: the same bytes twice, valid metadata, and nothing in the wheel that points at what it lacks."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from harness.places import ROOT
from packaging.requirements import Requirement
from schemas import problem_of_cyclonedx

from linkmode import __version__
from linkmode.cli import main as cli

SCRIPT = ROOT / ".ci/release.py"


def release(folder: Path) -> dict[str, bytes]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return release(tmp_path_factory.mktemp("release"))


def test_twice_the_same_bytes(released: dict[str, bytes], tmp_path: Path) -> None:
    assert sorted(released) == [
        f"linkmode-{__version__}-py3-none-any.cdx.json",
        f"linkmode-{__version__}-py3-none-any.whl",
        f"linkmode-{__version__}.tar.gz",
    ]
    assert release(tmp_path / "again") == released


def test_our_own_bill_of_materials(released: dict[str, bytes]) -> None:
    text = released[f"linkmode-{__version__}-py3-none-any.cdx.json"].decode()
    assert problem_of_cyclonedx(text) is None
    names = {one["name"] for one in json.loads(text)["components"]}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert names >= {Requirement(one).name.replace(".", "-") for one in wanted}
    assert "hatchling" not in names, "it builds linkmode, and is no part of it"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"{tmp_path}: is not empty; name another folder, or remove it\n")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_workflow_publishes_what_make_release_builds() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text()
    assert "- run: make release\n" in text
    assert "path: .work/release/\n" in text
    assert re.search(r"publish:\n.*?permissions:\n      id-token: write\n", text, re.DOTALL)
    assert "password" not in text
    assert ".ci/release.py .work/release" in (ROOT / "Makefile").read_text()


def said() -> Iterator[tuple[str, str]]:
    """Yield what the package can say: the texts of its code without docstrings, and the help of every command."""
    for path in sorted((ROOT / "generator/linkmode").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        quiet = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet:
                yield f"{path.name}:{node.lineno}", node.value
    group = cli._linkmode
    left: list[tuple[str, click.Command]] = [("linkmode", group)]
    while left:
        name, command = left.pop()
        yield name, command.help or ""
        if isinstance(command, click.Group):
            context = click.Context(command)
            left += [(f"{name} {one}", command.get_command(context, one)) for one in command.list_commands(context)]  # type: ignore[list-item]


def test_nothing_that_is_said_points_at_a_page_that_a_wheel_lacks() -> None:
    assert [place for place, text in said() if re.search(r"\bdocs/[a-z-]+/", text)] == []
