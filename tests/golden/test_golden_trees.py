"""One folder a case: linkmode.toml, and the lock and the tree that come of it.

Of the tree, ``tree/`` holds what templates render and ``tree.list`` the path of every file; what is copied verbatim
is compared with templates/ itself.
"""

import difflib
from pathlib import Path

import pytest

from linkmode.catalog import pins
from linkmode.config import document
from linkmode.generate import layout
from linkmode.generate.render import render
from linkmode.lock import lockfile
from linkmode.lock.resolve import resolve
from linkmode.model import resources
from linkmode.model.values import Tree

CASES = sorted(path.parent for path in Path(__file__).parent.glob("cases/*/linkmode.toml"))
UPDATE = "pytest tests/golden/test_golden_trees.py --update-golden"


def expected(case: Path) -> Tree:
    return {str(path.relative_to(case)): path.read_bytes() for path in sorted(case.rglob("*")) if path.is_file()}


def actual(case: Path) -> Tree:
    wanted = document.load(case / "linkmode.toml")
    lock = resolve(wanted, pins.with_pins(pins.load(resources.catalogue()), wanted.pins))
    tree = render(wanted, lock, resources.templates())
    templates = {}
    for name in wanted.build_systems:
        templates |= getattr(layout, name)(resources.templates(), wanted, lock)
    rendered = {path: data for path, data in tree.items() if f"{path}.jinja" in templates}
    for path in tree.keys() - rendered.keys():
        assert tree[path] == templates[path]
    return {
        "linkmode.toml": (case / "linkmode.toml").read_bytes(),
        "linkmode.lock": lockfile.dumps(lock).encode(),
        "tree.list": "".join(f"{path}\n" for path in tree).encode(),
        **{f"tree/{path}": data for path, data in rendered.items()},
    }


def rewrite(case: Path, files: Tree) -> None:
    for path in expected(case).keys() - files.keys():
        (case / path).unlink()
    for path, data in files.items():
        (case / path).parent.mkdir(parents=True, exist_ok=True)
        (case / path).write_bytes(data)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_lock_and_the_tree_are_what_they_were(case: Path, request: pytest.FixtureRequest) -> None:
    files = actual(case)
    if request.config.getoption("--update-golden"):
        rewrite(case, files)
    known = expected(case)
    changes = [
        line
        for path in sorted(known.keys() | files.keys())
        for line in difflib.unified_diff(
            known.get(path, b"").decode().splitlines(),
            files.get(path, b"").decode().splitlines(),
            f"golden/{path}",
            f"now/{path}",
            lineterm="",
        )
    ]
    if changes:
        pytest.fail("\n".join([*changes, "", f"If this is meant: {UPDATE}"]), pytrace=False)


def test_there_are_cases() -> None:
    assert [case.name for case in CASES] == ["both_families", "buck2", "go", "graalvm", "musl_cc", "rust", "zig"]
