"""What the tests of the languages have in common: an example that is built once for a module, and what holds of each.

Where something is missing that an example needs to be prepared or to run, the test is skipped and says so.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from harness import bazel, buildbox, checks, readelf, remote, sandbox
from harness.built import Built
from harness.cases import Case
from harness.reproduce import digest
from harness.shared import MissingToolchainsError


def prepared(name: str, case: Case, prepare: Callable[[Case, str], Path]) -> Built:
    """Return the example in the workspace that ``prepare`` makes for it, before anything is built."""
    try:
        return Built(case, bazel.find(name), prepare(case, name))
    except (bazel.NoBazelError, MissingToolchainsError, sandbox.MissingToolError) as error:
        pytest.skip(str(error))


def built(row: tuple[str, Case], prepare: Callable[[Case, str], Path]) -> Iterator[Built]:
    """Yield the example of a row with all of it built, and leave it afterwards: what a fixture yields from."""
    found = prepared(*row, prepare)
    try:
        found.bazel.run(found.workspace, "build", "//...")
        yield found
    finally:
        found.bazel.leave(found.workspace)


def every_binary_holds(found: Built, case: Case | None = None) -> None:
    """Hold every binary of the case to its mode by two witnesses, and run it where its mode says that it must."""
    case = case or found.case
    for binary in case.binaries:
        [audited] = json.loads(checks.audit(found.workspace, binary))["files"]
        assert audited["failures"] == [], audited
        checks.readelf_agrees(found.workspace / binary.path, binary)
        try:
            checks.runs_where_it_must(found.workspace, case, binary)
        except sandbox.MissingToolError as error:
            pytest.skip(str(error))


def nothing_is_built_again(found: Built) -> None:
    """Build all of it once more, and hold that Bazel finds nothing to do."""
    again = found.bazel.run(found.workspace, "build", "//...")
    assert re.search(r"1 process: 1 internal", again.stderr), again.stderr


def no_path_of_the_machine_is_inside(found: Built, *encodings: str) -> None:
    """Look for the workspace and Bazel's own folder in every binary, as UTF-8 and in each of ``encodings``."""
    for binary in found.case.binaries:
        content = (found.workspace / binary.path).read_bytes()
        for path in (found.workspace, found.bazel.output):
            for encoding in ("utf-8", *encodings):
                assert str(path).encode(encoding) not in content, f"{binary.label}: {path} as {encoding}"


def every_action_runs_in_an_empty_sandbox_and_gives_the_same_bytes(found: Built, *modes: str) -> None:
    """Build the binaries for x86_64 once more, on a remote execution server alone, and hold that they are the same.

    With ``modes``, those of these modes.
    """
    if found.bazel.name == "7.7.1-workspace":
        pytest.skip("how repositories are declared makes no difference to an action; 7.7.1 runs it")
    binaries = [
        binary for binary in found.case.binaries if binary.cpu == "x86_64" and binary.mode in (modes or (binary.mode,))
    ]
    found.bazel.run(found.workspace, "build", *(binary.label for binary in binaries))  # other tests change sources
    local = {binary.path: digest((found.workspace / binary.path).read_bytes()) for binary in binaries}
    try:
        with buildbox.server() as address:
            ran = remote.Client(found.bazel, found.workspace).build(address, [binary.label for binary in binaries])
            assert set(remote.counts(ran)) == {"remote"}, remote.counts(ran)
            assert {path: digest((found.workspace / path).read_bytes()) for path in local} == local
    except buildbox.NoBuildBoxError as error:
        pytest.skip(str(error))
    finally:
        found.bazel.run(found.workspace, "build", "//...")


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, by their paths below ``folder``."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def wrong_is_refused(
    found: Built, files: Mapping[str, str], refused: Mapping[str, str], *options: str, never: str = ""
) -> None:
    """Write the package `wrong`; hold that each label is refused, with its pattern but no ``never`` in what is said."""
    write(found.workspace / "wrong", files)
    for label, message in refused.items():
        done = found.bazel.run(found.workspace, "build", label, *options, check=False)
        assert done.returncode, label
        assert re.search(message, done.stderr), f"{label}\n{done.stderr}"
        assert not never or never not in done.stderr, f"{label}\n{done.stderr}"


def prints(found: Built, label: str, expected: str, *arguments: str) -> None:
    """Build the program ``//package:name``, and hold what it prints where this machine has the loader that it names."""
    found.bazel.run(found.workspace, "build", label)
    program = found.workspace / "bazel-bin" / label.removeprefix("//").replace(":", "/")
    loader = readelf.read(program).interpreter
    if not loader or Path(loader).exists():
        done = subprocess.run([program, *arguments], env={}, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, expected), done.stderr
