"""The command line as a user has it: exit codes, messages on the right stream, and nothing changed by an error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import linkmode
from linkmode import cli, pipeline
from linkmode.cli import main

TOML = """\
[[toolchain]]
family = "zig"
version = "~=0.15.1"
targets = ["x86_64-linux-musl"]

[library]
zlib = ">=1.2.11"
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder / "linkmode.toml").write_text(TOML)
    return folder


class Run:
    """What one call gave."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        self.code = main(arguments)
        self.out, self.err = capsys.readouterr()


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_init_lock_generate_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / "cache"))
    assert Run(capsys, "init").out == "linkmode.toml written; next: linkmode lock\n"
    first = Run(capsys, "lock")
    assert (first.code, first.out.splitlines()[0]) == (0, "linkmode.lock written:")
    assert "  + artifact zig-x86_64-linux: 0.15.2 from https://ziglang.org/" in first.out
    written = Run(capsys, "generate")
    assert (written.code, written.err) == (0, "")
    assert "created third_party/linkmode/defs.bzl" in written.out.splitlines()
    before = files(tmp_path)
    assert Run(capsys, "lock").out == "linkmode.lock is up to date\n"
    assert Run(capsys, "lock", "--check").code == 0
    assert Run(capsys, "generate").out == "third_party/linkmode is up to date\n"
    assert Run(capsys, "generate", "--check").code == 0
    assert files(tmp_path) == before


@pytest.mark.parametrize("family", ["zig", "musl.cc"])
def test_init_with_flags(repository: Path, capsys: pytest.CaptureFixture[str], family: str) -> None:
    arguments = (
        "--family",
        family,
        "--target",
        "aarch64-linux-musl",
        "--target",
        "x86_64-linux-musl",
        "--output",
        "lm",
    )
    assert Run(capsys, "init", *arguments, "--force").code == 0
    config = pipeline.inputs(repository).config
    assert config.output == "lm"
    assert [(t.family, t.targets) for t in config.toolchains] == [(family, ("aarch64-linux-musl", "x86_64-linux-musl"))]
    assert Run(capsys, "lock").code == 0


def test_init_never_overwrites_unasked(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "init")
    assert (run.code, run.err) == (
        3,
        "linkmode: error: linkmode.toml is there already, and is not overwritten\n"
        "  hint: edit it, or: linkmode init --force\n",
    )
    assert (repository / "linkmode.toml").read_text() == TOML


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "x86_64-linux-gnu"), "name the oldest glibc"),
        (("--target", '"]\nfamily = "evil'), "is not a target triple"),
        (("--output", "../x"), "expected a folder inside the repository"),
        (("--output", "\x7f'''"), "expected a folder inside the repository"),
        (("--family", "zug"), "'zug' is not one of"),
    ],
)
def test_init_refuses_flags_that_would_make_a_wrong_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    run = Run(capsys, "init", *arguments)
    assert run.code == 2
    assert message in run.err
    assert list(tmp_path.iterdir()) == []


def test_lock_keeps_versions_and_upgrades_by_name(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.2.11"))
    Run(capsys, "lock")
    (repository / "linkmode.toml").write_text(TOML)
    assert Run(capsys, "lock", "--check").code == 1
    assert Run(capsys, "lock").out == "linkmode.lock written:\n  only what is asked for, not what is chosen\n"
    lock = repository / "linkmode.lock"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    only = "  nothing that it says, only how it is written: a digest, comments, line endings or conflict markers\n"
    run = Run(capsys, "lock", "--check")
    assert run.code == 1
    assert only in run.err
    assert Run(capsys, "lock").out == f"linkmode.lock written:\n{only}"
    run = Run(capsys, "lock", "--upgrade", "zlib")
    assert "      version: 1.2.11 → 1.3.2" in run.out
    wrong = Run(capsys, "lock", "--upgrade", "zlb")
    assert (wrong.code, wrong.err) == (
        2,
        "linkmode: error: linkmode.toml asks for no 'zlb'; did you mean 'zlib'?\n  hint: what it asks for: zig, zlib\n",
    )


def test_lock_source_is_kept_by_a_plain_lock(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Run(capsys, "lock", "--source", "pypi").code == 0
    lock = pipeline.locked(repository)
    assert {artifact.source for artifact in lock.artifacts} == {"pypi"}
    assert Run(capsys, "lock").out == "linkmode.lock is up to date\n"
    Run(capsys, "lock", "--source", "zlib=upstream")
    assert {a.family: a.source for a in pipeline.locked(repository).artifacts} == {"zig": "pypi", "zlib": "upstream"}
    Run(capsys, "lock", "--source", "upstream", "--source", "zlib=pypi")
    assert {a.family: a.source for a in pipeline.locked(repository).artifacts} == {"zig": "upstream", "zlib": "pypi"}


@pytest.mark.parametrize("source", ["pipy", "zig=", "=pypi", "zig=pipy"])
def test_lock_refuses_a_source_that_is_none(repository: Path, capsys: pytest.CaptureFixture[str], source: str) -> None:
    run = Run(capsys, "lock", "--source", source)
    assert run.code == 2
    assert f"--source {source!r}: expected upstream or pypi" in run.err
    assert not (repository / "linkmode.lock").exists()


def test_lock_warns_of_weaknesses_and_denies_them_when_told(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.2.11"))
    denied = Run(capsys, "lock", "--deny-advisories")
    assert denied.code == 1
    assert "linkmode: warning: zlib 1.2.11 has CVE-2018-25032 (fixed in 1.2.12): " in denied.err
    assert not (repository / "linkmode.lock").exists()
    warned = Run(capsys, "lock")
    assert warned.code == 0
    assert "CVE-2022-37434 (fixed in 1.2.13)" in warned.err
    assert "CVE" not in warned.out


def test_lock_accepts_weaknesses_by_id(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = TOML.replace(">=1.2.11", "1.2.12")
    (repository / "linkmode.toml").write_text(toml)
    denied = Run(capsys, "lock", "--deny-advisories").err
    assert "linkmode: error: 3 known weaknesses in what would be locked" in denied
    ids = {word for word in denied.split() if word.startswith("CVE-2")}
    assert ids == {"CVE-2022-37434", "CVE-2026-27171", "CVE-2026-40200"}
    accepted = {name: f"reason {name[-1]}" for name in sorted(ids)}
    for count in (2, 3):
        table = "".join(f'{name} = "{reason}"\n' for name, reason in list(accepted.items())[:count])
        (repository / "linkmode.toml").write_text(f"{toml}[advisories.accept]\n{table}")
        run = Run(capsys, "lock", "--deny-advisories")
        assert run.code == (1 if count == 2 else 0)
        assert run.err.count("linkmode: note: ") == count
        assert run.err.count("linkmode: warning: ") == 3 - count
    assert (
        "linkmode: note: zlib 1.2.12 has CVE-2022-37434 (fixed in 1.2.13), accepted in linkmode.toml: reason 4\n"
        in run.err
    )
    # Nothing of it is in the lock: it stays in date when a reason comes or goes.
    (repository / "linkmode.toml").write_text(toml)
    assert Run(capsys, "lock", "--check").code == 0


def test_lock_says_when_nothing_has_what_is_accepted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(TOML + '[advisories.accept]\nCVE-2018-25032 = "old"\n')
    run = Run(capsys, "lock")
    assert run.code == 0
    assert "note: linkmode.toml accepts CVE-2018-25032, which nothing that is locked has: the line can go\n" in run.err


def test_lock_refuses_to_accept_what_it_does_not_know(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(TOML + '[advisories.accept]\nCVE-2018-25023 = "typo"\n')
    run = Run(capsys, "lock")
    assert run.code == 3
    assert "advisories.accept.CVE-2018-25023: the catalogue has no advisory 'CVE-2018-25023'" in run.err
    assert "did you mean 'CVE-2018-25032'?" in run.err
    assert not (repository / "linkmode.lock").exists()


def test_lock_warns_of_a_weakness_that_nothing_fixes(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = TOML.replace('"zig"', '"musl.cc"').replace("~=0.15.1", "~=11.2.1")
    (repository / "linkmode.toml").write_text(toml)
    run = Run(capsys, "lock", "--deny-advisories")
    assert run.code == 1
    assert "musl.cc 11.2.1 has CVE-2025-26519 (no version has the fix): " in run.err


def test_lock_check_writes_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "lock", "--check")
    assert run.code == 1
    assert "linkmode.lock is not what linkmode.toml resolves to:\n  + artifact zig-x86_64-linux" in run.err
    assert [path.name for path in repository.iterdir()] == ["linkmode.toml"]


def test_generate_without_with_stale_and_with_edited_lock(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = Run(capsys, "generate")
    assert (missing.code, missing.err) == (
        6,
        "linkmode: error: linkmode.lock does not exist\n  hint: write it with: linkmode lock\n",
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


def test_a_lock_that_is_not_utf8(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.lock").write_bytes(b"\xff")
    assert Run(capsys, "generate").code == 6
    assert Run(capsys, "lock").code == 0
    assert Run(capsys, "generate").code == 0


def test_a_lock_of_a_newer_linkmode_is_left_alone(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.lock").write_text("version = 7\n")
    for command in ("generate", "lock"):
        run = Run(capsys, command)
        assert run.code == 6
        assert "linkmode.lock has format version 7; linkmode 0.1.0 knows version 1" in run.err
    assert (repository / "linkmode.lock").read_text() == "version = 7\n"


def test_a_lock_of_an_older_linkmode_is_written_again_with_its_choices(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = repository / "linkmode.toml"
    toml.write_text(TOML.replace(">=1.2.11", "1.3.1"))
    Run(capsys, "lock")
    toml.write_text(TOML)
    lock = repository / "linkmode.lock"
    lock.write_text(lock.read_text().replace("\nversion = 1\n", "\nversion = 0\n"))
    for command in ("generate", "fetch"):
        run = Run(capsys, command)
        assert run.code == 6
        assert "linkmode.lock has format version 0; linkmode 0.1.0 writes version 1" in run.err
        assert "hint: write it again with: linkmode lock" in run.err
    again = Run(capsys, "lock")
    assert again.code == 0
    assert "linkmode: warning: linkmode.lock has format version 0" in again.err
    assert {a.family: a.version for a in pipeline.locked(repository).artifacts}["zlib"] == "1.3.1"


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
        (PermissionError(13, "Permission denied", "x.lock"), 3, "linkmode: error: x.lock: Permission denied\n"),
        (
            OSError(28, "No space left on device"),
            3,
            "linkmode: error: No space left on device\n  hint: make room there, then run the command again\n",
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

    monkeypatch.setattr(pipeline, "relock", end)
    run = Run(capsys, "lock")
    assert (run.code, run.err.lstrip("\n")) == (code, message)


def test_a_defect_is_shown_whole_and_is_no_failed_check(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "relock", fail)
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


def test_a_source_of_what_is_pinned_by_hand_does_nothing_and_leaves_the_lock_in_date(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = '[[pin]]\nfamily = "zlib"\nversion = "1.3.9"\nfile = "z.tgz"\nurls = ["https://h/z.tgz"]\nlayout = "zlib"\n'
    (repository / "linkmode.toml").write_text(f'{TOML}{pin}sha256 = "{64 * "1"}"\n')
    assert Run(capsys, "lock").code == 0
    before = (repository / "linkmode.lock").read_bytes()
    run = Run(capsys, "lock", "--source", "zlib=pypi")
    assert "note: --source does nothing for zlib: linkmode.toml has a [[pin]] of its own for it" in run.err
    assert (repository / "linkmode.lock").read_bytes() == before
    assert Run(capsys, "lock", "--source", "zig=pypi").code == 0
    assert "does nothing" not in Run(capsys, "lock", "--source", "pypi", "--check").err
    assert Run(capsys, "fetch", "--offline", "--store", "s").code == 4  # and not 6: the lock is what was asked for


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mirror", ""), "Invalid value for 'DIR': it is empty; expected a path"),
        (("fetch", "--lock", ""), "Invalid value for '--lock': it is empty; expected a path"),
        (
            ("catalog", "verfy"),
            "no such command: 'verfy'; did you mean 'verify'?\n  hint: see `linkmode catalog --help`",
        ),
    ],
)
def test_words_that_name_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    run = Run(capsys, *words)
    assert (run.code, message in run.err) == (2, True), run.err
