"""``linkmode add`` as a user has it."""

from pathlib import Path

import pytest
from calling import TOML, Run

from linkmode.lock import inputs


def test_each_kind_and_then_a_lock(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("go",), ("gmp",), ("toolchain", "musl.cc"), ("rust", "--version", ">=1")):
        run = Run(capsys, "add", *arguments)
        assert run.code == 0
        assert run.out.startswith("--- a/linkmode.toml\n+++ b/linkmode.toml\n")
        assert run.err == "linkmode: next: linkmode lock\n"
    config = inputs.load(repository).config
    assert config.language == {"go": "~=1.27.0", "rust": ">=1"}
    assert sorted(config.library) == ["gmp", "zlib"]
    assert [(one.family, one.version) for one in config.toolchains] == [("zig", "~=0.15.1"), ("musl.cc", "~=11.2.1")]
    assert Run(capsys, "lock").code == 0


def test_the_words_of_others(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Run(capsys, "add", "golang").code == 0
    assert Run(capsys, "add", "toolchain", "gcc", "--target", "aarch64-linux-musl").code == 0
    config = inputs.load(repository).config
    assert (list(config.language), config.toolchains[1].family) == (["go"], "musl.cc")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("go", "--version", "99"),
            2,
            "add go: no version satisfies '99'; the catalogue has ",
        ),
        (
            ("toolchain", "musl.cc", "--version", "~=9.9"),
            2,
            "add musl.cc: no version satisfies '~=9.9'; the catalogue has",
        ),
        (
            ("zlib",),
            2,
            "linkmode.toml asks for zlib already: '>=1.2.11'\n"
            "  expected: a name that [library] does not have\n  hint: change the version in its [library]",
        ),
        (
            ("openssl",),
            2,
            "linkmode has no language or library 'openssl'\n  expected: a language or a library\n  hint: one of go, ",
        ),
        (("ocmal",), 2, "did you mean 'ocaml'?"),
        (
            ("toolchain",),
            2,
            "add toolchain: which family?\n"
            "  expected: the name of a family\n  hint: linkmode add toolchain zig --target",
        ),
        (
            ("toolchain", "msvc"),
            2,
            "'msvc' is not a family\n  expected: the name of a family\n  hint: one of musl.cc, zig",
        ),
        (("toolchain", "zig"), 2, "toolchain[0] asks zig for x86_64-linux-musl already"),
        (("toolchain", "zig", "--target", "x86-64-linux-musl"), 2, "did you mean 'x86_64-linux-musl'?"),
        (("toolchain", "zig", "--target", "\n"), 2, "is not a target triple"),
        (("go", "zig"), 2, "add go: takes no second name (zig)"),
        (("go", "--target", "x86_64-linux-musl"), 2, "add go: takes no --target"),
        (("go", "--version", "^1.26"), 2, "found '^1.26'; write '~=1.26'"),
        (("go", "--version", '1"\n[x]'), 2, "expected versions"),
    ],
)
def test_what_is_refused_changes_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str
) -> None:
    run = Run(capsys, "add", *arguments)
    assert run.code == code
    assert message in run.err
    assert (repository / "linkmode.toml").read_text() == TOML


@pytest.mark.parametrize("form", ['language.rust = "1"\n', 'language = { rust = "1" }\n'])
def test_a_form_that_cannot_be_added_to(repository: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    (repository / "linkmode.toml").write_text(form + TOML)
    run = Run(capsys, "add", "go")
    assert run.code in (2, 3)
    assert "nothing was written" in run.err
    assert (repository / "linkmode.toml").read_text() == form + TOML
