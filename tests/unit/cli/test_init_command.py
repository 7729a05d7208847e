"""``linkmode init`` as a user has it."""

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
