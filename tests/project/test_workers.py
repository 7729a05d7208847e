"""An example is built once for all files that test it: one worker has them. Every other file stays whole."""

import pytest
import tiers
import workers

SHARED = """
import pathlib
import pytest

def note(file, what):
    with pathlib.Path(file).open("a") as lines:
        lines.write(f"{what}\\n")

@pytest.fixture(scope="session", params=["c:4.2.3", "c:7.7.1", "c:7.7.1-workspace"])
def built(request):
    note("built", request.param)
    return request.param

@pytest.fixture(scope="module")
def own(request):
    note("own", request.path.stem)
"""

SCHEDULER = """
import workers

def pytest_xdist_make_scheduler(config, log):
    return workers.scheduler(config, log)
"""

TESTS = """
import pytest

def test_of_a_row(built):
    ...

@pytest.mark.parametrize("number", range(4))
def test_of_the_file(own, number):
    ...
"""


def ran(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, conftest: str) -> tuple[list[str], list[str]]:
    """Run three files on two workers, and return what was built of the rows and of the files."""
    monkeypatch.setenv("PYTHONPATH", str(tiers.ROOT / "support"))
    pytester.makeconftest(SHARED + conftest)
    pytester.makepyfile(**{f"test_{number}": TESTS for number in ("one", "three", "two")})
    done = pytester.runpytest_subprocess("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
    done.assert_outcomes(passed=21)
    rows, files = (sorted((pytester.path / name).read_text().splitlines()) for name in ("built", "own"))
    return rows, files


def test_a_row_is_built_once_for_all_files(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, files = ran(pytester, monkeypatch, SCHEDULER)
    assert rows == ["c:4.2.3", "c:7.7.1", "c:7.7.1-workspace"]
    assert files == ["test_one", "test_three", "test_two"]


def test_by_files_alone_it_is_built_for_each(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = ran(pytester, monkeypatch, "")
    assert len(rows) > 3, rows


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("test_x[c_zlib:7.7.1]", "c_zlib:7.7.1"),
        ("test_x[c_zlib:7.7.1-fastbuild]", "c_zlib:7.7.1"),
        ("test_x[static-c_zlib:7.7.1-workspace]", "c_zlib:7.7.1-workspace"),
        ("test_x[c_zlib:7.7.1-workspace-dbg]", "c_zlib:7.7.1-workspace"),
        ("test_x[c_zlib-7.7.1]", "tests/e2e/test_x.py"),
        ("test_x[pypi:psutil]", "tests/e2e/test_x.py"),
        ("test_x", "tests/e2e/test_x.py"),
    ],
)
def test_a_name_tells_it(name: str, scope: str) -> None:
    assert workers.scope(f"tests/e2e/test_x.py::{name}") == scope
