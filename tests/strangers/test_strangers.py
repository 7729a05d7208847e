"""Strangers hold, or do not hold in the way that is written down; and the run tells the two apart."""

import re
from pathlib import Path

import pytest
import table
from building import BEGAN, CHANGED, FAILED, HOLDS, SKIPPED, WAITS, Outcome, do, judged
from stranger import Audit, Build, Stranger, load, load_all

STRANGERS = load_all()
ROWS = [(one, check) for one in STRANGERS for check in one.checks]
SLICE = [(one, check) for one, check in ROWS if check.slice]


@pytest.mark.tier("bazel")
@pytest.mark.xdist_group("strangers")  # they share a lock and the files that were fetched
@pytest.mark.parametrize(("stranger", "check"), SLICE, ids=[f"{one.name}-{check.label}" for one, check in SLICE])
def test_a_stranger_is_as_its_file_says(stranger: Stranger, check: Build | Audit) -> None:
    outcome = do(stranger, check)
    if outcome.state == SKIPPED:
        pytest.skip(outcome.message)
    assert outcome.state in (HOLDS, WAITS), f"{outcome.state}\n{outcome.message}"


def _check(waits: str = "") -> Audit:
    return Audit(file="f", waits=waits, why="a reason" if waits else "")


def test_what_a_row_is_taken_for() -> None:
    assert judged(_check(), "") == HOLDS
    assert judged(_check(), "broken") == FAILED
    assert judged(_check("broken"), "it is broken") == WAITS
    assert judged(_check("broken"), "something else") == CHANGED
    assert judged(_check("broken"), "") == BEGAN


def test_the_summary_counts_projects_and_not_rows() -> None:
    one, other = STRANGERS[0], STRANGERS[1]
    done = [
        ((one, _check()), Outcome(state=HOLDS)),
        ((one, _check("x")), Outcome(state=WAITS)),
        ((other, _check()), Outcome(state=HOLDS)),
    ]
    assert table.summary(done) == "strangers that hold: 1 of 2"
    assert "3 passed, 0 failed, 0 skipped" in table.text(done)
    assert "2 passed, 1 failed, 0 skipped" in table.text([*done[:2], ((other, _check()), Outcome(state=BEGAN))])


def test_every_file_names_its_licence_and_holds_no_bytes_of_theirs() -> None:
    for stranger in STRANGERS:
        assert stranger.licence, stranger.name
        for file in stranger.file:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256), stranger.name
        assert sum(map(len, stranger.written.values())) < 200_000, stranger.name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stands-for = 1", "stands-for"),
        ('stands-for = "x"\nlicence = "MIT"\nfile = []', "neither"),
        ('stands-for = "x"\nlicence = "MIT"\nfile = []\n[[audit]]\nfile = "f"\nwaits = "x"', "go together"),
        ('stands-for = "x"\nlicence = "MIT"\nfile = []\n[[audit]]\nfile = "f"\nsays = "("', "no regular expression"),
        ('stands-for = "x"\nlicence = "MIT"\nfile = []\n[[audit]]\nfiel = "f"', "fiel"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(ValueError, match=rf"wrong\.toml: .*{says}"):
        load(tmp_path / "wrong.toml")
