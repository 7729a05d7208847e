"""URLs that are none: a usage error, and no traceback."""

from pathlib import Path

import pytest

from linkmode.cli import main


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://[", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://127.0.0.1:99999/", "is not a URL"),
        ("ftp://example.com/", "cannot have the scheme ftp:"),
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
