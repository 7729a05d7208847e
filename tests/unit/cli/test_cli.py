"""The command line as a user has it: exit codes, messages on the right stream, and nothing changed by an error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from calling import TOML, Run

import linkmode
from linkmode.cli import lock
from linkmode.cli import main as cli
from linkmode.cli.main import main


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_what_a_terminal_obeys_is_spelled_out_in_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("linkmode.toml").write_text('"\\u001b[2J\\u202e" = 1\n')
    assert main(["generate"]) == 3
    said = capsys.readouterr().err
    assert "\\x1b[2J\\u202e: unknown key" in said
    assert said.replace("\n", "").isprintable()


def test_init_lock_generate_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / "cache"))
    started = Run(capsys, "init")
    assert (started.code, started.out) == (
        0,
        "linkmode.toml written: zig 0.16.0 for x86_64-linux-musl and x86_64-linux-gnu.2.28\n",
    )
    first = Run(capsys, "lock")
    assert first.err == "linkmode: next: linkmode fetch\n", "no vulnerability on the first day"
    assert (first.code, first.out.splitlines()[0]) == (0, "linkmode.lock written:")
    assert "  + artifact zig-x86_64-linux: 0.16.0 from https://ziglang.org/" in first.out
    written = Run(capsys, "generate")
    assert written.code == 0
    assert written.err.startswith("linkmode: next: write MODULE.bazel or WORKSPACE, the root of a Bazel build, ")
    assert "created third_party/linkmode/defs.bzl" in written.out.splitlines()
    before = files(tmp_path)
    assert Run(capsys, "lock").out == "linkmode.lock is up to date\n"
    assert Run(capsys, "lock", "--check").code == 0
    assert Run(capsys, "generate").out == "third_party/linkmode is up to date\n"
    assert Run(capsys, "generate", "--check").code == 0
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("genrate",), "no such command: 'genrate'; did you mean 'generate'?"),
        (("generate", "--chek"), "--check"),
        (("lock", "extra"), "unexpected extra argument"),
        (("-C", "/no/such/folder", "lock"), "'/no/such/folder' does not exist"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_usage_errors(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    run = Run(capsys, *arguments)
    assert run.code == 2
    assert run.err.startswith("linkmode: error: ")
    assert message in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mirror", ""), "Invalid value for 'DIR': the value is empty; expected a path"),
        (("fetch", "--lock", ""), "Invalid value for '--lock': the value is empty; expected a path"),
        (
            ("catalog", "verfy"),
            "no such command: 'verfy'; did you mean 'verify'?\n"
            "  expected: a command of linkmode catalog\n  hint: see `linkmode catalog --help`",
        ),
    ],
)
def test_words_that_name_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    run = Run(capsys, *words)
    assert (run.code, message in run.err) == (2, True), run.err


def test_help_version_and_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Run(capsys, "--version").out == f"linkmode {linkmode.__version__}\n"
    shown = Run(capsys, "--help")
    assert (shown.code, shown.err) == (0, "")
    for command in cli._COMMANDS:
        assert f"\n  {command} " in shown.out
        assert Run(capsys, command, "--help").code == 0
    nothing = Run(capsys)
    assert (nothing.code, nothing.out) == (2, "")
    assert "Commands:" in nothing.err


def test_a_directory_can_be_named(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.parent)
    assert Run(capsys, "-C", "repository", "lock").code == 0
    assert (repository / "linkmode.lock").exists()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, ""),
        (
            PermissionError(13, "Permission denied", "x.lock"),
            3,
            "linkmode: error: x.lock: Permission denied\n"
            "  expected: a file that this user may use\n  hint: correct that, then run the command again\n",
        ),
        (
            OSError(28, "No space left on device"),
            3,
            "linkmode: error: No space left on device\n"
            "  expected: room for what is written\n  hint: make room there, then run the command again\n",
        ),
    ],
)
def test_what_ends_a_command_from_outside(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    def end(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(lock, "relock", end)
    run = Run(capsys, "lock")
    assert (run.code, run.err.lstrip("\n")) == (code, message)


def test_a_defect_is_shown_whole_and_is_no_failed_check(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(lock, "relock", fail)
    run = Run(capsys, "lock")
    assert run.code == 70
    assert "ZeroDivisionError" in run.err
    assert "this is a defect of linkmode" in run.err


def test_a_closed_pipe_is_no_error(repository: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(linkmode.__file__).parents[1])}
    command = [sys.executable, "-m", "linkmode", "lock", "--check"]
    assert main(["lock"]) == 0
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    os.close(writer)
    assert "Traceback" not in run.stderr
    assert "BrokenPipe" not in run.stderr
    assert run.returncode in (0, 141)


def test_a_terminal_without_the_characters_gets_them_escaped(repository: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(linkmode.__file__).parents[1]), "PYTHONIOENCODING": "latin-1"}
    main(["lock"])
    (repository / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.3.1"))
    command = [sys.executable, "-m", "linkmode", "lock"]
    run = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert b"version: 1.3.2 \\u2192 1.3.1" in run.stdout
