"""Each test has one tier, by what it takes to run it. The Makefile chooses tiers, and names no test.

A test, a row of a fixture and a module say with ``@pytest.mark.tier(...)`` which tier they need; the slowest of what is
said counts, and where nothing is said, what the folder takes. The marks ``fast``, ``example``, ``bazel`` and ``slow``
come of that, are written nowhere else, and are what `pytest -m` knows.
"""

from pathlib import Path

import pytest

FAST, EXAMPLE, BAZEL, SLOW = "fast", "example", "bazel", "slow"
TIERS = {
    FAST: "neither Bazel nor an archive of a compiler: seconds (make test)",
    EXAMPLE: "one example on one real Bazel (make test)",
    BAZEL: "real Bazel and real compilers, each kind of thing once (make e2e-ci)",
    SLOW: "the rest of the matrix (make e2e-all)",
}
"""From the quickest to the slowest; the Makefile's target that runs it first."""

ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = {"e2e": SLOW, "exec": BAZEL}
"""Where something else than FAST holds for a test that says nothing."""


class WrongTierError(Exception):
    """A test names a tier that there is not, or writes the mark that comes of it."""


def of(item: pytest.Item) -> str:
    """Return the tier of a test. Raises WrongTierError."""
    said = [str(mark.args[0]) for mark in item.iter_markers("tier")]
    if unknown := set(said) - set(TIERS):
        raise WrongTierError(f"{item.nodeid}: no tier {', '.join(sorted(unknown))}; there are {', '.join(TIERS)}")
    if written := set(TIERS) & {mark.name for mark in item.iter_markers()}:
        [name, *_] = sorted(written)
        raise WrongTierError(f'{item.nodeid}: write @pytest.mark.tier("{name}"), and not @pytest.mark.{name}')
    if said:
        return max(said, key=list(TIERS).index)
    return _FOLDERS.get(item.path.relative_to(ROOT).parts[0], FAST)


def assign(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, and with nothing of another. Raises WrongTierError."""
    for item, tier in [(item, of(item)) for item in items]:
        item.add_marker(tier)
