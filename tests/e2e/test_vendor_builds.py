"""Programs of real third-party packages, which `linkmode vendor` declares, in the three modes.

Each takes longer than a minute to build, so all of this is slow.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import languages
import pytest
import test_go
import test_rust
import test_sbcl
from harness import golang, lisp, lisp_foreign, rust, vendored
from harness.built import Built
from harness.cases import Case
from harness.places import STORE
from harness.workspace import linkmode

_SDK = f"--store={STORE}"

GO = vendored.case(test_go.ZIG, r"sqlite 42 12 &lt;a&gt; h2 true true 14 64\n")
RUST = vendored.case(test_rust.ZIG, r'\{"name":"world","words":1,"packed":true\}\n')
LISP = vendored.case(test_sbcl.ZIG, lisp_foreign.CFFI_SAYS)


@pytest.fixture(scope="module", params=["4.2.3", "7.7.1"])
def go(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the program of cobra, mux, go-sqlite3, x/crypto, x/net and x/sys, and a module with C in a folder of it."""
    yield from _built(request, GO, golang.prepare, lambda workspace: vendored.add_go(workspace, _SDK))


@pytest.fixture(scope="module", params=["4.2.3", "7.7.1"])
def crates(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the program of clap, serde, regex, thiserror, and flate2 with libz-sys."""
    yield from _built(request, RUST, rust.prepare, vendored.add_rust)


@pytest.fixture(scope="module", params=["4.2.3", "7.7.1"])
def systems(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the program of CFFI, with alexandria, babel and trivial-features."""
    yield from _built(request, LISP, lisp.prepare, vendored.add_lisp)


def _built(
    request: pytest.FixtureRequest, case: Case, prepare: Callable[[Case, str], Path], add: Callable[[Path], None]
) -> Iterator[Built]:
    found = languages.prepared(request.param, case, vendored.preparing(prepare, add))
    try:
        found.bazel.run(found.workspace, "build", *(binary.label for binary in case.binaries))
        yield found
    finally:
        found.bazel.leave(found.workspace)


def test_a_program_of_go_modules_is_what_it_says_and_runs_where_it_must(go: Built) -> None:
    languages.every_binary_holds(go)


def test_a_program_of_crates_is_what_it_says_and_runs_where_it_must(crates: Built) -> None:
    languages.every_binary_holds(crates)


def test_a_program_of_lisp_systems_is_what_it_says_and_runs_where_it_must(systems: Built) -> None:
    languages.every_binary_holds(systems)


def test_the_modules_and_their_checksums_are_in_the_program(go: Built) -> None:
    [binary] = (binary for binary in GO.binaries if binary.mode == "static")
    content = (go.workspace / binary.path).read_bytes()
    for line in (go.workspace / vendored.FOLDER / "go.sum").read_text().splitlines():
        name, version, checksum = line.split()
        if name in ("github.com/spf13/cobra", "golang.org/x/crypto") and not version.endswith("/go.mod"):
            assert f"dep\t{name}\t{version}\t{checksum}".encode() in content


def test_what_was_vendored_stays_so_and_an_edit_is_found(go: Built) -> None:
    command = ("vendor", "go", _SDK, vendored.FOLDER, "--check")
    assert linkmode(go.workspace, *command).returncode == 0
    file = go.workspace / vendored.FOLDER / "vendor/github.com/gorilla/mux/mux.go"
    text = file.read_text()
    file.write_text(f"{text}\n// edited\n")
    try:
        edited = linkmode(go.workspace, *command, check=False)
    finally:
        file.write_text(text)
    assert (edited.returncode, "mux.go: SHA-256 is" in edited.stderr) == (5, True), edited.stderr


def test_what_the_build_scripts_printed_is_there_for_review(crates: Built) -> None:
    text = (crates.workspace / vendored.FOLDER / "vendor/build-scripts.txt").read_text()
    assert "cargo:rustc-link-lib=" in text.partition("[libz-sys-")[2].partition("\n[")[0]
    assert str(crates.workspace) not in text
    assert linkmode(crates.workspace, "vendor", "rust", vendored.FOLDER, "--check").returncode == 0
