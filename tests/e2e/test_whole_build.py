"""A whole build by a platform, or by one line of .bazelrc: every cc rule, with tests and tools, and no wrapper."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import rows
from harness import bazel, readelf, workspace
from harness.bare import bare
from harness.bazel import Bazel
from harness.cases import CASES
from harness.places import PROJECTS, STUBS
from harness.workspace import linkmode

_MUSL = "--platforms=@linkmode//platforms:x86_64-linux-musl"
_GLIBC = "--platforms=@linkmode//platforms:x86_64-linux-gnu.{}"


@dataclass(frozen=True)
class Whole:
    """The package tests/e2e/projects/whole, in a workspace of one case."""

    bazel: Bazel
    case: str
    folder: Path

    def says(self, verb: str, *arguments: str) -> str:
        """Run Bazel and return all that it says. Raises AssertionError when it fails."""
        done = self.bazel.run(self.folder, verb, *arguments)
        return done.stdout + done.stderr

    def built(self, name: str) -> Path:
        return self.folder / "bazel-bin/whole" / name


@pytest.fixture(scope="module", params=rows.each(CASES["c_zlib"], CASES["cpp_zig"], ci=("c_zlib-7.7.1",)))
def whole(request: pytest.FixtureRequest) -> Iterator[Whole]:
    name, case = request.param
    workspace.need(case.pins)
    try:
        builder = bazel.find(name)
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    folder = workspace.prepare(case, f"whole-{name}")
    shutil.copytree(PROJECTS / "whole", folder / "whole")
    shutil.copytree(PROJECTS / "own_platform", folder / "own_platform")
    try:
        yield Whole(builder, case.name, folder)
    finally:
        builder.leave(folder)


def test_a_musl_platform_alone_is_static(whole: Whole) -> None:
    said = whole.says("test", _MUSL, "--test_output=all", "//whole:unit", "//whole:unit_linkstatic", "//whole:app")
    assert said.count("caught=1 argc=3 input=1 GREETING=hello") == 3  # one of them in two shards
    app = readelf.read(whole.built("app"))
    assert (app.interpreter, app.needed) == (None, frozenset())
    assert _prints(whole.built("app")) == "negative\n"
    whole.says("build", _MUSL, "//whole:guard", "//whole:add")
    assert not list(whole.built("app").parent.glob("*.so")), "a shared library that nothing can be linked with"


def test_a_glibc_platform_alone_is_as_linkmode_toml_says(whole: Whole) -> None:
    if whole.case != "cpp_zig":
        pytest.skip("GCC's archives are for musl")
    for version, mode in (("2.17", "mostly_static"), ("2.28", "dynamic")):
        platform = _GLIBC.format(version)
        said = whole.says(
            "test", platform, "--test_output=all", "//whole:unit", "//whole:unit_linkstatic", "//whole:app"
        )
        assert said.count("caught=1 argc=3 input=1 GREETING=hello") == 3
        linkmode(whole.folder, "audit", "--expect", mode, "--max-glibc", version, "bazel-bin/whole/app")
        assert _prints(whole.built("app")) == "negative\n"


def test_a_platform_that_inherits_one_of_ours_is_kept(whole: Whole) -> None:
    platform = "--platforms=//own_platform:red_musl"
    for only in ("only_red_static", "only_red_dynamic", "only_red_library"):
        whole.says("build", platform, f"//own_platform:{only}")
    dynamic = readelf.read(whole.folder / "bazel-bin/own_platform/only_red_dynamic")
    assert dynamic.interpreter == "/lib/ld-musl-x86_64.so.1"
    arguments = ("--test_output=all", "--nocache_test_results", "//own_platform:unit_all")
    said = whole.says("test", platform, *arguments)
    assert said.count("red=1\n") == 3, said


def test_a_platform_that_is_to_run_actions_is_not_kept(whole: Whole) -> None:
    arguments = ("--test_output=all", "--nocache_test_results", "//own_platform:unit_all")
    for platform in ((), ("--platforms=//own_platform:red_worker",)):
        said = whole.says("test", *platform, *arguments)
        assert said.count("red=0\n") == 3, said
        done = whole.bazel.run(whole.folder, "build", *platform, "//own_platform:only_red_static", check=False)
        assert done.returncode != 0
        assert "incompatible" in done.stderr, done.stderr


def test_link_modes_test_is_the_test_in_every_mode(whole: Whole) -> None:
    said = whole.says("test", "--test_output=all", "--nocache_test_results", "//whole:unit_all", "//whole:unit_given")
    for mode in ("static", "mostly_static", "dynamic"):
        assert _outputs(said, f"unit_all_{mode}") == ["caught=1 argc=3 input=1 GREETING=hello shards=2"] * 2
    assert _outputs(said, "unit_given_static") == ["caught=1 argc=3 input=1 GREETING=hello shards=3"] * 3
    for name, size, flaky in (("unit_all_dynamic", "small", 0), ("unit_given_static", "medium", 1)):
        found = whole.says("cquery", f"attr(size, {size}, attr(flaky, {flaky}, //whole:{name}))")
        assert re.search(rf"^//whole:{name} ", found, re.MULTILINE), found
    dynamic = readelf.read(whole.built("unit_all_dynamic_program"))
    assert dynamic.interpreter
    # GCC's C++ runtime is shared, and with it the project's own libraries
    assert any("guard" in soname for soname in dynamic.needed) == (whole.case == "c_zlib"), dynamic.needed


def test_a_test_that_fails_in_one_mode_fails(whole: Whole) -> None:
    done = whole.bazel.run(
        whole.folder, "test", "--test_env=GREETING=none", "--test_arg=more", "//whole:unit_all", check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert len(re.findall(r"^//whole:unit_all_\w+ +FAILED", done.stdout, re.MULTILINE)) == 3


def test_coverage_counts_what_a_test_ran_in_each_mode(whole: Whole) -> None:
    if whole.bazel.name == "4.2.3":
        pytest.skip("Bazel 4 collects nothing of a rule in Starlark")
    tools = "bazel_tools~remote_coverage_tools_extension~remote_coverage_tools"  # as modules name it
    stub = [f"--override_repository={tools}={STUBS / 'remote_coverage_tools'}"] * (whole.bazel.name == "7.7.1")
    arguments = (*stub, "--combined_report=none", "--instrumentation_filter=//whole", "--nocache_test_results")
    if whole.case == "cpp_zig":
        done = whole.bazel.run(whole.folder, "coverage", *arguments, "//whole:unit_all", check=False)
        assert done.returncode != 0
        assert "linkmode: no feature coverage with Zig" in done.stderr, done.stderr
        return
    whole.says("coverage", *arguments, "//whole:unit_all")
    for mode in ("static", "mostly_static", "dynamic"):
        counted = _counted(whole.folder / f"bazel-testlogs/whole/unit_all_{mode}")
        assert {name for name, calls in counted.items() if calls} >= {"whole/add.c", "whole/guard.cc"}, counted
    whole.says("coverage", *arguments, "--instrumentation_filter=//none", "//whole:unit_all_static")
    assert not _counted(whole.folder / "bazel-testlogs/whole/unit_all_static")


def test_a_tool_is_built_once_and_sees_no_link_mode(whole: Whole) -> None:
    both = "deps(set(//whole:generated_as //whole:uses_generated))"
    said = whole.bazel.run(whole.folder, "cquery", f'filter("^//whole:generator$", {both})').stdout
    assert len(re.findall(r"^//whole:generator ", said, re.MULTILINE)) == 1, said
    actions = whole.says("aquery", f'mnemonic("CppCompile", filter("^//whole:generator$", {both}))')
    assert set(re.findall(r"-DMODE=\d", actions)) == {"-DMODE=0"}
    assert len(set(re.findall(r"Configuration: (\S+)", actions.replace("# Configuration", "#")))) == 1, actions
    whole.says("build", "//whole:generated_as")
    assert subprocess.run([whole.built("generated_as_static")], check=False).returncode == 0


def test_one_line_of_bazelrc_is_enough_where_there_is_no_compiler(whole: Whole) -> None:
    machine = bare(whole.bazel)
    try:
        said = machine.run(whole.folder, "test", "--config=linkmode_hermetic", "--disk_cache=", "//whole/...").stdout
        assert len(re.findall(r"^//whole:unit\w* +PASSED", said, re.MULTILINE)) == 6, said
        without = machine.run(whole.folder, "build", "--disk_cache=", "//whole:generated", check=False)
        assert without.returncode != 0, "there is a compiler, or no tool was compiled"
    finally:
        machine.leave(whole.folder)


def test_hermetic_actions_name_no_program_of_the_machine(whole: Whole) -> None:
    said = whole.bazel.run(
        whole.folder, "aquery", "--config=linkmode_hermetic", 'mnemonic("Cpp.*", deps(//whole/...))'
    ).stdout
    commands = re.findall(r"Command Line: (?:.*\\\n)*.*", said)
    assert commands
    for command in commands:
        assert not re.search(r"(?<![\w.])/(usr|bin|lib)", command), command


def _counted(logs: Path) -> dict[str, int]:
    """Return how often functions of each source were called, from what the stub of the coverage tools keeps."""
    counted: dict[str, int] = {}
    for report in logs.rglob("coverage.dat"):
        for line in report.read_text(encoding="utf-8").splitlines():
            for file in json.loads(line)["files"]:
                calls = sum(function["execution_count"] for function in file["functions"])
                counted[file["file"]] = counted.get(file["file"], 0) + calls
    return counted


def _prints(binary: Path) -> str:
    return subprocess.run([binary], capture_output=True, text=True, check=True).stdout


def _outputs(said: str, test: str) -> list[str]:
    blocks = re.findall(rf"^=+ Test output for //whole:{test}[ :].*\n((?:[^=].*\n)*)", said, re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.startswith("caught=")]
