"""The table of strangers, for a terminal and for the documentation."""

import re
from collections.abc import Sequence

from building import HOLDS, SKIPPED, WRONG, Outcome
from stranger import Audit, Build, Stranger

Done = Sequence[tuple[tuple[Stranger, Build | Audit], Outcome]]
Row = tuple[str, ...]

_HEAD = ("project", "version", "stands for", "how", "result", "size", "seconds", "runs on", "licence")
_RESULT = _HEAD.index("result")
_SUMMARY = "strangers that hold"


def rows(done: Done) -> list[Row]:
    """Return the cells of each row."""
    return [
        (
            stranger.name,
            stranger.version,
            stranger.stands_for,
            check.label,
            outcome.state,
            _size(outcome.size),
            f"{outcome.seconds:.0f}" if outcome.seconds else "",
            outcome.runs,
            stranger.licence,
        )
        for (stranger, check), outcome in done
    ]


def summary(cells: Sequence[Row]) -> str:
    """Return how many projects hold, of those that were tried: all of whose rows do."""
    tried = {row[0] for row in cells if row[_RESULT] != SKIPPED}
    not_held = {row[0] for row in cells if row[_RESULT] not in (HOLDS, SKIPPED)}
    return f"strangers that hold: {len(tried - not_held)} of {len(tried)}"


def text(done: Done) -> str:
    """Return the table in columns, the summary, and the counts of rows in the closing form that CI reads."""
    cells = [_HEAD[:8], *(row[:8] for row in rows(done))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells]
    wrong = sum(outcome.state in WRONG for _, outcome in done)
    skipped = sum(outcome.state == SKIPPED for _, outcome in done)
    counted = f"{len(done) - wrong - skipped} passed, {wrong} failed, {skipped} skipped"
    return "\n".join([*lines, "", summary(rows(done)), counted, ""])


def read(page: str) -> list[Row]:
    """Return the rows of the table in a page of the documentation."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    found = [tuple(cell.replace("\\|", "|") for cell in re.split(r"(?<!\\) \| ", line[2:-2])) for line in lines]
    return [row for row in found if len(row) == len(_HEAD) and row != _HEAD and row[0] != "---"]


def recorded(page: str, done: Done, known: Sequence[tuple[Stranger, Build | Audit]]) -> str:
    """Return ``page`` with what came of ``done`` in its table, and without rows that no project has any more."""
    measured = {_key(row): row for row in (*read(page), *(row for row in rows(done) if row[_RESULT] != SKIPPED))}
    keys = [(stranger.name, check.label) for stranger, check in known]
    cells = [measured[key] for key in sorted(set(keys), key=keys.index) if key in measured]
    return page[: page.index(_SUMMARY)] + _markdown(cells)


def counted(readme: str, page: str) -> str:
    """Return ``readme`` with the count of the table in ``page``."""
    return re.sub(rf"{_SUMMARY}: \d+ of \d+", summary(read(page)), readme)


def _key(row: Row) -> tuple[str, str]:
    return row[0], row[3]


def _markdown(cells: Sequence[Row]) -> str:
    lines = [f"{summary(cells)}.", "", "| " + " | ".join(_HEAD) + " |", "|" + " --- |" * len(_HEAD)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
    return "\n".join([*lines, ""])


def _size(size: int) -> str:
    return f"{size / 1024:.0f} KiB" if size else ""
