"""What Bazel 9 has no more and what 8, 9 and 10 forbid, on 7.7.1: see harness/nine.py and bazel/newest.bazelrc."""

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from envmap import prepare as prepare_envmap
from harness import examples, graalvm, nine, workspace
from harness.bazel import Bazel, NoBazelError
from harness.cases import CASES
from harness.places import ROOT
from harness.shared import MissingToolchainsError

_STARLARK = sorted(
    path
    for folder in (ROOT / "templates/bazel", ROOT / "tests/golden/cases")
    for path in folder.rglob("*")
    if path.suffix in (".bzl", ".bazel")
)
"""What is copied into every library, and what templates are rendered to."""


@pytest.fixture(scope="module")
def as_nine() -> Bazel:
    try:
        return nine.nine()
    except NoBazelError as error:
        pytest.skip(str(error))


@pytest.mark.tier("fast")
@pytest.mark.parametrize("path", _STARLARK, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_nine_removed_is_named(path: Path) -> None:
    assert _removed_names(path.read_text(encoding="utf-8")) == set()


@pytest.mark.tier("fast")
def test_names_that_nine_removed_are_found() -> None:
    assert _removed_names("x = CcInfo\n") == {"CcInfo"}
    assert _removed_names("native.cc_binary(name = 1)\n") == {"cc_binary"}
    assert _removed_names("cc_library(name = 1)\n") == {"cc_library"}
    assert _removed_names("rule(implementation = f, incompatible_use_toolchain_transition = True)\n")
    assert (
        _removed_names('load("@rules_cc//cc:defs.bzl", "cc_library")\ncc_library(name = 1)  # CcInfo "CcInfo"\n')
        == set()
    )
    assert _removed_names('load("//:x.bzl", CcInfo = "CcInfo_")\nx = CcInfo\ny = "CcInfo"\n') == set()


@pytest.mark.tier("bazel")
def test_a_rule_without_load_fails_as_in_nine(as_nine: Bazel, c_zlib: Path) -> None:
    (c_zlib / "old").mkdir()
    (c_zlib / "old/BUILD.bazel").write_text('cc_binary(name = "old", srcs = ["old.c"])\n', encoding="utf-8")
    done = as_nine.run(c_zlib, "build", "--nobuild", "//old", check=False)
    assert "This rule has been removed from Bazel" in done.stderr
    assert done.returncode == 1
    (c_zlib / "old/BUILD.bazel").write_text('load(":old.bzl", "X")\n', encoding="utf-8")
    (c_zlib / "old/old.bzl").write_text("X = CcInfo.foo\n", encoding="utf-8")
    done = as_nine.run(c_zlib, "build", "--nobuild", "//old:all", check=False)
    assert "'NoneType' value has no field or method 'foo'" in done.stderr


@pytest.mark.tier("bazel")
def test_c_builds_and_passes_its_tests(as_nine: Bazel, c_zlib: Path) -> None:
    said = as_nine.run(c_zlib, "test", "//:all", "//aarch64/...")
    assert re.search(r"Executed \d+ out of \d+ tests?: \d+ tests? pass", said.stdout + said.stderr), said.stdout


@pytest.mark.tier("bazel")
def test_every_target_of_the_library_loads(as_nine: Bazel, c_zlib: Path) -> None:
    said = as_nine.run(c_zlib, "cquery", "--config=linkmode_hermetic", "@linkmode//...").stdout
    assert {"@linkmode//platforms:target ", "@linkmode//tools/elfcheck:elfcheck "} <= set(
        re.findall(r"^\S+ ", said, re.M)
    )


def _language(name: str) -> Callable[[], Path]:
    def made() -> Path:
        example = examples.known()[name]
        return example.prepare(example.case, "as-9")

    return made


def _graalvm() -> Path:
    return prepare_envmap("7.7.1", graalvm.replay("25.3.4.1")).folder


_EXAMPLES = {
    "cpp_zig": lambda: workspace.prepare(CASES["cpp_zig"], "as-9"),
    **{name: _language(name) for name in ("go_http", "rust_native", "ocaml_fserv", "sbcl_tool")},
    "graalvm_envmap": _graalvm,
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.tier("bazel" if name == "cpp_zig" else "slow")) for name in _EXAMPLES]
)
def test_every_example_is_analysed(as_nine: Bazel, name: str) -> None:
    try:
        folder = _EXAMPLES[name]()
    except MissingToolchainsError as error:
        pytest.skip(str(error))
    try:
        said = as_nine.run(folder, "build", "--nobuild", "//...")
        assert re.search(r"Analyzed [1-9]\d* targets?", said.stderr), said.stderr
    finally:
        as_nine.leave(folder)


@pytest.fixture(scope="module")
def c_zlib(as_nine: Bazel) -> Iterator[Path]:
    workspace.need(CASES["c_zlib"].pins)
    folder = workspace.prepare(CASES["c_zlib"], "as-9")
    try:
        yield folder
    finally:
        as_nine.leave(folder)


def _removed_names(starlark: str) -> set[str]:
    """Return what Bazel 9 has no more and ``starlark`` names, outside strings and comments and without a load for it.

    Starlark's tokens are Python's.
    """
    symbols = {*nine.CC_SYMBOLS, *nine.OTHER_SYMBOLS}
    rules = {*nine.CC_RULES, *nine.OTHER_RULES}
    loads = " ".join(re.findall(r"^load\([^)]*\)", starlark, re.MULTILINE))
    tokens = [token.string for token in tokenize.generate_tokens(io.StringIO(starlark).readline)]
    found = set()
    for before, name, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        loaded = re.search(rf'\b{name}\b *=|"{name}"', loads) if name.isidentifier() else None
        if name in nine.REMOVED_ARGUMENTS and after == "=":
            found.add(name)
        if loaded or (before == "." and name not in rules):
            continue
        if name in symbols and after != "=":
            found.add(name)
        if name in rules and after == "(":
            found.add(name)
    return found
