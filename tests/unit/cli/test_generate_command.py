"""``linkmode generate`` as a user has it: without a lock, with a stale one, over what is there already."""

from pathlib import Path

import pytest
from calling import TOML, Run


def test_generate_without_with_stale_and_with_edited_lock(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = Run(capsys, "generate")
    assert (missing.code, missing.err) == (
        6,
        "linkmode: error: linkmode.lock does not exist\n"
        "  expected: the lock that `linkmode lock` writes\n  hint: write it with: linkmode lock\n",
    )
    Run(capsys, "lock")
    (repository / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.3.1"))
    stale = Run(capsys, "generate")
    assert stale.code == 6
    assert "linkmode.lock is out of date" in stale.err
    assert "      version: 1.3.2 → 1.3.1" in stale.err
    Run(capsys, "lock")
    lock = repository / "linkmode.lock"
    lock.write_text(lock.read_text().replace("1.3.1", "1.3.2"))
    edited = Run(capsys, "generate")
    assert edited.code == 6
    assert "linkmode.lock was edited by hand" in edited.err
    assert "; `linkmode lock` would change\n  ~ artifact zlib\n" in edited.err
    assert not (repository / "third_party").exists()
    again = Run(capsys, "lock")
    assert again.code == 0
    assert "linkmode: warning: linkmode.lock was edited by hand" in again.err
    assert Run(capsys, "generate").code == 0


def test_generate_check_and_diff_write_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(capsys, "lock")
    diff = Run(capsys, "generate", "--diff")
    assert diff.code == 0
    assert "--- /dev/null\n+++ b/third_party/linkmode/defs.bzl\n" in diff.out
    assert Run(capsys, "generate", "--check").code == 1
    assert not (repository / "third_party").exists()
    Run(capsys, "generate")
    defs = repository / "third_party/linkmode/defs.bzl"
    defs.write_text(defs.read_text() + "# by hand\n")
    check = Run(capsys, "generate", "--check", "--diff")
    assert check.code == 1
    assert "-# by hand" in check.out
    assert "third_party/linkmode is not what linkmode.lock gives: different: defs.bzl" in check.err
    assert defs.read_text().endswith("# by hand\n")
    assert Run(capsys, "generate").out == "changed third_party/linkmode/defs.bzl\n"


def test_generate_overwrites_foreign_files_by_force_only(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(capsys, "lock")
    mine = repository / "third_party/linkmode/defs.bzl"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    refused = Run(capsys, "generate")
    assert refused.code == 3
    assert "defs.bzl" in refused.err
    assert [path.name for path in mine.parent.iterdir()] == ["defs.bzl"]
    assert Run(capsys, "generate", "--check").code == 3
    assert Run(capsys, "generate", "--force").code == 0
    assert mine.read_text() != "mine"


def test_generate_refuses_an_output_that_is_a_link_or_a_file(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Run(capsys, "lock")
    (repository / "third_party").symlink_to(repository.parent)
    assert "is a symbolic link" in Run(capsys, "generate").err
    (repository / "third_party").unlink()
    (repository / "third_party").write_text("")
    run = Run(capsys, "generate")
    assert run.code == 3
    assert "is a file where a folder is expected" in run.err
