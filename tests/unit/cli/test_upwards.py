"""Every command finds linkmode.toml in a folder above, and speaks of it as seen from where it runs."""

import os
from pathlib import Path

import pytest
from calling import TOML, Run


@pytest.fixture
def below(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = repository / "src" / "lib"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_each_command_from_below(repository: Path, below: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "lock", "--check")
    assert "linkmode: error: ../../linkmode.lock is not what linkmode.toml resolves to:" in run.err
    assert Run(capsys, "lock").out.startswith("../../linkmode.lock written:\n")
    assert Run(capsys, "lock").out.startswith("../../linkmode.lock is up to date\n")
    diff = Run(capsys, "generate", "--diff")
    assert "--- /dev/null\n+++ b/third_party/linkmode/defs.bzl\n" in diff.out, "as patch takes it at the root"
    assert "created ../../third_party/linkmode/defs.bzl" in Run(capsys, "generate").out.splitlines()
    assert Run(capsys, "generate", "--check").code == 0
    for command in (("fetch",), ("mirror", "m")):
        assert Run(capsys, *command, "--offline", "--store", "empty").code == 4
    found = {path.name for path in repository.iterdir()}
    assert found == {"linkmode.lock", "linkmode.toml", "src", "third_party"}


def test_messages_name_the_file_as_seen_from_here(
    repository: Path, below: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "linkmode.toml").write_text(TOML + 'zlb = "1"\n')
    assert Run(capsys, "lock").err.startswith("linkmode: error: ../../linkmode.toml: line 8: library.zlb: ")
    (repository / "linkmode.toml").write_text("x")
    assert Run(capsys, "generate").err.startswith("linkmode: error: ../../linkmode.toml is not TOML: ")
    (repository / "linkmode.toml").write_text(TOML)
    assert Run(capsys, "generate").err.startswith("linkmode: error: ../../linkmode.lock does not exist\n")


def test_init_below_is_refused_and_forced(repository: Path, below: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "init")
    assert (run.code, run.err) == (
        3,
        "linkmode: error: ../../linkmode.toml already exists, and applies to this folder too\n"
        "  expected: no linkmode.toml in a folder above\n"
        "  hint: edit it, or write one of this folder's own: linkmode init --force\n",
    )
    assert not (below / "linkmode.toml").exists()
    assert Run(capsys, "init", "--force").code == 0
    assert Run(capsys, "lock").out.startswith("linkmode.lock written:\n"), "the nearest counts"
    assert (repository / "linkmode.toml").read_text() == TOML


@pytest.mark.parametrize("mark", ["MODULE.bazel", "WORKSPACE", ".git"])
def test_init_below_the_root_of_a_repository(
    repository: Path, below: Path, capsys: pytest.CaptureFixture[str], mark: str
) -> None:
    (repository / "linkmode.toml").unlink()
    (repository / mark).touch()
    run = Run(capsys, "init")
    assert run.code == 3
    assert run.err.startswith(
        "linkmode: error: the root of this repository is ../.., and linkmode.toml belongs there\n"
    )
    assert "write it with `linkmode -C ../.. init`" in run.err
    assert Run(capsys, "-C", "../..", "init").code == 0
    assert (repository / "linkmode.toml").exists()


def test_a_file_of_another_user_is_used_only_where_it_is_named(
    repository: Path, below: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    if (repository / "linkmode.toml").stat().st_uid == 0:
        os.chown(repository / "linkmode.toml", 54321, -1)
    run = Run(capsys, "lock")
    assert (run.code, run.err) == (
        3,
        "linkmode: error: ../../linkmode.toml belongs to another user, and is not used from a folder below it\n"
        "  expected: a linkmode.toml of this user\n"
        "  hint: if you trust it, name its folder: linkmode -C ../.. …\n",
    )
    assert Run(capsys, "-C", "../..", "lock").code == 0


def test_none_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    run = Run(capsys, "lock")
    assert (run.code, run.err) == (
        3,
        "linkmode: error: linkmode.toml does not exist, nor does one in a folder above\n"
        "  expected: linkmode's configuration\n"
        "  hint: create it with `linkmode init`, or name its folder: linkmode -C DIR …\n",
    )
