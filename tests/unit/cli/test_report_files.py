"""A file that ``linkmode audit`` writes takes the place of nothing but a report of its kind."""

import sys
from pathlib import Path

import pytest
from calling import Run


@pytest.mark.parametrize("option", ["--sarif", "--junit", "--html"])
def test_what_is_audited_is_not_replaced_by_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.whl", "b.whl"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 precious")
    run = Run(capsys, "audit", option, "a.whl", "b.whl")
    assert run.code == 2
    assert f"Invalid value for '{option}': 'a.whl' is there and is no such report" in run.err
    assert (tmp_path / "a.whl").read_bytes() == b"PK\x03\x04 precious"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--sarif", '{"name": "app"}'),
        ("--junit", "<project/>"),
        ("--junit", "<!DOCTYPE html><html>"),
        ("--html", "<a/>"),
    ],
)
def test_another_document_of_the_same_language_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    (tmp_path / "mine").write_text(text)
    run = Run(capsys, "audit", option, str(tmp_path / "mine"), sys.executable)
    assert run.code == 2
    assert "is there and is no such report" in run.err
    assert (tmp_path / "mine").read_text() == text


@pytest.mark.parametrize(("option", "other"), [("--sarif", "--junit"), ("--junit", "--sarif"), ("--html", "--sarif")])
def test_a_report_is_replaced_by_one_of_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, other: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report").touch()
    assert [Run(capsys, "audit", option, "report", sys.executable).code for _ in range(3)] == [0, 0, 0]
    before = (tmp_path / "report").read_bytes()
    assert Run(capsys, "audit", other, "report", sys.executable).code == 2
    assert (tmp_path / "report").read_bytes() == before
