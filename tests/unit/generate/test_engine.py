from collections.abc import Mapping
from pathlib import Path

import pytest

from linkmode.generate.engine import TemplateDefectError, files_below, render_tree
from linkmode.generate.header import HEADER

HASH = f"# {HEADER}\n"


def render(folder: Path, files: Mapping[str, str | bytes], **context: object) -> dict[str, bytes]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return render_tree(files_below(folder), context)


def test_templates_are_rendered_and_the_rest_is_copied_in_sorted_order(tmp_path: Path) -> None:
    verbatim = f"// {HEADER}\nint main(void) {{ return 0; }} /* {{{{ kept }}}} é */\r\n".encode()
    tree = render(
        tmp_path,
        {"tools/check.c": verbatim, "lock.bzl.jinja": HASH + "LOCK = {{ lock | starlark }}\n", "BUILD.bazel": HASH},
        lock={"a": ["x", "y"]},
    )
    assert list(tree) == ["BUILD.bazel", "lock.bzl", "tools/check.c"]
    assert tree["lock.bzl"].decode() == HASH + 'LOCK = {\n    "a": [\n        "x",\n        "y",\n    ],\n}\n'
    assert tree["tools/check.c"] == verbatim


def test_blocks_leave_no_empty_lines_and_the_last_newline_stays(tmp_path: Path) -> None:
    text = (
        HASH
        + "{% for name in names %}\n    {% if name %}\nload({{ name | starlark }})\n    {% endif %}\n{% endfor %}\n"
    )
    assert (
        render(tmp_path, {"a.bzl.jinja": text}, names=["b", "", "c"])["a.bzl"].decode()
        == HASH + 'load("b")\nload("c")\n'
    )


def test_indent_and_identifier(tmp_path: Path) -> None:
    text = HASH + "{{ name | identifier }}(\n    x = {{ x | starlark(indent=4) }},\n)\n"
    tree = render(tmp_path, {"a.bzl.jinja": text}, name="rule_1", x=[1, 2])
    assert tree["a.bzl"].decode() == HASH + "rule_1(\n    x = [\n        1,\n        2,\n    ],\n)\n"


def test_words_for_a_shell(tmp_path: Path) -> None:
    text = "#!/bin/sh\n" + HASH + 'x="{{ names | words }}" # {{ names[0] | word }}\n'
    tree = render(tmp_path, {"a.sh.jinja": text}, names=["z", "stdc++", "gtk-3.0"])
    assert tree["a.sh"].decode().endswith('x="z stdc++ gtk-3.0" # z\n')


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("X = {{ x }}", r"a\.bzl\.jinja: 'v\"\+evil' must leave through a filter: starlark, identifier, word or words"),
        ("X = {{ 'constant' }}", "must leave through"),
        ("X = {{ 5 }}", "must leave through"),
        ("X = {{ x | starlark | upper }}", "must leave through"),
        ("X = {{ x | starlark ~ '' }}", "must leave through"),
        ("X = {{ x | safe }}", "must leave through"),
        ("{% macro m() %}{{ x | starlark }}{% endmacro %}{{ m() }}", "must leave through"),
        ("{% set y %}{{ x | starlark }}{% endset %}{{ y }}", "must leave through"),
        ("X = {{ missing | starlark }}", "missing"),
        ("X = {{ missing }}", "'missing' is undefined"),
        ("X = {{ x.nothing | starlark }}", "has no attribute 'nothing'"),
        ("X = {{ x | identifier }}", "is not an identifier"),
        ("X = {{ x | word }}", "is not a plain word"),
        ("X = {{ [x] | words }}", "is not a plain word"),
        ("X = {{ '-option' | word }}", "is not a plain word"),
        ("X = {{ '' | word }}", "is not a plain word"),
        ("X = {{ 1.5 | starlark }}", "float has no Starlark literal"),
        ('X = "{{ x | starlark }}"', r"a\.bzl\.jinja:2: an expression inside a quoted string"),
        ("X = '//lib:{{ x | starlark }}'", "inside a quoted string"),
        ('"""Docs\n\nof {{ x | starlark }}"""', r"a\.bzl\.jinja:4: an expression inside"),
        ('# a " b\nX = "\\"{{ x | starlark }}"', r"jinja:3: an expression inside"),
        ("X = {{ x | starlark", "jinja:2"),
        ("{% include 'none' %}", "none"),
    ],
)
def test_what_a_template_may_not_do(tmp_path: Path, body: str, complaint: str) -> None:
    with pytest.raises(TemplateDefectError, match=complaint):
        render(tmp_path, {"a.bzl.jinja": f"{HASH}{body}\n"}, x='v"+evil')


def test_quotes_in_comments_and_closed_strings_do_not_count(tmp_path: Path) -> None:
    body = (
        '# don\'t\nX = "it\'s" + {{ x | starlark }} + \'a"b\' + {{ x | starlark }} # {{ x | starlark }}\n"""\'\n"""\n'
    )
    assert render(tmp_path, {"BUILD.bazel.jinja": HASH + body}, x="v")["BUILD.bazel"].count(b'"v"') == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.bzl", f'"""Docs."""\n\n# {HEADER}\n'),
        ("WORKSPACE", HASH),
        ("MODULE.bazel", HASH),
        ("README.md", f"<!-- {HEADER} -->\n"),
        ("a.ml", f"(* {HEADER} *)\n"),
        ("a.rs", f"// {HEADER}\n"),
        ("a.lisp", f";; {HEADER}\n"),
        (".bazelrc", HASH),
    ],
)
def test_the_header_in_the_syntax_of_each_type(tmp_path: Path, name: str, text: str) -> None:
    assert list(render(tmp_path, {name: text})) == [name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.bzl", "X = 1\n"),
        ("a.bzl", ""),
        ("a.bzl", f"\n\n\n# {HEADER}\n"),
        ("a.bzl", f"// {HEADER}\n"),
        ("a.bzl", f'X = "{HEADER}"\n'),
        ("README.md", HASH),
    ],
)
def test_a_file_without_the_header_is_a_defect(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(TemplateDefectError, match="one of its first 3 lines must be: "):
        render(tmp_path, {name: text})


def test_a_type_without_comments_is_a_defect(tmp_path: Path) -> None:
    with pytest.raises(TemplateDefectError, match=r"data\.json: no comment syntax is known"):
        render(tmp_path, {"data.json": "{}"})


def test_a_template_and_its_result_side_by_side_are_a_defect(tmp_path: Path) -> None:
    with pytest.raises(TemplateDefectError, match=r"a\.bzl is there as well"):
        render(tmp_path, {"a.bzl": HASH, "a.bzl.jinja": HASH})


def test_a_template_that_is_not_utf8_is_a_defect(tmp_path: Path) -> None:
    with pytest.raises(TemplateDefectError, match=r"a\.bzl\.jinja: not UTF-8"):
        render(tmp_path, {"a.bzl.jinja": HASH.encode() + b"\xff"})


def test_compiled_python_is_passed_over(tmp_path: Path) -> None:
    assert list(render(tmp_path, {"tools/a.py": HASH, "tools/__pycache__/a.cpython-311.pyc": b"\0"})) == ["tools/a.py"]
