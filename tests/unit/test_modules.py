"""What may import what, and that every module stands on its own."""

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import linkmode
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.libraries import LIBRARIES

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
    "linkmode.cli.generate": HEAVY | {"difflib"},
    "linkmode.cli.exec": HEAVY | {"jinja2"},
    "linkmode.cli.audit": HEAVY
    | {"jinja2", "pathlib", "tempfile", "shutil", "difflib", "importlib.resources", "linkmode.audit.together"},
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


ALONE = """
import importlib, os, sys
for others in ("click", "filelock", "jinja2", "msgspec", "packaging.version", "requests", "rich.table", "tomli_w"):
    importlib.import_module(others)
assert not [name for name in sys.modules if name.partition(".")[0] == "linkmode"]
for module in sys.argv[1:]:
    child = os.fork()
    if not child:
        try:
            importlib.import_module(module)
        except BaseException as error:
            print(f"{module}: {error!r}", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""
"""Imports each module in a child of a process that has none of ours, and all that takes long of others."""


def test_each_imports_alone_without_a_warning_and_says_nothing() -> None:
    command = [sys.executable, "-W", "error", "-c", ALONE, *MODULES]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_module_that_warns_or_does_not_import_is_told(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("import warnings\nwarnings.warn('old', DeprecationWarning)\n")
    command = [sys.executable, "-W", "error", "-c", ALONE, "old", "linkmode.nowhere"]
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{ENVIRONMENT['PYTHONPATH']}"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] == "old: DeprecationWarning('old')"
    assert said[1].startswith("linkmode.nowhere: ModuleNotFoundError")


def test_the_steps_do_not_know_each_other() -> None:
    for module in MODULES:
        for step in within(module, APART):
            others = {other for name in imports(module) for other in within(name, APART - {step})}
            assert others == set(), f"{module} imports {others}"


LAYERS = (
    {"messages"},
    {"archives", "model"},
    {"audit", "families", "languages", "libraries", "store"},
    {"catalog", "config", "exec", "net"},
    {"fetch", "generate", "lock"},
    {"pipeline"},
    {"cli"},
    {"__main__"},
)
"""The modules and packages at the top, from what imports nothing of ours to what nothing imports."""


def top(module: str) -> str:
    return next(iter(module.split(".")[1:]), "")


def between() -> set[tuple[str, str]]:
    """Return the imports between the modules and packages at the top: (who, of whom)."""
    pairs = {(top(module), top(name)) for module in MODULES for name in imports(module)}
    return {(one, other) for one, other in pairs if one and other and one != other}


AUDIT_LAYERS = (
    {"naming", "read"},
    {"inputs", "judge"},
    {"load"},
    {"show"},
    {"outcome"},
    {"archived", "together"},
    {"run"},
)
"""The modules and packages of audit/, which is read from the last to the first."""


def backwards(pairs: set[tuple[str, str]], layers: Sequence[set[str]]) -> set[tuple[str, str]]:
    """Return those of ``pairs`` that lead to the same layer or to one above; each name must be in one of them."""
    place = {name: layer for layer, names in enumerate(layers) for name in names}
    return {(one, other) for one, other in pairs if place[one] <= place[other]}


def test_each_import_within_the_audit_leads_to_a_layer_below() -> None:
    inside = {module: module.split(".")[2] for module in MODULES if module.startswith("linkmode.audit.")}
    pairs = {(inside[module], inside[name]) for module in inside for name in imports(module) if name in inside}
    assert set(inside.values()) == set().union(*AUDIT_LAYERS)
    assert backwards({(one, other) for one, other in pairs if one != other}, AUDIT_LAYERS) == set()


def test_an_import_that_runs_back_is_told() -> None:
    assert backwards({("b", "a"), ("a", "b"), ("b", "c")}, ({"a"}, {"b", "c"})) == {("a", "b"), ("b", "c")}


def test_each_import_at_the_top_leads_to_a_layer_below() -> None:
    assert set().union(*LAYERS) == {top(module) for module in MODULES} - {""}
    assert backwards(between(), LAYERS) == set()


def test_the_top_stays_as_small_as_it_is() -> None:
    """The counts only fall: raise one, and say in docs/decisions why."""
    assert len(LAYERS) <= 8
    assert sum(map(len, LAYERS)) <= 18
    assert len(between()) <= 60


def test_the_leaves_import_nothing_of_ours() -> None:
    assert imports("linkmode.messages") == set()
    assert imports("linkmode.generate.header") == set()
    assert imports("linkmode.model.folders") == set()
    assert imports("linkmode.model.exchange") == {"linkmode.model.folders"}
    assert imports("linkmode.model.values") == {"linkmode.messages", "linkmode.model.target"}
    assert imports("linkmode.model.target") == {"linkmode.messages", "linkmode.model.cpus"}
    assert imports("linkmode.model.cpus") == {"linkmode.model.resources"}


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


APART_FROM_FAMILIES = {
    ("config.starter", "zig"): "the family that init asks for",
    ("model.rule_tables", "native"): "a name of Starlark's",
    ("store.trees", "zig"): "the name of a folder on the user's disk",
}
"""Where a family may be named, and as what."""


def named(module: str, names: set[str]) -> set[tuple[str, str]]:
    """Return (module, name) for each of ``names`` that the code of a module compares, looks up or hands on."""
    texts = [node.value for node in ast.walk(ast.parse(path_of(module).read_text())) if isinstance(node, ast.Constant)]
    return {(module.removeprefix("linkmode."), text) for text in texts if text in names}


def test_no_family_is_named_outside_of_its_folder() -> None:
    """All that is asked of a family is asked of the value in its folder."""
    names = {*FAMILIES, *(layout for family in FAMILIES.values() for layout in family.layouts)}
    others = [module for module in MODULES if top(module) not in ("families", "audit")]
    assert {found for module in others for found in named(module, names)} == set(APART_FROM_FAMILIES)


def test_a_family_that_is_named_is_found() -> None:
    assert named("linkmode.families.zig", {"zig", "musl.cc"}) == {("families.zig", "zig")}


APART_FROM_COMPONENTS = {
    ("cli.vendor", "go"): "a command, whose lock file is Go's own",
    ("cli.vendor", "rust"): "a command, whose lock file is Cargo's",
    ("exec.driver", "graalvm"): "the folder of a header that the driver shares with native-image's launcher",
    ("exec.native_image", "zlib"): "what the JDK's libraries are linked with",
    ("exec.session", "gmp"): "what a project calls what it looks for",
    ("exec.session", "go"): "a kind of line in the driver's note",
    ("exec.session", "zlib"): "what a project calls what it looks for",
    ("exec.tools", "zlib"): "what native-image finds beside the C compiler",
    ("net.go_proxy", "go"): "the program that is asked for the user's proxy",
}
"""Where a language or a library may be named, and as what."""


def test_no_language_and_no_library_is_named_outside_of_its_folder() -> None:
    """What others call it, how a repository shows it and how code links it is asked of the value in its folder."""
    others = [module for module in MODULES if top(module) not in ("languages", "libraries", "families", "audit")]
    found = {found for module in others for found in named(module, {*LANGUAGES, *LIBRARIES})}
    assert found == set(APART_FROM_COMPONENTS)


def test_the_unit_tests_lie_as_the_modules_do() -> None:
    unit = Path(__file__).parent
    packages = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")}
    folders = {path.parent.relative_to(unit) for path in unit.rglob("test_*.py")}
    assert folders <= packages
    assert {package for package in packages if len(package.parts) == 1} <= folders


CALLED_FROM_OUTSIDE = {
    "audit.read.policy_header.c_header": "make generated",
    "generate.layout.whole_bazel": "the rule reference",
    "model.link_errors.c_header": "make generated",
}
"""What the package defines and does not name itself, and who does."""


def unnamed(folder: Path) -> set[str]:
    """Return the functions and classes at the top of the modules in a folder that its code names nowhere else."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))}
    named = {
        name
        for tree in trees.values()
        for node in ast.walk(tree)
        for name in (getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", ""))
        if name and not isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    return {
        ".".join((*path.relative_to(folder).with_suffix("").parts, node.name))
        for path, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.decorator_list and node.name not in named
    }


def test_nothing_is_left_that_nobody_calls() -> None:
    assert unnamed(PACKAGE) == set(CALLED_FROM_OUTSIDE)


def test_what_nobody_calls_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def used(): ...\n@at.once\ndef command(): ...\ndef dead(): ...\nclass Gone: ...\n")
    (tmp_path / "b.py").write_text("from a import used\n")
    assert unnamed(tmp_path) == {"a.dead", "a.Gone"}


LONGEST = 350
"""Lines. A longer module does more than one thing."""


def too_long(path: Path) -> bool:
    return len(path.read_text(encoding="utf-8").splitlines()) > LONGEST


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_too_long_to_read(module: str) -> None:
    assert not too_long(path_of(module))


def test_no_module_of_tests_is_too_long_to_read() -> None:
    tests = Path(__file__).parents[1]
    assert [str(path.relative_to(tests)) for path in sorted(tests.rglob("*.py")) if too_long(path)] == []


def test_a_module_that_is_too_long_is_found(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * (LONGEST + 1))
    (tmp_path / "short.py").write_text("x = 1\n" * LONGEST)
    assert (too_long(tmp_path / "long.py"), too_long(tmp_path / "short.py")) == (True, False)


LONGEST_FUNCTION = 70
"""Lines. A longer function has steps that could have names of their own."""


def long_functions(path: Path) -> list[str]:
    found = (
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [node.name for node in found if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]


@pytest.mark.parametrize("module", MODULES)
def test_no_function_is_too_long_to_read(module: str) -> None:
    assert long_functions(path_of(module)) == []


def test_a_function_that_is_too_long_is_found(tmp_path: Path) -> None:
    body = "    x = 1\n" * (LONGEST_FUNCTION - 1)
    (tmp_path / "one.py").write_text(f"def long():\n    x = 0\n{body}\ndef short():\n{body}")
    assert long_functions(tmp_path / "one.py") == ["long"]
