"""Every error of the packages below has the four parts of STYLE.md: place and finding, what is expected, what to do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkmode import messages
from linkmode.messages import ConfigError, LinkmodeError, Message, Run, did_you_mean

PACKAGE = Path(messages.__file__).parent
PACKAGES = ("exec", "net", "store")
CLASSES = {one.__name__ for one in vars(messages).values() if isinstance(one, type) and issubclass(one, LinkmodeError)}
FINDINGS = {"store/health.py"}
"""What `doctor` lists: what was found, and its fix. Where all is well there is nothing to expect."""


def errors(text: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
            yield node


def missing(call: ast.Call) -> set[str]:
    return {"expected", "hint"} - {word.arg for word in call.keywords}


FILES = [path for package in PACKAGES for path in sorted((PACKAGE / package).glob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_error_says_what_is_expected_and_what_to_do(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() in FINDINGS:
        return
    for call in errors(path.read_text(encoding="utf-8")):
        assert not missing(call), f"{path}:{call.lineno}: {', '.join(missing(call))}"


def test_the_check_finds_an_error_without_a_part() -> None:
    [found] = errors("raise ConfigError('x: is wrong', hint='correct it')")
    assert missing(found) == {"expected"}
    assert sum(1 for path in FILES for _ in errors(path.read_text(encoding="utf-8"))) > 30


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
