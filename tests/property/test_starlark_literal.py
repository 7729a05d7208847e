"""The literal writer, against two readers that are not ours: a Starlark evaluator and buildifier."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkmode.generate.starlark import literal

starlark = pytest.importorskip("starlark", reason="needs starlark-pyo3")

AWKWARD = st.sampled_from(
    ['"""', "'''", "{{", "}}", "{%", "%}", "\n", "\r\n", "\0", "\\", "\\n", '\\"', "#", "\u2028", "é", "😀"]
)
STRINGS = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.lists(AWKWARD).map("".join))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), STRINGS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(STRINGS, inner),
        st.dictionaries(st.integers(), inner),
    ),
    max_leaves=20,
)


def evaluate(expression: str) -> Any:
    program = starlark.parse("literal.star", f"value = {expression}\nvalue\n")
    return starlark.eval(starlark.Module(), program, starlark.Globals.standard())


def without_tuples(value: Any) -> Any:
    """The evaluator hands tuples back as lists."""
    if isinstance(value, list | tuple):
        return [without_tuples(item) for item in value]
    return {key: without_tuples(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(VALUES)
def test_evaluates_back_to_the_same_value(value: Any) -> None:
    read = evaluate(literal(value))
    assert repr(read) == repr(without_tuples(value))  # repr tells True from 1, and keeps the order of a dict


@given(STRINGS)
def test_a_string_stays_on_its_line(value: str) -> None:
    text = literal(value)
    assert "\n" not in text
    assert text.isprintable() or not text.isascii()


def buildifier() -> str | None:
    beside = Path(__file__).parents[3] / "scratch/npm/node_modules/.bin/buildifier"
    return shutil.which("buildifier") or (str(beside) if beside.exists() else None)


@pytest.mark.skipif(buildifier() is None, reason="buildifier is not installed")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, min_size=1, max_size=30))
def test_is_a_fixpoint_of_buildifier(tmp_path: Path, values: list[Any]) -> None:
    for name, text in {
        "values.bzl": "\n".join(f"V{i} = {literal(value)}\n" for i, value in enumerate(values)),
        "BUILD.bazel": f'rule(\n    name = "x",\n    value = {literal(values, indent=4)},\n)\n',
    }.items():
        file = tmp_path / name
        file.write_bytes(text.encode())
        subprocess.run([buildifier() or "", "-lint=off", "-mode=fix", str(file)], check=True, capture_output=True)
        assert file.read_bytes().decode() == text
