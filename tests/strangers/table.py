"""The table of strangers, for a terminal and for the documentation."""

from collections.abc import Sequence

from building import HOLDS, SKIPPED, WRONG, Outcome
from stranger import Audit, Build, Stranger

Done = Sequence[tuple[tuple[Stranger, Build | Audit], Outcome]]

_HEAD = ("project", "version", "stands for", "how", "result", "size", "seconds", "runs on", "licence")


def rows(done: Done) -> list[tuple[str, ...]]:
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


def summary(done: Done) -> str:
    """Return how many projects hold, of those that could be tried: all of whose rows do."""
    tried = {stranger.name for (stranger, _), outcome in done if outcome.state != SKIPPED}
    not_held = {stranger.name for (stranger, _), outcome in done if outcome.state not in (HOLDS, SKIPPED)}
    return f"strangers that hold: {len(tried - not_held)} of {len(tried)}"


def text(done: Done) -> str:
    """Return the table in columns, the summary, and the counts of rows in the closing form that CI reads."""
    cells = [_HEAD[:8], *(row[:8] for row in rows(done))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells]
    wrong = sum(outcome.state in WRONG for _, outcome in done)
    skipped = sum(outcome.state == SKIPPED for _, outcome in done)
    counted = f"{len(done) - wrong - skipped} passed, {wrong} failed, {skipped} skipped"
    return "\n".join([*lines, "", summary(done), counted, ""])


def markdown(done: Done) -> str:
    """Return the table for the documentation."""
    lines = [f"{summary(done)}.", "", "| " + " | ".join(_HEAD) + " |", "|" + " --- |" * len(_HEAD)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows(done)]
    return "\n".join([*lines, ""])


def _size(size: int) -> str:
    return f"{size / 1024:.0f} KiB" if size else ""
