"""What goes wrong in a newcomer's first hour: the exit code, the first line, and the way on."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from calling import TOML, Run


class Mistake(NamedTuple):
    """``toml`` is linkmode.toml; ``first`` stands in the first line of the message, and ``way`` in any."""

    toml: str
    command: str
    code: int
    first: str
    way: str


LANGUAGE = f'{TOML}[language]\ngolang = "1.27"\n'
CONFLICT = f"<<<<<<< HEAD\n{TOML}=======\n>>>>>>> other\n"

OF_THE_FILE = {
    "a key": Mistake(
        TOML.replace("version", "verison"),
        "lock",
        3,
        "linkmode.toml has 2 problems:",
        "line 3: toolchain[0].verison: unknown key; did you mean 'version'?",
    ),
    "a family": Mistake(TOML.replace('"zig"', '"zag"'), "lock", 3, "line 2: toolchain[0].family: 'zag'", "'zig'?"),
    "the name of a table": Mistake(
        TOML.replace("[[toolchain]]", "[[toolchains]]"), "lock", 3, "line 1: toolchains: unknown key", "'toolchain'?"
    ),
    "one bracket": Mistake(
        TOML.replace("[[toolchain]]", "[toolchain]"), "lock", 3, "line 1: toolchain: expected", "written [[toolchain]]"
    ),
    "no quotes": Mistake(
        TOML.replace('"~=0.15.1"', "~=0.15.1"), "lock", 3, "(at line 3, column 11)", "text stands in quotes"
    ),
    "a number": Mistake(TOML.replace('"~=0.15.1"', "0.15"), "lock", 3, "line 3: toolchain[0].version", "in quotes"),
    "a bare version": Mistake(
        TOML.replace("~=0.15.1", "0.15"), "lock", 3, "no version of zig satisfies '0.15'", 'write "~=0.15.0"'
    ),
    "npm's version": Mistake(TOML.replace("~=0.15.1", "^0.15"), "lock", 3, "found '^0.15'", "write '~=0.15.0'"),
    "any version": Mistake(TOML.replace("~=0.15.1", "*"), "lock", 3, "found '*'", "write '>=0'"),
    "latest": Mistake(TOML.replace("~=0.15.1", "latest"), "lock", 3, "found 'latest'", "write '>=0'"),
    "golang": Mistake(LANGUAGE, "lock", 3, "line 9: language.golang:", "did you mean 'go'?"),
    "a language as a library": Mistake(
        f'{TOML}go = "~=1.27.0"\n', "lock", 3, "line 8: library.go: is a language", "write it in [language]"
    ),
    "openssl": Mistake(
        f'{TOML}openssl = "~=3.0"\n', "lock", 3, "library.openssl: the catalogue has no", "linkmode exec -- make"
    ),
    "Docker's CPU": Mistake(
        TOML.replace("x86_64-linux-musl", "arm64-linux-musl"),
        "lock",
        3,
        "line 4: toolchain[0].targets[0]:",
        "did you mean 'aarch64-linux-musl'?",
    ),
    "Rust's triple": Mistake(
        TOML.replace("x86_64-linux", "x86_64-unknown-linux"), "lock", 3, "targets[0]:", "'x86_64-linux-musl'?"
    ),
    "macOS": Mistake(
        TOML.replace("x86_64-linux-musl", "aarch64-macos"),
        "lock",
        3,
        "'aarch64-macos': linkmode makes Linux binaries, and none for macos",
        "correct linkmode.toml",
    ),
    "a glibc too old for the CPU": Mistake(
        TOML.replace("x86_64-linux-musl", "riscv64-linux-gnu.2.17"), "lock", 3, "'riscv64-linux-gnu.2.17':", "2.27"
    ),
    "static with glibc": Mistake(
        TOML.replace("musl", "gnu.2.28") + '[link-modes]\nstatic = "x86_64-linux-gnu.2.28"\n',
        "lock",
        3,
        "link-modes.static: a static binary cannot use x86_64-linux-gnu.2.28",
        "name a musl target",
    ),
    "a mirror without its scheme": Mistake(
        f'{TOML}[mirrors]\n"ziglang.org" = ["https://mirror.example/"]\n', "lock", 3, "mirrors.ziglang.org", "https://"
    ),
    "an output above": Mistake(f'output = "../x"\n{TOML}', "lock", 3, "line 1: output:", "found '../x'"),
    "a merge conflict": Mistake(CONFLICT, "lock", 3, "linkmode.toml is not TOML", "line 1 has the marks of a merge"),
    "no lock": Mistake(TOML, "generate", 6, "linkmode.lock does not exist", "write it with: linkmode lock"),
    "no lock for exec": Mistake(TOML, "exec -- make", 6, "linkmode.lock does not exist", "linkmode lock"),
    "a command": Mistake(TOML, "genrate", 2, "no such command: 'genrate'; did you mean 'generate'?", "--help"),
    "an option": Mistake(TOML, "lock --chek", 2, "--chek", "see `linkmode lock --help`"),
    "a name to upgrade": Mistake(TOML, "lock --upgrade zlb", 2, "asks for no 'zlb'; did you mean 'zlib'?", "zig, zlib"),
    "to add openssl": Mistake(TOML, "add openssl", 2, "no language or library 'openssl'", "To link any other:"),
    "init again": Mistake(TOML, "init", 3, "linkmode.toml already exists", "linkmode init --force"),
    "a mode with a hyphen": Mistake(
        TOML,
        "audit --expect mostly-static /bin/ls",
        2,
        "'mostly-static' is not one of 'static', 'mostly_static', 'dynamic'; did you mean 'mostly_static'?",
        "see `linkmode audit --help`",
    ),
    "a folder": Mistake(TOML, "-C nowhere lock", 2, "Directory 'nowhere' does not exist", "see `linkmode --help`"),
    "a file": Mistake(TOML, "audit nothing-here", 2, "no such file or folder: nothing-here", "correct the path"),
}


@pytest.mark.parametrize("name", OF_THE_FILE)
def test_a_mistake_is_told_with_the_way_on(name: str, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mistake = OF_THE_FILE[name]
    (repository / "linkmode.toml").write_text(mistake.toml)
    run = Run(capsys, *mistake.command.split())
    first, _, rest = run.err.partition("\n")
    assert run.code == mistake.code
    assert first.startswith("linkmode: error: ")
    assert mistake.first in first
    assert mistake.way in first + rest


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def with_mark(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


def tabs(text: str) -> bytes:
    return text.replace(" = ", "\t=\t").encode()


@pytest.mark.parametrize("written", [crlf, with_mark, tabs])
def test_what_editors_do_to_a_file_is_no_mistake(
    written: Callable[[str], bytes], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "linkmode.toml").write_bytes(written(TOML))
    assert Run(capsys, "lock").code == 0


def test_another_encoding(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_bytes(TOML.encode("utf-16"))
    run = Run(capsys, "lock")
    assert run.code == 3
    assert run.err.startswith("linkmode: error: linkmode.toml is not UTF-8: ")
    assert run.err.endswith("  hint: save linkmode.toml as UTF-8, or write a new one: linkmode init --force\n")


@pytest.mark.parametrize(
    ("old", "new", "first", "way"),
    [
        ("version = 2", "version = 99", "has format version 99; linkmode 0.1.0 knows version 2", "or a newer one"),
        ("version = 2", "<<<<<<< HEAD", "linkmode.lock is not TOML (a merge conflict?)", "linkmode lock"),
        ("0.15.2", "0.15.3", "linkmode.lock was edited by hand", "linkmode lock"),
    ],
)
def test_a_lock_that_is_not_ours(
    old: str, new: str, first: str, way: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Run(capsys, "lock").code == 0
    lock = repository / "linkmode.lock"
    assert old in lock.read_text()
    lock.write_text(lock.read_text().replace(old, new))
    run = Run(capsys, "generate")
    assert run.code == 6
    assert first in run.err.partition("\n")[0]
    assert way in run.err


def test_no_root_of_a_bazel_build(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Run(capsys, "lock").code == 0
    said = Run(capsys, "generate").err
    assert said == (
        "linkmode: next: write MODULE.bazel or WORKSPACE, the root of a Bazel build, and run: linkmode generate; "
        "without Bazel: linkmode exec -- make\n"
    )
    assert "ok    no MODULE.bazel or WORKSPACE is here" in Run(capsys, "doctor").out
    (repository / "MODULE.bazel").touch()
    assert "linkmode: next: bazel build //..." in Run(capsys, "generate").err
    assert "no MODULE.bazel" not in Run(capsys, "doctor").out


def test_what_git_ignores(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["git", "init", "--quiet", "."], check=True)
    for command in ("lock", "generate"):
        assert Run(capsys, command).code == 0
    assert "ok    Git ignores none of linkmode.toml, linkmode.lock and third_party/" in Run(capsys, "doctor").out
    (repository / ".gitignore").write_text("third_party/\n")
    told = "ok    Git ignores third_party/linkmode, by .gitignore:1: third_party/: each clone has to run"
    assert told in Run(capsys, "doctor").out
    (repository / ".gitignore").write_text("*.lock\n!keep.lock\n")
    told = "fail  Git ignores linkmode.lock, by .gitignore:1: *.lock\n      fix: remove the pattern, or run: git add"
    assert told in Run(capsys, "doctor").out
    (repository / ".gitignore").write_text("*.lock\n!linkmode.lock\n")
    assert "Git ignores none" in Run(capsys, "doctor").out


def test_a_machine_without_git(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Run(capsys, "lock").code == 0
    (repository / ".gitignore").write_text("*.lock\n")
    monkeypatch.setenv("PATH", str(repository))
    assert "Git ignores none" in Run(capsys, "doctor").out
