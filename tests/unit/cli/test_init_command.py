"""``linkmode init`` as a user has it."""

import contextlib
from pathlib import Path

import pytest
from calling import TOML, Run

from linkmode.lock import inputs


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
    config = inputs.load(repository).config
    assert config.output == "lm"
    assert [(t.family, t.targets) for t in config.toolchains] == [(family, ("aarch64-linux-musl", "x86_64-linux-musl"))]
    assert Run(capsys, "lock").code == 0


def test_init_never_overwrites_unasked(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "init")
    assert (run.code, run.err) == (
        3,
        "linkmode: error: linkmode.toml already exists, and is not overwritten\n"
        "  expected: a folder without a linkmode.toml\n"
        "  hint: edit it, or: linkmode init --force\n",
    )
    assert (repository / "linkmode.toml").read_text() == TOML


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_init_proposes_what_it_sees(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty / "MODULE.bazel").write_text('bazel_dep(name = "rules_go", version = "0.50.1")\n')
    for name in ("services/api/go.mod", "core/Cargo.toml", ".hidden/dune-project", "a/b/c/d/e/dune-project"):
        (empty / name).parent.mkdir(parents=True, exist_ok=True)
        (empty / name).touch()
    run = Run(capsys, "init")
    assert run.err.splitlines() == [
        "linkmode: services/api/go.mod is here: linkmode.toml has a line for go, to uncomment",
        "linkmode: core/Cargo.toml is here: linkmode.toml has a line for rust, to uncomment",
        "linkmode: MODULE.bazel is here: linkmode.toml has a line for rules_go, to uncomment",
        "linkmode: next: linkmode lock",
    ]
    assert inputs.load(empty).config.language == {}
    text = (empty / "linkmode.toml").read_text()
    for line in ("[language]", 'go = "', 'rust = "', "[adapters]", "rules_go = true"):
        assert f"\n# {line}" in text
        text = text.replace(f"\n# {line}", f"\n{line}")
    (empty / "linkmode.toml").write_text(text)
    config = inputs.load(empty).config
    assert (sorted(config.language), config.adapters) == (["go", "rust"], ("rules_go",))
    assert Run(capsys, "lock").code == 0


@pytest.mark.parametrize(
    ("files", "systems", "languages"),
    [
        ((), ("bazel",), ["go"]),
        (("MODULE.bazel",), ("bazel",), ["go"]),
        ((".buckconfig",), ("buck2",), []),
        ((".buckconfig", "WORKSPACE"), ("bazel", "buck2"), ["go"]),
    ],
)
def test_init_asks_for_the_build_systems_that_it_sees(
    empty: Path,
    capsys: pytest.CaptureFixture[str],
    files: tuple[str, ...],
    systems: tuple[str, ...],
    languages: list[str],
) -> None:
    for name in (*files, "go.mod"):
        (empty / name).touch()
    run = Run(capsys, "init")
    assert run.code == 0
    assert inputs.load(empty).config.build_systems == systems
    assert (".buckconfig is here: the rules are for" in run.err) == ("buck2" in systems)
    assert ("without Bazel, `linkmode exec`" in run.err) == (files == ())
    text = (empty / "linkmode.toml").read_text()
    assert [name for name in ("go", "rust") if f"\n# {name} = " in text] == languages, "Buck2's rules are for C and C++"
    assert ("@linkmode//lib:zlib" in text) == ("bazel" in systems)


def test_init_of_another_machine_and_without_bazel(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    run = Run(capsys, "init")
    config = inputs.load(empty).config
    assert config.exec_platforms == ("aarch64-linux",)
    assert config.toolchains[0].targets == ("aarch64-linux-musl", "aarch64-linux-gnu.2.28")
    assert "no MODULE.bazel and no WORKSPACE is here: without Bazel, `linkmode exec` runs build tools" in run.err


def test_init_says_where_no_version_is_sound(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "init", "--family", "musl.cc")
    assert "every musl.cc of the catalogue has known vulnerabilities, musl.cc 11.2.1 these: CVE-2025-26519, " in run.err


def test_each_command_names_the_next_with_its_folder(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty / "a b").mkdir()
    (empty / "a b" / "MODULE.bazel").touch()
    for command, following in (("init", "linkmode -C 'a b' lock"), ("lock", "linkmode -C 'a b' fetch")):
        with contextlib.chdir(empty):
            assert Run(capsys, "-C", "a b", command).err.endswith(f"linkmode: next: {following}\n")
    with contextlib.chdir(empty):
        assert "linkmode: next: bazel build //..." in Run(capsys, "-C", "a b", "generate").err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--target", "x86_64-linux-musl", "--target", "x86_64-linux-gnu"),
            "linkmode: error: linkmode init: --target: 'x86_64-linux-gnu': name the oldest glibc",
        ),
        (("--target", '"]\nfamily = "evil'), "is not a target triple"),
        (("--output", "../x"), "linkmode: error: linkmode init: --output: expected a folder inside the repository"),
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
    assert "line " not in run.err, "of a file that is not there"
    assert list(tmp_path.iterdir()) == []
