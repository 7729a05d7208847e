"""A decision is called by its number, so each has one of its own."""

from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"


def test_decisions_are_numbered_in_one_row_and_their_titles_say_it() -> None:
    titles = {path.name: path.read_text(encoding="utf-8").partition("\n")[0] for path in sorted(_FOLDER.glob("*.md"))}
    assert [name[:4] for name in titles] == [f"{number:04d}" for number in range(1, len(titles) + 1)]
    for name, title in titles.items():
        assert title.startswith(f"# {name[:4]}: "), name
