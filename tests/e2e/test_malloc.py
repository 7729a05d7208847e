"""malloc = "mimalloc": in the file and in force where it is asked for, and refused where it cannot be."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import rows
from harness import bazel, checks, mimalloc, sandbox, shared, workspace
from harness.built import Built
from harness.cases import CASES, Binary
from harness.places import WORK

CHURN, CENSUS = r"4 threads, aligned 0, done\n", r"100 words, aligned 0\n"


@pytest.fixture(scope="module", params=["c_zlib", pytest.param("cpp_zig", marks=pytest.mark.tier("slow"))])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=rows.bazels("4.2.3", "7.7.1", ci=("4.2.3",)))
def churn(family: str, request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build a C and a C++ program with and without mimalloc, by the toolchains of a case."""
    name, case = request.param, CASES[family]
    try:
        builder = bazel.find(name)
        place = mimalloc.prepare(WORK / "e2e" / name.replace("/", "_") / f"malloc_{family}", case)
    except (bazel.NoBazelError, shared.MissingToolchainsError) as error:
        pytest.skip(str(error))
    mimalloc.write_build(place, bazel=name)
    # the modes' targets are the case's own; what the programs read and print is not
    modes = {binary.mode: binary.target for binary in case.binaries if binary.cpu == "x86_64"}
    binaries = tuple(Binary(f"//:churn_mimalloc_{mode}", mode, target) for mode, target in modes.items())
    try:
        builder.run(place, "build", "--output_groups=+linkmode_report", "//...")
        yield Built(replace(case, binaries=binaries, prints=CHURN, files=()), builder, place)
    finally:
        builder.leave(place)


def _addresses(path: Path) -> dict[str, str]:
    """Return the symbols that a file defines, and where."""
    said = subprocess.run(["nm", "--defined-only", str(path)], check=True, capture_output=True, text=True).stdout
    return {name: address for address, _, name in (line.split() for line in said.splitlines())}


def _has_note(path: Path) -> bool:
    said = subprocess.run(["readelf", "-nW", str(path)], check=True, capture_output=True, text=True).stdout
    return "linkmode" in said


def _bin(built: Built, name: str) -> Path:
    return built.workspace / "bazel-bin" / name


def test_every_mode_is_still_what_it_says(churn: Built) -> None:
    for binary in churn.case.binaries:
        checks.audit(churn.workspace, binary)
        checks.readelf_agrees(churn.workspace / binary.path, binary)


def test_malloc_and_new_are_mimallocs(churn: Built) -> None:
    for binary in churn.case.binaries:
        found = _addresses(churn.workspace / binary.path)
        assert found["malloc"] == found["mi_malloc"], binary
        assert {"aligned_alloc", "calloc", "free", "memalign", "posix_memalign", "realloc", "_Znwm", "_ZdlPv"} <= set(
            found
        )
        assert _has_note(churn.workspace / binary.path)
        report = (churn.workspace / f"{binary.path}.linkmode.txt").read_text()
        assert report.endswith("\nmalloc: mimalloc\n")
    pie = _addresses(_bin(churn, "churn_pie"))
    assert pie["malloc"] == pie["mi_malloc"]


def test_a_program_without_it_has_nothing_of_it(churn: Built) -> None:
    for name in ("churn_plain_static", "churn_libc"):
        found = _addresses(_bin(churn, name))
        assert "malloc" in found
        assert not [symbol for symbol in found if symbol.startswith("mi_")]
        assert not _has_note(_bin(churn, name))
        assert "malloc" not in _bin(churn, f"{name}.linkmode.txt").read_text()
    asked = ("aquery", "--output=text", "deps(//:churn_plain_static)")
    said = churn.bazel.run(churn.workspace, *asked).stdout
    assert "CppLink" in said
    assert "mimalloc" not in said


def test_the_programs_run_where_their_mode_lets_them(churn: Built) -> None:
    for binary in churn.case.binaries:
        checks.runs_where_it_must(churn.workspace, churn.case, binary)
    for name, prints in (
        ("churn_pie", CHURN),
        ("churn_stripped", CHURN),
        ("churn_libc", CHURN),
        ("census_mimalloc_static", CENSUS),
    ):
        assert re.fullmatch(prints, sandbox.run_alone(_bin(churn, name), {})), name


def test_it_is_in_force_when_the_program_runs(churn: Built) -> None:
    """mimalloc heeds an environment variable of its own, and then says at the end what it has done."""
    for name, is_mimalloc in (("churn_mimalloc_static", True), ("census_mimalloc_static", True), ("churn_libc", False)):
        done = subprocess.run(
            [str(_bin(churn, name))], env={"MIMALLOC_SHOW_STATS": "1"}, capture_output=True, text=True, check=True
        )
        assert ("heap stats" in done.stderr) == is_mimalloc, done.stderr


def test_a_stripped_program_still_says_so(churn: Built) -> None:
    assert _has_note(_bin(churn, "churn_stripped"))
    assert _bin(churn, "churn_stripped.linkmode.txt").read_text().endswith("\nmalloc: mimalloc\n")


def _fails(built: Built, text: str, *expected: str) -> None:
    folder = built.workspace / "wrong"
    folder.mkdir(exist_ok=True)
    load = 'load("@linkmode//:defs.bzl", "link_mode_binary")\n'
    (folder / "BUILD.bazel").write_text(f"{load}link_mode_binary(name = 'w', link_mode = 'static', {text})\n")
    said = built.bazel.run(built.workspace, "build", "//wrong:w", check=False)
    assert said.returncode == 1, said.stderr
    for words in expected:
        assert words in said.stderr, said.stderr


def test_a_program_that_did_not_get_it_does_not_build(churn: Built) -> None:
    text = "binary = '//:churn_libc', malloc = 'mimalloc'"
    _fails(
        churn, text, "//wrong:w: --malloc mimalloc does not hold", "add @linkmode//lib:mimalloc to its C dependencies"
    )


def test_an_allocator_that_is_not_known_is_refused(churn: Built) -> None:
    _fails(churn, "binary = '//:churn', malloc = 'jemalloc'", "one of", "mimalloc", "jemalloc")


@pytest.mark.tier("slow")
def test_linkmode_toml_says_it_for_a_target(churn: Built) -> None:
    """The last on this workspace, which it changes: [malloc] first, and then no mimalloc at all."""
    path = churn.workspace / "linkmode.toml"
    text = path.read_text().replace('    "buck2",\n', "")  # whose rules have no [malloc]
    path.write_text(f'{text}\n[malloc]\nx86_64-linux-musl = "mimalloc"\n')
    for command in ("lock", "generate"):
        workspace.linkmode(churn.workspace, command)
    churn.bazel.run(churn.workspace, "build", "//:churn_plain_static", "//:churn_libc")
    found = _addresses(_bin(churn, "churn_plain_static"))
    assert found["malloc"] == found["mi_malloc"]
    assert "mi_malloc" not in _addresses(_bin(churn, "churn_libc"))

    # by the label of a user's platform it cannot be known; by the platform of the whole build it can
    own = churn.workspace / "own"
    own.mkdir()
    attributes = "parents = ['@linkmode//platforms:x86_64-linux-musl'], visibility = ['//visibility:public']"
    (own / "BUILD.bazel").write_text(f"platform(name = 'musl', {attributes})\n")
    _fails(churn, "binary = '//:churn', platform = '//own:musl'", "[malloc] of linkmode.toml says mimalloc for x86_64")
    churn.bazel.run(churn.workspace, "build", "--platforms=//own:musl", "//:churn_plain_static")
    found = _addresses(_bin(churn, "churn_plain_static"))
    assert found["malloc"] == found["mi_malloc"]

    path.write_text(text.replace('mimalloc = "==2.0.9"\n', ""))
    for command in ("lock", "generate"):
        workspace.linkmode(churn.workspace, command)
    needs = 'malloc = "mimalloc" needs its sources. Add `mimalloc = "~=2.2"` to [library] of linkmode.toml'
    _fails(churn, "binary = '//:churn', malloc = 'mimalloc'", needs)
