"""Which templates are refused for an expression in a string: the scanner of `engine` against Jinja's own lexer."""

import re

import jinja2
from hypothesis import example, given
from hypothesis import strategies as st

from linkmode.generate import engine

QUOTE = re.compile(r'\\.|"""|\'\'\'|"|\'|#|\n', re.DOTALL)
ENVIRONMENT = engine._environment({}, None)
PIECES = (
    *("{{ x }}", "{{- x }}", "{{ x -}}", "{% set y = 1 %}", "{%- set y = 1 %}", "{% set y = 1 -%}", "{# a ' b #}"),
    *('"', "'", '"""', "'''", "\\", "#", "\n", " ", "a", "\\\\", "{", "}", "%"),
)


def lexed(text: str) -> bool:
    """Whether Jinja's lexer finds an expression between quotes; what it cannot read is left to it."""
    state = ""
    for _, kind, data in ENVIRONMENT.lex(text):
        if kind == "data":
            for mark in QUOTE.findall(data):
                state = engine._next_state(state, mark)
        elif kind == "variable_begin" and state and state != "#":
            return True
    return False


def scanned(text: str) -> bool:
    try:
        engine._refuse_quoted_expressions(text)
    except jinja2.TemplateSyntaxError:
        return True
    return False


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example('"{{ x }}"')
@example('"\\{{ x }}"')
@example('"a {% set y = 1 %}\n{{ x }}"')
@example('"a\n{{- x }}"')
@example("# it's {{ x }}\n")
@example('"a"{{ x }}"b"')
def test_nothing_is_let_through_that_jinjas_lexer_refuses(text: str) -> None:
    try:
        ENVIRONMENT.parse(text)  # what is no template is refused for that
        refused = lexed(text)
    except jinja2.TemplateSyntaxError:
        return
    assert scanned(text) or not refused


def test_both_agree_on_the_templates_that_are_shipped() -> None:
    from linkmode.model import resources

    paths = sorted(resources.templates().rglob("*.jinja"))
    assert paths
    for path in paths:
        if engine._is_starlark(path.name.removesuffix(engine.SUFFIX)):
            text = path.read_text(encoding="utf-8")
            assert not scanned(text), path
            assert not lexed(text), path
