"""The pass before tomllib: it bounds, moves no line, and refuses nothing that can be meant."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkmode.model import toml

WHOLE = '''\
# "quotes" in [a comment
a.b."c.d" = [ [1, 2.5], { x = 1979-05-27T07:32:00.999, y = "[[[" } ] # {{{
text = """[[[[ \\""" " "" still """
more = """a"b""c""""
last = """d"""""
raw = \'\'\'"\'[[''y\'\'\'\'
[t . u]
k = '[[['
[[v]]
'''


def test_what_can_be_meant_is_read_as_tomllib_reads_it() -> None:
    assert toml.loads(WHOLE) == tomllib.loads(WHOLE)
    assert toml.loads("\ufeff" + WHOLE) == tomllib.loads(WHOLE)


def test_the_limit_is_where_it_is_said_to_be() -> None:
    assert toml.loads("x = " + "[" * toml.DEEPEST + "]" * toml.DEEPEST)
    for text in (
        "x = " + "[" * (toml.DEEPEST + 1) + "]" * (toml.DEEPEST + 1),
        ".".join(["a"] * (toml.DEEPEST + 2)) + " = 1",
        f"[{'.'.join(['a'] * (toml.DEEPEST + 1))}]",
        "x = {" + ".".join(["a"] * 20) + " = {" + ".".join(["b"] * 20) + " = 1}}",
    ):
        tomllib.loads(text)
        with pytest.raises(toml.NotTomlError, match=r"nested deeper than 32 levels \(at line 1\)"):
            toml.loads(text)


def test_many_short_keys_and_rows_are_not_deep() -> None:
    text = "".join(f"a.k{n} = [1.5, 2.5, {{ x.y = 1 }}]\n" for n in range(500)) + "[[r]]\nx.y = 1\n" * 500
    assert len(toml.loads(text)["r"]) == 500


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="a.=[]{}\"'#\\\n ,1", max_size=30))
def test_it_agrees_with_tomllib_on_anything(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(toml.NotTomlError):
            toml.loads(text)
        return
    assert toml.loads(text) == expected


@given(st.text(alphabet="a=[]\"'#\\\n", max_size=80))
def test_emptied_strings_move_no_line(text: str) -> None:
    whole = f"{text}\nlast"
    assert toml.without_strings(f'x = """{chr(10) * 3}[[t]]"""\ny = 1\n') == 'x = ""\n\n\n\ny = 1\n'
    assert whole.startswith(toml.without_strings(text)[:1])
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert toml.without_strings(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a]\nx = 1\n[a]\n", r"Cannot declare \[a\] twice \(at line 3"),
        ("[a.b]\n[a.b]\n", r"Cannot declare \[a\.b\] twice \(at line 2"),
        ("a = {}\n[a.b]\n", r"namespace \[a\.b\]|\[a\.b\]"),
    ],
)
def test_a_table_is_shown_as_toml_has_it(text: str, problem: str) -> None:
    with pytest.raises(toml.NotTomlError, match=problem) as raised:
        toml.loads(text)
    assert "('" not in str(raised.value)
