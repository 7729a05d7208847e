"""What may import what, and that every module stands on its own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import linkmode

PACKAGE = Path(linkmode.__file__).parent
MODULES = sorted(
    ".".join(("linkmode", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}

APART = {"linkmode.fetch", "linkmode.generate.render", "linkmode.generate.write", "linkmode.audit"}
"""The steps that never import each other; only the pipeline knows their order."""

HEAVY = {"requests", "rich", "pypi_simple"}


SLOW = {
    "linkmode.cli.main": HEAVY | {"jinja2"},
    "linkmode.cli.init": HEAVY | {"jinja2"},
    "linkmode.cli.lock": HEAVY | {"jinja2"},
    "linkmode.cli.generate": HEAVY,
    "linkmode.cli.exec": HEAVY | {"jinja2"},
    "linkmode.cli.fetch": {"rich", "pypi_simple", "jinja2"},
    "linkmode.cli.mirror": {"rich", "pypi_simple", "jinja2"},
    "linkmode.cli.store": {"rich", "pypi_simple", "jinja2"},
}
"""What a command does not wait for, since it needs it never, or not before it is at work."""


def path_of(module: str) -> Path:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(module: str) -> set[str]:
    """Return the modules of ours that a module names, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path_of(module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return {name for name in found if name.partition(".")[0] == "linkmode"}


def within(module: str, parents: set[str]) -> set[str]:
    return {parent for parent in parents if module == parent or module.startswith(f"{parent}.")}


@pytest.mark.parametrize("module", MODULES)
def test_imports_alone_in_a_fresh_process_without_a_warning(module: str) -> None:
    command = [sys.executable, "-W", "error", "-c", f"import {module}"]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_steps_do_not_know_each_other() -> None:
    for module in MODULES:
        for step in within(module, APART):
            others = {other for name in imports(module) for other in within(name, APART - {step})}
            assert others == set(), f"{module} imports {others}"


def test_the_leaves_import_nothing_of_ours() -> None:
    assert imports("linkmode.messages") == set()
    assert imports("linkmode.generate.header") == set()
    assert imports("linkmode.store.exchange") == set()
    assert imports("linkmode.model.values") == {"linkmode.messages", "linkmode.model.target"}
    assert imports("linkmode.model.target") == {"linkmode.messages", "linkmode.model.cpus"}
    assert imports("linkmode.model.cpus") == set()


def test_only_the_commands_and_the_entry_know_the_pipeline() -> None:
    users = {module for module in MODULES if "linkmode.pipeline" in imports(module)}
    assert {module for module in users if not module.startswith("linkmode.cli.")} == set()


def test_only_the_entry_knows_the_command_line() -> None:
    assert {module for module in MODULES if "linkmode.cli.main" in imports(module)} == {"linkmode.__main__"}


@pytest.mark.parametrize("module", SLOW)
def test_what_only_other_commands_need_is_not_imported(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert SLOW[module] & set(run.stdout.split()) == set()
