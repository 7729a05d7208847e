"""``linkmode generate`` as a user has it: without a lock, with a stale one, over what is there already."""

import re
from pathlib import Path

import pytest
from calling import TOML, Run

from linkmode.generate.output import Output
from linkmode.messages import ConfigError


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


def test_a_linked_file_gets_its_lines_by_hand(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "MODULE.bazel").touch()
    (repository / "conf").write_text("build --x\n")
    (repository / ".bazelrc").symlink_to("conf")
    Run(capsys, "lock")
    refused = Run(capsys, "generate")
    assert refused.code == 3
    assert ".bazelrc is a symbolic link" in refused.err
    assert "`linkmode generate --no-edit` prints to the file that it leads to, then run: " in refused.err
    assert not (repository / "third_party").exists()
    shown = Run(capsys, "generate", "--no-edit")
    assert shown.code == 0
    assert "next: add these lines, by hand or with `patch -p1`, then run: linkmode generate --check" in shown.err
    assert "bazel build" not in shown.err, "the lines come first"
    [line] = [line[1:] for line in shown.out.splitlines() if line.startswith("+import ")]
    with (repository / "conf").open("a") as file:
        file.write(f"{line}\n")
    assert Run(capsys, "generate").code == 0
    assert Run(capsys, "generate", "--check").code == 0
    assert (repository / ".bazelrc").is_symlink()
    assert (repository / "conf").read_text() == f"build --x\n{line}\n"


def test_the_output_moves_and_leaves_nothing_behind(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "MODULE.bazel").touch()
    Run(capsys, "lock")
    Run(capsys, "generate")
    (repository / "third_party/linkmode/mine").touch()
    toml = repository / "linkmode.toml"
    toml.write_text(f'output = "tools/lm"\n{re.sub("(?m)^output.*", "", toml.read_text())}')
    Run(capsys, "lock")
    printed = Run(capsys, "generate", "--no-edit")
    assert printed.code == 0
    assert (repository / "third_party/linkmode/defs.bzl").exists(), "the blocks still name it"
    moved = Run(capsys, "generate")
    assert moved.code == 0
    assert re.search(r"removed \d+ files of third_party/linkmode, which was the output before", moved.err)
    assert "third_party/linkmode keeps what linkmode did not generate: mine" in moved.err
    left = [path for path in (repository / "third_party").rglob("*") if path.is_file()]
    assert left == [repository / "third_party/linkmode/mine"]
    assert Run(capsys, "generate", "--check").code == 0


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_former_output_that_cannot_be_removed_is_tried_again(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    (repository / "MODULE.bazel").touch()
    Run(capsys, "lock")
    Run(capsys, "generate")
    toml = repository / "linkmode.toml"
    toml.write_text(f'output = "tools/lm"\n{re.sub("(?m)^output.*", "", toml.read_text())}')
    Run(capsys, "lock")
    with monkeypatch.context() as patched:

        def denied(*_: object) -> None:
            raise ConfigError("third_party/linkmode belongs to another user")

        patched.setattr(Output, "remove_former", denied)
        assert Run(capsys, "generate", *words).code == 3
    assert Run(capsys, "generate", *words).code == 0
    assert not (repository / "third_party").exists()
    assert "tools/lm" in (repository / ".bazelignore").read_text()


def test_the_output_moves_where_a_link_keeps_the_old_name(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "MODULE.bazel").touch()
    Run(capsys, "lock")
    Run(capsys, "generate")
    (repository / "tools").mkdir()
    (repository / "third_party/linkmode").rename(repository / "tools/lm")
    (repository / "third_party/linkmode").symlink_to("../tools/lm")
    toml = repository / "linkmode.toml"
    toml.write_text(f'output = "tools/lm"\n{re.sub("(?m)^output.*", "", toml.read_text())}')
    Run(capsys, "lock")
    assert Run(capsys, "generate").code == 0
    assert (repository / "tools/lm/defs.bzl").exists()
    assert Run(capsys, "generate", "--check").code == 0


def test_within_another_build_the_library_is_kept_out_of_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.parent / "MODULE.bazel").touch()
    Run(capsys, "lock")
    step = Run(capsys, "generate").err
    assert f"next: add {repository.name}/third_party/linkmode to ../.bazelignore, or `bazel build //...`" in step
    (repository.parent / ".bazelignore").write_text(f"{repository.name}/third_party/\n")
    (repository / "third_party/linkmode/defs.bzl").unlink()
    assert ".bazelignore" not in Run(capsys, "generate").err
