"""What an audit of many files leaves out, and what it leaves as it was."""

import gc
import json
from pathlib import Path

import pytest
from auditing import STATIC
from click.testing import CliRunner

from linkmode.audit import run
from linkmode.audit.judge.expectations import Expectations
from linkmode.cli.audit import command


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(STATIC)
    return [str(tmp_path / "one"), str(tmp_path / "two")]


def images(paths: list[str], *, with_images: bool) -> list[int]:
    settings = run.Settings(wanted=Expectations(), with_contents=False, with_images=with_images)
    return [len(one.verdict.images) for one in run.run(paths, settings, 1).audited if one.verdict]


def test_base_images_are_asked_for_one_file_and_for_many_when_they_are_shown(files: list[str]) -> None:
    every = images(files, with_images=True)
    assert min(every) > 0
    assert images(files[:1], with_images=False) == every[:1]
    assert images(files, with_images=False) == [0, 0]


@pytest.mark.parametrize("option", ["--verbose", "--json"])
def test_a_report_that_shows_base_images_has_them_for_every_file(files: list[str], option: str) -> None:
    shown = CliRunner().invoke(command, [option, *files]).stdout
    if option == "--json":
        assert all(one["verdict"]["images"] for one in json.loads(shown)["files"])
    else:
        assert shown.count("runs-on: ") == len(files)


def test_a_folder_with_one_program_has_its_base_images(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(STATIC)
    assert "runs-on: " in CliRunner().invoke(command, [str(tmp_path)]).stdout


@pytest.mark.parametrize("was", [True, False])
def test_the_search_for_cycles_is_as_it_was(files: list[str], monkeypatch: pytest.MonkeyPatch, *, was: bool) -> None:
    seen = []
    monkeypatch.setattr(run.verdict, "judge", lambda *_, **__: seen.append(gc.isenabled()) or 1 / 0)
    before = gc.isenabled()
    try:
        (gc.enable if was else gc.disable)()
        with pytest.raises(ZeroDivisionError):
            run.run(files, run.Settings(wanted=Expectations(), with_contents=False), 1)
        assert (seen, gc.isenabled()) == ([False], was)
    finally:
        (gc.enable if before else gc.disable)()


def test_an_audit_leaves_no_cycles(tmp_path: Path) -> None:
    """Without a search for them, they would pile up: of refused files most of all, whose errors hold frames."""
    settings = run.Settings(wanted=Expectations(), with_contents=False)
    for name in range(50):
        (tmp_path / f"{name}").write_bytes(STATIC[: 60 + name])
    gc.collect()
    outcome = run.run([str(tmp_path)], settings, 1)
    assert all(one.error for one in outcome.audited)
    assert gc.collect() < 50
