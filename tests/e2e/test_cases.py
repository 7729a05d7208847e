"""Every example on real Bazel: its binaries are what their modes say, by two witnesses, and run where they must."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from harness import checks
from harness.built import Built
from harness.cases import Binary
from harness.sandbox import MissingToolError
from harness.shared import present
from harness.workspace import linkmode

# each kind of compiler on one Bazel, and each Bazel with one
pytestmark = pytest.mark.rows(
    example=("c_zlib-4.2.3",) if present() else (),  # without GCC it is the tutorial
    bazel=("c_zlib-7.7.1", "cpp_zig-7.7.1", "c_zlib_native-7.7.1-workspace"),
)


def test_audit_finds_the_mode_that_was_asked_for(built: Built) -> None:
    for binary in built.case.binaries:
        report = json.loads(checks.audit(built.workspace, binary))
        assert report["files"][0]["failures"] == []


def test_readelf_agrees(built: Built) -> None:
    for binary in built.case.binaries:
        checks.readelf_agrees(built.workspace / binary.path, binary)


def test_binary_runs_where_its_mode_says(built: Built) -> None:
    try:
        for binary in built.case.binaries:
            checks.runs_where_it_must(built.workspace, built.case, binary)
    except MissingToolError as error:
        pytest.skip(str(error))


def test_bazel_tests_pass(built: Built) -> None:
    said = built.bazel.run(built.workspace, "test", "//...")
    assert re.search(r"Executed \d+ out of \d+ tests?: \d+ tests? pass", said.stdout + said.stderr) or " PASSED" in (
        said.stdout
    )


def test_bazel_run_starts_it_with_its_runfiles(built: Built) -> None:
    for target in built.case.runs:
        said = built.bazel.run(built.workspace, "run", target)
        assert re.fullmatch(built.case.prints, said.stdout), said.stdout


def test_a_second_build_changes_nothing(built: Built) -> None:
    before = _digests(built)
    again = built.bazel.run(built.workspace, "build", "//...")
    assert _digests(built) == before
    assert re.search(r"1 process: 1 internal", again.stderr), again.stderr


def test_generate_finds_nothing_to_do(built: Built) -> None:
    assert linkmode(built.workspace, "generate", "--check").returncode == 0


def _digests(built: Built) -> dict[str, str]:
    def digest(binary: Binary) -> str:
        return hashlib.sha256(Path(built.workspace, binary.path).read_bytes()).hexdigest()

    return {binary.label: digest(binary) for binary in built.case.binaries}
