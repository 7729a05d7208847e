"""Strangers hold, or do not hold in the way that is written down; and the run tells the two apart."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import building
import pytest
import table
from building import BEGAN, CHANGED, FAILED, HOLDS, SKIPPED, WAITS, Outcome, do, judged
from run import PAGE, README
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


def test_two_runs_of_one_row_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=60)
    folders: list[Path] = []

    def build_in(folder: Path, _: Build) -> tuple[int, str]:
        (folder / "made").touch(exist_ok=False)
        both.wait()
        folders.append(folder)
        return 1, ""

    monkeypatch.setattr(building, "PLACE", tmp_path)
    monkeypatch.setattr(building, "_build_in", build_in)
    row = Build(toolchain="gcc", target="x86_64-linux-musl", mode="static", commands=())
    stranger = Stranger(name="s", stands_for="", licence="", file=(), written={"main.c": "int main;"}, build=(row,))
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: do(stranger, row), range(2)))
    assert [outcome.state for outcome in outcomes] == [HOLDS, HOLDS]
    assert len(set(folders)) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_summary_counts_projects_and_not_rows() -> None:
    one, other = STRANGERS[0], STRANGERS[1]
    done = [
        ((one, _check()), Outcome(state=HOLDS)),
        ((one, _check("x")), Outcome(state=WAITS)),
        ((other, _check()), Outcome(state=HOLDS)),
    ]
    assert table.summary(table.rows(done)) == "strangers that hold: 1 of 2"
    assert "3 passed, 0 failed, 0 skipped" in table.text(done)
    assert "2 passed, 1 failed, 0 skipped" in table.text([*done[:2], ((other, _check()), Outcome(state=BEGAN))])


def test_the_documentation_has_each_row_as_it_was_measured() -> None:
    page, readme = PAGE.read_text(encoding="utf-8"), README.read_text(encoding="utf-8")
    cells = table.read(page)
    assert [(row[0], row[1], row[3]) for row in cells] == [(one.name, one.version, check.label) for one, check in ROWS]
    assert [row[4] for row in cells] == [WAITS if check.waits else HOLDS for _, check in ROWS]
    assert table.summary(cells) in page
    assert f"[{table.summary(cells)}]" in readme


def test_what_came_out_is_recorded_in_the_table_and_counted_in_the_readme() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert table.recorded(page, [], ROWS) == page
    one, check = ROWS[0]
    fewer = table.recorded(page, [((one, check), Outcome(state=FAILED))], ROWS)
    held, of = re.findall(r"strangers that hold: (\d+) of (\d+)", page)[0]
    assert f"strangers that hold: {int(held) - 1} of {of}" in fewer
    assert f"[strangers that hold: {int(held) - 1} of {of}]" in table.counted(README.read_text(encoding="utf-8"), fewer)
    assert len(table.read(table.recorded(page, [], ROWS[1:]))) == len(ROWS) - 1
    assert table.recorded(page, [((one, check), Outcome(state=SKIPPED))], ROWS) == page


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
        ('stands-for = "x"\nlicence = "MIT"\nfile = []\n' + '[[audit]]\nfile = "f"\n' * 2, "two rows of one name"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(ValueError, match=rf"wrong\.toml: .*{says}"):
        load(tmp_path / "wrong.toml")
