"""Every error has the parts of STYLE.md: place and finding, what is expected, and the next command or edit."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkmode import messages
from linkmode.messages import ConfigError, LinkmodeError, Message, Run, did_you_mean

PACKAGE = Path(messages.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
FINDINGS = {
    "NotAudited": "what the audit finds in a file: elfcheck has the same words, and neither knows a command for it",
    "NothingToAudit": "the same",
}
"""Errors without the parts, and why."""


def _classes() -> set[str]:
    found = {
        one.__name__ for one in vars(messages).values() if isinstance(one, type) and issubclass(one, LinkmodeError)
    }
    nodes = [node for path in FILES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    made = [node for node in nodes if isinstance(node, ast.ClassDef)]
    for _ in range(3):  # classes of classes
        found |= {
            one.name for one in made if any(isinstance(base, ast.Name) and base.id in found for base in one.bases)
        }
    return found


CLASSES = _classes() - set(FINDINGS)

EXCEPTIONS = {
    ("cli/main.py", "main"): "the words of click, which name the option and what it takes",
    ("config/starter.py", "create"): "passes on an error that has the part",
    ("fetch/artifacts.py", "_offline"): "rows of one error, which has the parts",
    ("model/target.py", "__new__"): "told with its key by the reader of the file",
    ("model/values.py", "path_part"): "told with its key by the reader of the file",
    ("model/values.py", "checksum"): "told with its key by the reader of the file",
    ("store/health.py", "_room"): "a finding of `doctor`: where all is well, nothing is expected",
    ("store/health.py", "_file_system"): "a finding of `doctor`",
    ("store/health.py", "_sandbox"): "a finding of `doctor`",
}
"""Functions whose errors lack a part, and why."""


def errors(text: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield each error that is made, with the function that makes it."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
            around = [one.name for one in functions if one.lineno <= node.lineno <= (one.end_lineno or 0)]
            yield (around or [""])[-1], node


def missing(call: ast.Call) -> set[str]:
    """Return the parts that an error lacks. The rule may stand in the problem: "found 'x'; expected a letter"."""
    said = "".join(str(node.value) for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant))
    lacks = {"expected", "hint"} - {word.arg for word in call.keywords}
    return lacks - ({"expected"} if "expected" in said else set())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_error_says_what_is_expected_and_what_to_do(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    lacking = [
        f"{path}:{call.lineno}: {function}: {', '.join(sorted(missing(call)))}"
        for function, call in errors(path.read_text(encoding="utf-8"))
        if missing(call) and (name, function) not in EXCEPTIONS
    ]
    assert lacking == []


def test_no_exception_is_left_over() -> None:
    assert set(FINDINGS) <= _classes()
    lacking = {
        (path.relative_to(PACKAGE).as_posix(), function)
        for path in FILES
        for function, call in errors(path.read_text(encoding="utf-8"))
        if missing(call)
    }
    assert set(EXCEPTIONS) == lacking


def test_the_check_finds_an_error_without_a_part() -> None:
    [(function, found)] = errors("def f():\n    raise ConfigError('x: is wrong', hint='correct it')")
    assert (function, missing(found)) == ("f", {"expected"})
    [(_, found)] = errors("raise ConfigError(f'{x}: is wrong; expected a letter')")
    assert missing(found) == {"hint"}
    assert sum(1 for path in FILES for _ in errors(path.read_text(encoding="utf-8"))) > 150


def test_the_parts_stand_in_order_each_in_a_line_of_its_own() -> None:
    error = ConfigError("f: 'x' is wrong", expected="a letter such as 'y'", hint=Message("run ", Run("lock")))
    assert str(error) == "f: 'x' is wrong\n  expected: a letter such as 'y'\n  hint: run linkmode lock"
    assert error.problem == "f: 'x' is wrong"
    assert str(ConfigError("f: 'x' is wrong", expected="y")) == "f: 'x' is wrong\n  expected: y"
    assert str(ConfigError("f: 'x' is wrong")) == "f: 'x' is wrong"


def test_a_guess_compares_few_words_of_a_common_length() -> None:
    """What is compared may be a file's: each word takes time for all others, and for its length."""
    assert did_you_mean("zag", ["musl.cc", "zig"]) == "; did you mean 'zig'?"
    assert did_you_mean("z" * 101, ["z" * 100]) == ""
    assert did_you_mean("z" * 100, ["z" * 101]) == ""
    assert did_you_mean("zag", [*(f"{number}" for number in range(100)), "zig"]) == ""
