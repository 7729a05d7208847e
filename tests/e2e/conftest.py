"""Builds each case on each Bazel that was asked for, once for all tests of it."""

from collections.abc import Iterator

import pytest
from harness import bazel, workspace
from harness.built import Built
from harness.cases import CASES

_COLD_BUILD = 3600
"""Seconds for the first test of a case, which builds it: Zig's run-time files take minutes where nothing is cached."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that run Bazel more time than pyproject.toml gives to all."""
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.timeout(_COLD_BUILD))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that asks for `built` each case on each Bazel, one after the other."""
    if "built" in metafunc.fixturenames:
        pairs = [(name, case) for name in bazel.requested() for case in CASES]
        ids = [f"{case}-{name.replace('/', '_')}" for name, case in pairs]
        metafunc.parametrize("built", pairs, ids=ids, indirect=True, scope="session")


@pytest.fixture(scope="session")
def built(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build one case on one Bazel; skip, saying why, where that cannot be."""
    name, case = request.param
    try:
        builder = bazel.find(name)
        place = workspace.prepare(CASES[case], name)
    except (bazel.NoBazelError, workspace.MissingToolchainsError) as error:
        pytest.skip(str(error))
    try:
        builder.run(place, "build", "//...")
        yield Built(CASES[case], builder, place)
    finally:
        builder.leave(place)
