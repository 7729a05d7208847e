"""The workflow files: ours, and the one that docs/how-to/github-actions.md gives away."""

import re

import pytest
from harness.places import ROOT

_PAGE = (ROOT / "docs/how-to/github-actions.md").read_text(encoding="utf-8")
_GIVEN = "".join(re.findall(r"^```yaml\n(.*?)^```", _PAGE, re.MULTILINE | re.DOTALL))
_OWN = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")


def runs(workflow: str) -> list[str]:
    return re.findall(r"^ +- run: (.*)$", workflow, re.MULTILINE)


@pytest.mark.parametrize("workflow", [_GIVEN, _OWN], ids=["given", "own"])
def test_it_runs_on_the_bazels_that_are_supported(workflow: str) -> None:
    assert re.findall(r"^ +bazel: (.*)$", workflow, re.MULTILINE) == ["[7.x, 8.x, 9.x]"]
    assert "USE_BAZEL_VERSION: ${{ matrix.bazel }}\n" in workflow


def test_the_given_one_checks_before_it_builds() -> None:
    assert runs(_GIVEN)[1:] == [
        "linkmode lock --check",
        "linkmode generate --check",
        "linkmode fetch",
        "bazelisk test //...",
    ]


def test_our_own_runs_what_is_here() -> None:
    commands = runs(_OWN)
    assert ".ci/run" in commands
    named = [path for command in commands for path in re.findall(r"(?:\.ci|tests)/\S+", command)]
    assert len(named) == 3
    assert [path for path in named if not (ROOT / path).is_file()] == []
