"""``linkmode setup``: init, lock, fetch and generate in one command, and a way on from each failure."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from calling import Run

from linkmode.config import surroundings
from linkmode.messages import NetworkError

BUILD = """\
load("@rules_cc//cc:defs.bzl", "cc_binary")

cc_binary(
    name = "pack",
    srcs = ["pack.cc"],
)
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "MODULE.bazel").write_text('module(name = "mono")\n')
    (tmp_path / "app").mkdir()
    (tmp_path / "app/BUILD").write_text(BUILD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reached(wanted: object, store: object, options: object, shown: object) -> list[object]:
    """Stand for a fetch that had everything in its store."""
    del wanted, store, options, shown
    return []


def unreached(wanted: object, store: object, options: object, shown: object) -> list[object]:
    del wanted, store, options, shown
    raise NetworkError("https://x.example: no route", hint="check the network")


def fetching(monkeypatch: pytest.MonkeyPatch, how: Callable[..., list[object]]) -> None:
    monkeypatch.setattr("linkmode.cli.fetch.fetch_all", how)


def test_one_command_ends_with_the_next(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetching(monkeypatch, reached)
    run = Run(capsys, "setup")
    assert run.code == 0, run.err
    assert (stranger / "third_party/linkmode/defs.bzl").is_file()
    assert [line for line in run.err.splitlines() if "next:" in line] == [
        "linkmode: next: add these lines to app/BUILD, then: bazel build //app:pack_static"
    ], "and no step of the four names its own"
    assert run.err.endswith('    link_mode_binary(name = "pack_static", binary = ":pack", link_mode = "static")\n')
    again = Run(capsys, "setup")
    assert (again.code, again.out) == (0, "linkmode.lock is up to date\nthird_party/linkmode is up to date\n")


def test_a_failed_fetch_leads_to_the_package_index_by_one_command(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetching(monkeypatch, unreached)
    run = Run(capsys, "setup", "--store", "s t")
    assert run.code == 4
    assert "hint: check the network; or take what a package index has: " in run.err
    assert "linkmode setup --source pypi --store 's t'" in run.err
    assert "linkmode fetch" not in run.err
    assert not (stranger / "third_party").exists()
    fetching(monkeypatch, reached)
    assert Run(capsys, "setup", "--source", "pypi").code == 0
    assert 'source = "pypi"' in (stranger / "linkmode.lock").read_text()


def test_setup_keeps_the_linkmode_toml_that_is_there(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.1"\ntargets = ["x86_64-linux-musl"]\n'
    (stranger / "linkmode.toml").write_text(own)
    fetching(monkeypatch, reached)
    assert Run(capsys, "setup").code == 0
    assert (stranger / "linkmode.toml").read_text() == own
    (stranger / "linkmode.toml").write_text("[[toolchains]]\n")
    assert Run(capsys, "setup").code == 3


def test_setup_below_the_root_of_a_repository_names_the_root(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(stranger / "app")
    run = Run(capsys, "setup")
    assert run.code == 3
    assert "the root of this repository is .., and linkmode.toml belongs there" in run.err


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        ({"app/BUILD": "", "BUILD.bazel": 'cc_binary(name="a.b", srcs=[])\n'}, "then: bazel build //:a.b_static"),
        ({".bazelignore": "app\n"}, "write a cc_binary"),
        ({"app/WORKSPACE": ""}, "write a cc_binary"),
        ({"app/BUILD.bazel": 'cc_library(name = "x")\n'}, "write a cc_binary"),
    ],
)
def test_the_program_that_is_named_is_one_of_this_build(
    stranger: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    shown: str,
) -> None:
    for name, text in files.items():
        (stranger / name).write_text(text)
    fetching(monkeypatch, reached)
    assert shown in Run(capsys, "setup").err


def test_without_a_bazel_build_the_next_step_is_none_of_bazel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fetching(monkeypatch, reached)
    run = Run(capsys, "setup")
    assert run.code == 0
    assert "next: write MODULE.bazel or WORKSPACE, the root of a Bazel build, and run: linkmode generate" in run.err
    assert "bazel build" not in run.err


def test_setup_of_a_buck2_build_leads_to_its_first_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fetching(monkeypatch, reached)
    (tmp_path / ".buckconfig").write_text("[cells]\nroot = .\n")
    run = Run(capsys, "setup")
    assert run.code == 0
    [step] = [line for line in run.err.splitlines() if "next: " in line]
    assert step.startswith("linkmode: next: name the compiler in toolchains/BUCK: toolchain_alias(")
    assert step.endswith("then: buck2 build //...")
    assert "azel" not in run.err
    assert (tmp_path / "third_party/linkmode/buck2/defs.bzl").is_file()
    assert "linkmode = third_party/linkmode/buck2\n" in (tmp_path / ".buckconfig").read_text()
    assert not (tmp_path / "third_party/linkmode/MODULE.bazel").exists()
    doctor = Run(capsys, "doctor").out
    assert "ok    .buckconfig says what the library needs" in doctor
    assert "only `linkmode exec` uses the lock" not in doctor
    (tmp_path / ".buckconfig").write_text("[cells]\nroot = .\n")
    assert "fail  .buckconfig: linkmode's block is missing or not up to date" in Run(capsys, "doctor").out
    (tmp_path / ".buckconfig").unlink()
    assert Run(capsys, "generate").out == "third_party/linkmode is up to date\n"
    (tmp_path / "third_party/linkmode/buck2/defs.bzl").unlink()
    assert "next: write .buckconfig, for example with `buck2 init`" in Run(capsys, "generate").err


@pytest.mark.parametrize(("mode", "libc"), [("static", "musl"), ("mostly_static", "gnu.2.28")])
def test_the_link_mode_that_is_named_is_one_of_the_lock(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str, libc: str
) -> None:
    (stranger / "linkmode.toml").write_text(
        f'[[toolchain]]\nfamily = "zig"\nversion = "~=0.16.0"\ntargets = ["x86_64-linux-{libc}"]\n'
    )
    fetching(monkeypatch, reached)
    assert f'name = "pack_{mode}", binary = ":pack", link_mode = "{mode}"' in Run(capsys, "setup").err


def test_a_pipe_in_place_of_a_file_is_not_waited_for(stranger: Path) -> None:
    os.mkfifo(stranger / "BUILD")
    os.mkfifo(stranger / ".bazelignore")
    assert surroundings.program(stranger) == ("app", "pack", "app/BUILD")


def test_setup_leaves_the_files_of_the_user_alone_where_told(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetching(monkeypatch, reached)
    run = Run(capsys, "setup", "--no-edit")
    assert run.code == 0
    assert "--no-edit: nothing was written to your files, which need these lines" in run.err
    assert '+    path = "third_party/linkmode",\n' in run.out
    assert (stranger / "MODULE.bazel").read_text() == 'module(name = "mono")\n'
    assert not (stranger / ".bazelrc").exists()
    assert (stranger / "third_party/linkmode/defs.bzl").is_file()
    assert Run(capsys, "setup", "--check").code == 1
    assert Run(capsys, "setup", "--check", "--no-edit").code == 0


def test_the_way_on_from_a_failed_setup_leaves_files_alone_as_well(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del stranger
    fetching(monkeypatch, unreached)
    assert "linkmode setup --source pypi --no-edit" in Run(capsys, "setup", "--no-edit").err


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("linkmode.toml", "linkmode.lock"),
        ("third_party/linkmode/defs.bzl", "third_party/linkmode"),
        ("MODULE.bazel", "MODULE.bazel: linkmode's block is missing or not up to date"),
    ],
)
def test_check_holds_what_setup_wrote_and_writes_nothing(
    stranger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str, found: str
) -> None:
    missing = Run(capsys, "setup", "--check")
    assert (missing.code, sorted(path.name for path in stranger.iterdir())) == (3, ["MODULE.bazel", "app"])
    assert "linkmode init" in missing.err
    fetching(monkeypatch, reached)
    assert Run(capsys, "setup").code == 0
    fetching(monkeypatch, unreached)
    assert Run(capsys, "setup", "--check").code == 0
    text = (stranger / file).read_text()
    (stranger / file).write_text(re.sub('"x86_64-linux-gnu.2.28"|path =|load', "", text))
    before = {path: path.read_bytes() for path in stranger.rglob("*") if path.is_file()}
    run = Run(capsys, "setup", "--check")
    assert run.code == 1
    assert found in run.err
    assert {path: path.read_bytes() for path in stranger.rglob("*") if path.is_file()} == before
