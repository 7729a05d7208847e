"""The manual page: the committed one is what the help texts give, and roff shows it without a complaint."""

import shutil
import subprocess
from collections.abc import Sequence

import click
import manual
import pytest
import reference_cli
import references

from linkmode.cli import lock as lock_command

VIEWERS = (("mandoc", "-T", "lint"), ("man", "--warnings", "-l"))
"""What reads a page and tells what is wrong with it; the second by groff."""


def test_the_committed_page_is_what_the_help_texts_give() -> None:
    assert manual.page() == references.MANUAL.read_text(encoding="utf-8"), "run: make generated"


def test_every_command_option_and_exit_code_is_on_it() -> None:
    lines = manual.page().splitlines()
    root, *sections = reference_cli.sections()
    assert len(sections) > 20
    for section in sections:
        assert f".SS {section.path}".replace("-", r"\-") in lines
    for section in (root, *sections):
        for option, _, _ in section.options:
            assert f".B {option}".replace("-", r"\-").replace("…", r"\[u2026]") in lines
    for number, _ in reference_cli.exit_codes():
        assert f".B {number}" in lines


def test_a_changed_help_text_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    option = next(one for one in lock_command.command.params if one.name == "check")
    assert isinstance(option, click.Option)
    monkeypatch.setattr(option, "help", r"Look at `C:\x`, … and --no-further.")
    page = manual.page()
    assert "\n.B \\-\\-check\nLook at \\fBC:\\ex\\fR, \\[u2026] and \\-\\-no\\-further.\n" in page
    assert page != references.MANUAL.read_text(encoding="utf-8")


def test_no_text_becomes_a_request_of_roff() -> None:
    assert list(manual._filled(".so /etc/passwd")) == ["\\&.so /etc/passwd"]
    assert list(manual._filled("'tis")) == ["\\&'tis"]
    filled = list(manual._filled("a b ." * 60))
    assert len(filled) > 3
    assert not [line for line in filled if line.startswith(".")]


def test_a_version_without_a_day_in_the_changelog_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual, "__version__", "0.1.0.dev1")
    with pytest.raises(LookupError, match=r"no section of 0\.1\.0\.dev1"):
        manual.page()


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer[0])
def test_viewers_have_nothing_to_say_of_it(viewer: Sequence[str]) -> None:
    if shutil.which(viewer[0]) is None:
        pytest.skip(f"no {viewer[0]} here")
    done = subprocess.run([*viewer, references.MANUAL], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if viewer[0] == "mandoc":
        assert done.stdout == ""
