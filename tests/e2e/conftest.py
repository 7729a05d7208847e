"""Builds each case on each Bazel, once for all tests of it."""

from collections.abc import Iterator

import pytest
import tiers
from harness import bazel, workspace
from harness.built import Built
from harness.cases import CASES

_COLD_BUILD = 3600
"""Seconds for the first test of a case, which builds it: Zig's run-time files take minutes where nothing is cached."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what builds more time than pyproject.toml gives to all, and let the rows of `built` come first.

    They build Zig's run-time files, of which all other files have the most from the cache.
    """
    items.sort(key=lambda item: "built" not in getattr(item, "fixturenames", ()))
    for item in items:
        if item.path.is_relative_to(tiers.ROOT / "e2e"):
            item.add_marker(pytest.mark.timeout(_COLD_BUILD))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `built` its rows, a case on a Bazel each: all, or those that its mark `rows` chooses.

    ``cases`` and ``bazels`` say which there are; ``example`` and ``bazel`` name rows of these tiers; all else is slow.
    """
    if "built" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("rows")
    chosen = {"cases": tuple(CASES), "bazels": bazel.KNOWN, "example": (), "bazel": ()} | (mark.kwargs if mark else {})
    rows = {f"{case}-{name}": (name, case) for name in chosen["bazels"] for case in chosen["cases"]}
    if unknown := {*chosen["example"], *chosen["bazel"]} - rows.keys():
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: no row {', '.join(sorted(unknown))}")
    tier_of = {row: tier for tier in (tiers.BAZEL, tiers.EXAMPLE) for row in chosen[tier]}
    params = [
        pytest.param((name, case), id=f"{case}:{name}", marks=pytest.mark.tier(tier_of.get(row, tiers.SLOW)))
        for row, (name, case) in rows.items()
    ]
    metafunc.parametrize("built", params, indirect=True, scope="session")


@pytest.fixture(scope="session")
def built(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build one case on one Bazel; skip, saying why, where that cannot be."""
    name, case = request.param
    workspace.need(CASES[case].pins)
    try:
        builder = bazel.find(name)
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    place = workspace.prepare(CASES[case], name)
    try:
        builder.run(place, "build", "//...")
        yield Built(CASES[case], builder, place)
    finally:
        builder.leave(place)
