"""@linkmode//lib:gmp: the numbers that a program computes with it in each mode, how often it is built, what is refused.

GMP is half a thousand files for each platform: all of this is slow.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from harness import bazel, checks, gmp, sandbox, shared, workspace
from harness.built import Built
from harness.cases import CASES, Binary
from harness.places import WORK


@pytest.fixture(scope="module", params=["c_zlib", "cpp_zig"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["4.2.3", "7.7.1"])
def sums(family: str, request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the program in every mode, and for aarch64, by the toolchains of a case."""
    name, case = request.param, CASES[family]
    try:
        builder = bazel.find(name)
        place = gmp.prepare(WORK / "e2e" / name.replace("/", "_") / f"gmp_{family}", case)
    except (bazel.NoBazelError, shared.MissingToolchainsError) as error:
        pytest.skip(str(error))
    gmp.write_build(place, bazel=name)
    # the modes' targets are the case's own; what the program prints is not
    modes = {binary.mode: binary.target for binary in case.binaries if binary.cpu == "x86_64"}
    binaries = [Binary("//:sums_as_static", "static", modes["static"])]
    binaries += [Binary(f"//:sums_as_{mode}", mode, modes[mode]) for mode in ("mostly_static", "dynamic")]
    binaries += [Binary(f"//:sums_{name}", "static", modes["static"]) for name in ("pie", "stripped")]
    binaries += [Binary("//:sums_aarch64", "static", "aarch64-linux-musl")]
    try:
        builder.run(place, "build", *(binary.label for binary in binaries))
        prints = re.escape(gmp.expected())
        yield Built(replace(case, binaries=tuple(binaries), prints=prints, files=()), builder, place)
    finally:
        builder.leave(place)


def test_every_mode_is_still_what_it_says(sums: Built) -> None:
    for binary in sums.case.binaries:
        checks.audit(sums.workspace, binary)
        checks.readelf_agrees(sums.workspace / binary.path, binary)


def test_the_numbers_are_right_where_the_mode_lets_it_run(sums: Built) -> None:
    for binary in sums.case.binaries:
        checks.runs_where_it_must(sums.workspace, sums.case, binary)


def test_a_dynamic_one_finds_its_library_where_bazel_keeps_it(sums: Built) -> None:
    """With musl its loader too is Bazel's: link_mode_run starts it by that."""
    said = sums.bazel.run(sums.workspace, "run", "//:sums_run")
    assert re.fullmatch(sums.case.prints, said.stdout), said.stdout


def test_another_number_would_be_seen(sums: Built) -> None:
    """What is held against the output is the whole of it: one other digit does not match."""
    path = sums.workspace / sums.case.binaries[0].path
    printed = sandbox.run_alone(path, {})
    assert re.fullmatch(sums.case.prints, printed)
    at = printed.index("factorial: ") + 500
    other = printed[:at] + str((int(printed[at]) + 1) % 10) + printed[at + 1 :]
    assert not re.fullmatch(sums.case.prints, other)


def _symbols(path: Path) -> set[str]:
    said = subprocess.run(["nm", "--defined-only", str(path)], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in said.splitlines()}


def test_it_is_in_the_file_or_a_library_beside_it(sums: Built) -> None:
    """Beside it in a dynamic binary by GCC; with Zig no library of a build is shared."""
    for binary in sums.case.binaries:
        if binary.label == "//:sums_stripped":
            continue
        is_beside = binary.mode == "dynamic" and sums.case.name == "c_zlib"
        assert ("__gmpn_mul_fft" in _symbols(sums.workspace / binary.path)) != is_beside, binary
        if is_beside:
            shown = subprocess.run(
                ["readelf", "-dW", str(sums.workspace / binary.path)], check=True, capture_output=True, text=True
            )
            assert re.search(r"\(NEEDED\).*gmp.*\.so\]", shown.stdout), shown.stdout


def _actions(built: Built, mnemonic: str, *labels: str) -> list[str]:
    asked = f"mnemonic('{mnemonic}', deps({' + '.join(labels)}))"
    said = built.bazel.run(built.workspace, "aquery", "--output=text", asked).stdout
    return said.split("\n\n")


def _compiles(built: Built, *labels: str) -> int:
    actions = _actions(built, "CppCompile", *labels)
    return sum("mpn/generic/mul_fft.c" in action.partition("\n")[0] for action in actions)


def test_it_is_compiled_once_for_a_platform(sums: Built) -> None:
    """Not for each of the binaries, however they are linked; a dynamic one has a library of its own."""
    assert _compiles(sums, "//:sums_as_static") == 1
    assert _compiles(sums, "//:sums_as_static", "//:sums_pie", "//:sums_stripped") == 1
    # on another platform, or as a shared library, it is another
    assert _compiles(sums, "//:sums_as_static", "//:sums_as_dynamic") == 2


def test_its_tables_are_computed_without_a_shell(sums: Built) -> None:
    tables = [action for action in _actions(sums, "GmpTable", "//:sums_as_static") if "Mnemonic: GmpTable" in action]
    assert len(tables) == 9
    for action in tables:
        inputs = re.search(r"Inputs: \[(.*)\]", action)
        assert inputs
        assert all("gen-" in path for path in inputs[1].split(", ") if "runfiles" not in path), inputs[1]
        # every path is one of the build's own, and the environment is empty
        assert not re.search(r"[\s('\"=]/|\b(ba)?sh\b|Environment: \[.+\]", action), action


def test_a_table_that_cannot_be_written_fails(sums: Built) -> None:
    found = sums.workspace / "bazel-out"
    program = next(found.glob("*/bin/external/*gmp*/gen-fac_x86_64"), None)
    if program is None:
        pytest.skip("the tables came from the disk cache, and Bazel 7 then does not make their program")
    none = "linkmode: cannot write the table"
    for arguments, exit_code, says in (
        ((), 1, f"{none} (no file was named)\n"),
        (("/nonexistent/table.h", "64", "0"), 1, f"{none} /nonexistent/table.h\n"),
        (("/dev/full", "64", "0"), 1, "linkmode: cannot write the whole table /dev/full\n"),
        (("/dev/null", "64"), 1, "Usage: gen-fac limbbits nailbits\n"),
        (("/dev/null", "64", "0"), 0, ""),
    ):
        done = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (exit_code, says), arguments


def test_a_header_of_its_inside_is_not_to_be_had(sums: Built) -> None:
    said = sums.bazel.run(sums.workspace, "build", "//:inside", check=False)
    assert said.returncode == 1
    assert re.search(r"gmp-impl\.h'?:? (No such file|file not found)", said.stderr), said.stderr


def test_the_same_bytes_from_another_folder(sums: Built) -> None:
    """Built again from nothing, in a workspace of another path and without a cache."""
    name = sums.bazel.name
    place = gmp.prepare(WORK / "e2e" / name / "elsewhere" / f"gmp_{sums.case.name}", sums.case)
    gmp.write_build(place, bazel=name)
    try:
        sums.bazel.run(place, "build", "--disk_cache=", "//:sums_as_static")
        first, second = (folder / "bazel-bin/sums_as_static" for folder in (sums.workspace, place))
        assert first.read_bytes() == second.read_bytes()
    finally:
        sums.bazel.leave(place)


def test_without_it_in_the_configuration_there_is_no_label(sums: Built) -> None:
    """The last on this workspace, which it changes."""
    path = sums.workspace / "linkmode.toml"
    path.write_text(path.read_text().replace('gmp = "~=6.3.0"\n', ""))
    for command in ("lock", "generate"):
        workspace.linkmode(sums.workspace, command)
    said = sums.bazel.run(sums.workspace, "build", "//:sums_as_static", check=False)
    assert said.returncode == 1
    assert re.search(r"no such target '@.*linkmode.*//lib:gmp'", said.stderr), said.stderr
