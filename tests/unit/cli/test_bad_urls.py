"""URLs that are none: a usage error, and no traceback."""

from pathlib import Path

import pytest

from linkmode.cli.main import main


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://[", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://127.0.0.1:99999/", "is not a URL"),
        ("ftp://example.com/", "the scheme ftp: is not supported"),
    ],
)
def test_a_mirror_that_is_no_url(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert main(["lock"]) == 0
    assert main(["fetch", "--mirror", url]) == 2
    assert said in capsys.readouterr().err


def test_catalog_add_of_what_is_no_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["catalog", "add", "https://["]) == 2
    assert "is not a URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:hunter2@example.com/",
        "https://me:hunter2@example.com:port/",
        "https://me:hunter2@",
        "http://me:hunter2@[x",
        "https://me:p@hunter2@[x",
    ],
)
def test_no_password_is_shown(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither of a mirror on the command line, nor of one or of a pin in linkmode.toml: logs are read by many."""
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert main(["lock"]) == 0
    assert main(["fetch", "--mirror", url]) == 2
    text = Path("linkmode.toml").read_text()
    pin = f'[[pin]]\nfamily = "zlib"\nversion = "1.3.9"\nfile = "a.tgz"\nurls = ["{url}"]\nsha256 = "{64 * "0"}"\n'
    Path("linkmode.toml").write_text(text + pin)
    assert main(["lock"]) == 3
    said = capsys.readouterr().err
    assert "--mirror '" in said
    assert "pin[0].urls[0]" in said
    assert "hunter2" not in said
