"""What lies where something else is expected: said by name, with what to do, and never as the system's bare word."""

from pathlib import Path

import pytest

from linkmode.cli import main

TOML = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.1"\ntargets = ["x86_64-linux-musl"]\n'


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "linkmode.toml").write_text(TOML)
    monkeypatch.chdir(folder)
    for name in ("LINKMODE_STORE", "LINKMODE_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    capsys.readouterr()
    found = main(arguments)
    error = capsys.readouterr().err
    assert found == code, error
    assert "Traceback" not in error
    return error


@pytest.mark.parametrize("command", [("lock",), ("generate",), ("fetch",), ("exec", "--", "true"), ("lock", "--check")])
def test_a_lock_that_is_a_folder(
    repository: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (repository / "linkmode.lock").mkdir()
    error = said(capsys, *command, code=3)
    assert error.startswith("linkmode: error: linkmode.lock cannot be read: Is a directory; expected linkmode's lock")
    assert "move it away, then run: linkmode lock" in error


def test_a_mirror_where_a_file_is(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock"]) == 0
    (repository / "file").write_text("precious")
    (repository / "link").symlink_to("nowhere")
    for name, inside in (("file", "file"), ("file/deep", "file"), ("link", "link")):
        error = said(capsys, "mirror", "--offline", name, code=3)
        assert f"error: {name} cannot be a mirror: {inside} is there, and is no folder" in error
        assert "name a new or an empty folder" in error
    assert (repository / "file").read_text() == "precious"
