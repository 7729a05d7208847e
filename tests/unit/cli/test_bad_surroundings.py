"""What lies where something else is expected: said by name, with what to do, and never as the system's bare word."""

import os
from pathlib import Path

import pytest

from linkmode.cli.main import main

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


@pytest.mark.parametrize("command", [("lock",), ("generate",), ("fetch",), ("exec", "--", "true"), ("mirror", "m")])
def test_a_configuration_that_is_a_folder(
    repository: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (repository / "linkmode.toml").unlink()
    (repository / "linkmode.toml").mkdir()
    error = said(capsys, *command, code=3)
    assert error == (
        "linkmode: error: linkmode.toml cannot be read: Is a directory; expected linkmode's configuration\n"
        "  hint: move it away, then run: linkmode init\n"
    )


def test_a_configuration_that_is_not_utf8(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_bytes(b"\xff")
    error = said(capsys, "lock", code=3)
    assert "linkmode.toml is not UTF-8: " in error
    assert "hint: save linkmode.toml as UTF-8" in error


def test_a_mirror_where_a_file_is(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock"]) == 0
    (repository / "file").write_text("precious")
    (repository / "link").symlink_to("nowhere")
    for name, inside in (("file", "file"), ("file/deep", "file"), ("link", "link")):
        error = said(capsys, "mirror", "--offline", name, code=3)
        assert f"error: {name}: cannot be an air-gap mirror: {inside} is no folder" in error
        assert "name a new or an empty folder" in error
    assert (repository / "file").read_text() == "precious"


@pytest.mark.parametrize("command", ["fetch", "store verify", "store gc", "store path", "exec -- true", "mirror out"])
def test_a_store_that_is_empty_or_a_file(repository: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """What `--store "$UNSET"` gives must not mean the current folder."""
    verb, *more = command.split(" ") if command.startswith("store") else [command]
    words = [*verb.split(" "), *more]
    place = words.index("--") if "--" in words else len(words)
    for store, why in (("", "the value is empty; expected a folder"), ("linkmode.toml", "is a file")):
        assert why in said(capsys, *words[:place], "--store", store, *words[place:], code=2)


def test_a_mirror_that_is_empty_does_not_mean_upstream(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock"]) == 0
    assert "--mirror '': the value is empty" in said(capsys, "fetch", "--mirror", "", code=2)
    assert "--mirror 'http:///x': the URL has no host" in said(capsys, "fetch", "--mirror", "http:///x", code=2)


def test_a_lock_without_end(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(repository / "pipe")
    for name in ("/dev/zero", "pipe", "."):
        assert f"{name}: is no regular file" in said(capsys, "fetch", "--lock", name, code=6)


@pytest.mark.parametrize("sources", [("zig=pypi", "zig=upstream"), ("pypi", "upstream"), ("zig=pypi", "zig=pypi")])
def test_two_sources_for_one(repository: Path, capsys: pytest.CaptureFixture[str], sources: tuple[str, str]) -> None:
    error = said(capsys, "lock", *(f"--source={source}" for source in sources), code=2)
    assert f"--source is given 2 times for {'zig' if '=' in sources[0] else 'all families'}" in error
    assert not (repository / "linkmode.lock").exists()


@pytest.mark.parametrize(
    ("url", "why"), [("pypi:zlib", "expected pypi:<project>/<file>"), ("", "'': expected a URL or a path")]
)
def test_catalog_add_of_half_a_url(capsys: pytest.CaptureFixture[str], url: str, why: str) -> None:
    assert why in said(capsys, "catalog", "add", url, code=2)
