"""Each test is in one tier, and the Makefile chooses tiers by their marks: it names no test."""

import re

import pytest
import tiers

ROOT = tiers.ROOT.parent

CONFTEST = """
import pytest
import tiers

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    try:
        tiers.assign(items)
    except tiers.WrongTierError as error:
        raise pytest.UsageError(str(error)) from error
"""


@pytest.fixture
def collected(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of tests for which this one's rules hold, in a process of its own."""
    monkeypatch.setattr(tiers, "ROOT", pytester.path)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers =\n    tier(name)\n" + "".join(f"    {name}\n" for name in tiers.TIERS))
    return pytester


def of(pytester: pytest.Pytester, tier: str) -> set[str]:
    recorder = pytester.inline_run("--collect-only", "-m", tier)
    return {item.name for call in recorder.getcalls("pytest_itemcollected") for item in [call.item]} - {
        item.name for call in recorder.getcalls("pytest_deselected") for item in call.items
    }


def test_each_test_is_in_one_tier_and_no_other(request: pytest.FixtureRequest) -> None:
    """Of those that are run now: `make test` asks this of all that are fast, `make e2e-all` of the others."""
    for item in request.session.items:
        assert len(set(tiers.TIERS) & {mark.name for mark in item.iter_markers()}) == 1, item.nodeid


def test_the_slowest_of_what_is_said_counts_and_a_folder_where_nothing_is_said(collected: pytest.Pytester) -> None:
    text = """
        import pytest

        @pytest.fixture(params=["quick", pytest.param("long", marks=pytest.mark.tier("slow"))])
        def row(request):
            return request.param

        def test_says_nothing():
            ...

        @pytest.mark.tier("bazel")
        def test_says(row):
            ...
    """
    (collected.mkdir("unit") / "test_unit.py").write_text(re.sub("(?m)^ {8}", "", text))
    (collected.mkdir("e2e") / "test_e2e.py").write_text(
        'import pytest\npytestmark = pytest.mark.tier("fast")\n\n\ndef test_module():\n    ...\n'
    )
    (collected.path / "e2e" / "test_silent.py").write_text("def test_silent():\n    ...\n")
    assert of(collected, "fast") == {"test_says_nothing", "test_module"}
    assert of(collected, "example") == set()
    assert of(collected, "bazel") == {"test_says[quick]"}
    assert of(collected, "slow") == {"test_says[long]", "test_silent"}


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('tier("quick")', "test_it: no tier quick; there are fast, example, bazel, slow"),
        ("slow", 'test_it: write @pytest.mark.tier("slow"), and not @pytest.mark.slow'),
    ],
)
def test_a_tier_that_is_not_known_or_written_as_a_mark_is_refused(
    collected: pytest.Pytester, mark: str, message: str
) -> None:
    collected.makepyfile(f"import pytest\n\n\n@pytest.mark.{mark}\ndef test_it():\n    ...\n")
    result = collected.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()


def test_the_makefile_and_ci_name_marks_and_no_test() -> None:
    text = "".join((ROOT / file).read_text(encoding="utf-8") for file in ("Makefile", ".ci/run"))
    assert not re.findall(r"\btest_\w+|pytest\b.* -k|::", text)
    for expression in re.findall(r"-m '([^']*)'|-m (\w+)", text.replace("-m pytest", "").replace("-m pip", "")):
        words = set(re.findall(r"\w+", "".join(expression))) - {"or", "and", "not"}
        assert words <= {*tiers.TIERS, "kills", "truth", "fuzz"}, expression


def test_the_example_is_one_file(request: pytest.FixtureRequest) -> None:
    """Workers share no workspace of Bazel: `make test` gives each of them whole files."""
    files = {item.path for item in request.session.items if item.get_closest_marker(tiers.EXAMPLE)}
    assert len(files) <= 1, files
