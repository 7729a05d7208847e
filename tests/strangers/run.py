"""`make strangers`: does every row side by side, goes on where a run was stopped, and ends in the table."""

import argparse
import fnmatch
import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "support")]

import building  # noqa: E402 - after the path
import msgspec  # noqa: E402
import table  # noqa: E402
from building import Outcome  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: E402
from stranger import Audit, Build, Stranger, load_all  # noqa: E402

RESULTS = building.PLACE / "results"


def main() -> int:
    """Return 0 when every row is as its file says."""
    parser = argparse.ArgumentParser(prog="make strangers")
    parser.add_argument("names", nargs="*", help="patterns of names; all by default")
    parser.add_argument("--slice", action="store_true", help="the rows that CI runs")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="rows at once")
    parser.add_argument("--again", action="store_true", help="do also what an earlier run has done")
    given = parser.parse_args()
    chosen = [one for one in load_all() if not given.names or any(fnmatch.fnmatch(one.name, n) for n in given.names)]
    rows = [(one, check) for one in chosen for check in one.checks if check.slice or not given.slice]
    if not rows:
        sys.stderr.write(f"no project of tests/strangers/projects fits {' '.join(given.names)}\n")
        return 2
    generator = building.digest()
    with _bar() as bar, ThreadPoolExecutor(given.jobs) as pool:
        task = bar.add_task("strangers", total=len(rows))

        def one(row: tuple[Stranger, Build | Audit]) -> Outcome:
            outcome = _kept(*row, generator, again=given.again or bool(given.names))
            bar.advance(task)
            bar.console.print(f"{row[0].name}: {row[1].label}: {outcome.state}", highlight=False)
            return outcome

        outcomes = list(pool.map(one, rows))
    done = list(zip(rows, outcomes, strict=True))
    sys.stdout.write(table.text(done))
    if not given.names and not given.slice:
        (building.PLACE / "table.md").write_text(table.markdown(done), encoding="utf-8")
    wrong = [(row, outcome) for row, outcome in done if outcome.state in building.WRONG]
    for (stranger, check), outcome in wrong:
        sys.stderr.write(f"\n{stranger.name}: {check.label}: {outcome.state}\n{outcome.message}\n")
    return 1 if wrong else 0


def _kept(stranger: Stranger, check: Build | Audit, generator: str, *, again: bool) -> Outcome:
    """Return what an earlier run of the same row by the same linkmode found; do the row otherwise."""
    key = hashlib.sha256(
        msgspec.json.encode([stranger.name, stranger.file, stranger.written, check, generator])
    ).hexdigest()
    path = RESULTS / f"{key}.json"
    if path.exists() and not again:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    outcome = building.do(stranger, check)
    if outcome.state != building.SKIPPED:
        RESULTS.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(outcome))
    return outcome


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


if __name__ == "__main__":
    sys.exit(main())
