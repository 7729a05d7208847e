import subprocess
import sys

import pytest

from linkmode.generate.starlark import literal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (False, "False"),
        (0, "0"),
        (-7, "-7"),
        (10**30, "1" + "0" * 30),
        ("", '""'),
        ("plain", '"plain"'),
        ('say "hi"', r'"say \"hi\""'),
        ("it's", '"it\'s"'),
        ('"""', r'"\"\"\""'),
        ("{{ x }} {% y %}", '"{{ x }} {% y %}"'),
        ("a\\b", r'"a\\b"'),
        ("a\nb\rc\td", r'"a\nb\rc\td"'),
        ("\0\x01\x1b\x7f", r'"\000\001\033\177"'),
        ("naïve 😀", '"naïve 😀"'),
        ([], "[]"),
        ((), "()"),
        ({}, "{}"),
        (["x"], '["x"]'),
        (("x",), '("x",)'),
        ([True, 1], "[\n    True,\n    1,\n]"),
        (("a", "b"), '(\n    "a",\n    "b",\n)'),
        ({"b": 1, "a": []}, '{\n    "b": 1,\n    "a": [],\n}'),
        (
            {"a": {"b": ["c", "d"]}},
            '{\n    "a": {\n        "b": [\n            "c",\n            "d",\n        ],\n    },\n}',
        ),
    ],
)
def test_literal(value: object, text: str) -> None:
    assert literal(value) == text


def test_indent_is_the_depth_of_the_line_it_begins_on() -> None:
    assert literal(["a", "b"], indent=8) == '[\n            "a",\n            "b",\n        ]'


@pytest.mark.parametrize("value", [1.5, b"bytes", {1, 2}, object(), [1.0], {"a": {"b": b""}}, {2.0: 1}])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no Starlark literal"):
        literal(value)


@pytest.mark.parametrize("value", ["\ud800", ["\udfff"], {"\udc80": 1}])
def test_surrogates_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        literal(value)


def test_docstring_example() -> None:
    subprocess.run([sys.executable, "-m", "doctest", literal.__code__.co_filename], check=True, capture_output=True)
