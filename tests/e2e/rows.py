"""The rows of a fixture or a test, a Bazel or a case on a Bazel each, and the tier of each row."""

import pytest
import tiers
from _pytest.mark import ParameterSet
from harness import bazel
from harness.cases import Case


def bazels(*names: str, ci: tuple[str, ...] = ()) -> list[ParameterSet]:
    """Return these Bazels, or all that are known; ``ci`` names those that CI has time for."""
    found = {name: name for name in names or bazel.KNOWN}
    return _rows(found, ci)


def each(*cases: Case, ci: tuple[str, ...] = ()) -> list[ParameterSet]:
    """Return each case on each Bazel, called like ``c_zlib-4.2.3``; ``ci`` names those that CI has time for."""
    return _rows({f"{case.name}-{name}": (name, case) for name in bazel.KNOWN for case in cases}, ci)


def _rows(found: dict[str, str] | dict[str, tuple[str, Case]], ci: tuple[str, ...]) -> list[ParameterSet]:
    assert set(ci) <= found.keys(), ci
    return [
        pytest.param(row, id=label, marks=pytest.mark.tier(tiers.BAZEL if label in ci else tiers.SLOW))
        for label, row in found.items()
    ]
