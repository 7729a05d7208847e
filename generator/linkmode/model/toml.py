"""Reads untrusted TOML with tomllib, after one linear pass that adds the bounds tomllib lacks.

tomllib recurses at every bracket, takes time with the cube of a dotted key's parts, and leaves Python's limits on
numbers to its caller. Pure. The grammar is that of https://toml.io/en/v1.0.0.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 32
"""How many tables and arrays may lie within each other, of those that a key and its value open together."""

_BOM = "\ufeff"
# Linear without possessive groups, which match wrongly before Python 3.11.5: each turn of a group begins with what ends
# the run before it.
_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    | (?P<lines>\"{3}[^"\\]*(?:(?:\\[\s\S]|"{1,2}(?!"))[^"\\]*)*"{3,5}|'{3}[^']*(?:'{1,2}(?!')[^']*)*'{3,5})
    | (?P<string>"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"|'[^'\n]*')
    | (?P<unclosed>["'])
    | (?P<mark>[\[\]{}.,\n])
    | (?P<bare>[^"'\#\[\]{}.,\n]+)
    """,
    re.VERBOSE,
)
_HEADER = re.compile(r"\s*(?P<array>\[)?\[\s*(?P<name>[A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(
    r"""\s*(?:(?P<bare>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)|"(?P<basic>[^"\\]*)"|'(?P<literal>[^']*)')\s*="""
)
_AT = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_WORDS = {
    "Illegal character '\\n'": "a text without its closing quote",
    "Invalid value": "the value is none of TOML: text stands in quotes",
    "Unclosed array": "an array without its closing bracket, or without a comma between two values",
    "Cannot overwrite a value": "the key is in its table twice",
}
"""What tomllib says of the commonest mistakes, and what a reader understands."""
_SHOWN = 60
"""So many characters of a line that has no key."""
_KEYS = re.compile(r"\(((?:'[^']*',? ?)+)\)")
"""How tomllib shows the name of a table: as a tuple of Python."""
_INT64 = range(-(2**63), 2**63)


class NotTomlError(ValueError):
    """It is not TOML, or TOML that is not read: nested too deep, or with numbers beyond 64 bits."""


def loads(text: str) -> dict[str, Any]:
    """Return what ``text`` holds; a byte order mark before it is passed over.

    Raises:
        NotTomlError: with what is wrong, and where.
    """
    text = text.removeprefix(_BOM)
    _check_depth(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotTomlError(_in_words(text, _KEYS.sub(_as_table, str(error)))) from error
    except ValueError as error:  # int(): https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        raise NotTomlError("a number has thousands of digits; expected one of at most 64 bits") from error
    _check_numbers("", data)
    return data


def keys(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the path of every table and key that begins a line: a hint for a reader, not a TOML parser."""
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = header["name"]
            if header["array"]:
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
            yield number, table
        elif key := _KEY.match(line):
            name = next(group for group in key.groups() if group is not None)
            yield number, f"{table}.{name}" if table else name


def _in_words(text: str, problem: str) -> str:
    """Return what tomllib found in ``text``, with the key that it is about; the place stays at the end."""
    if not (place := _AT.search(problem)):
        return problem
    what, line = problem[: place.start()], int(place["line"] or text.count("\n") + 1)
    seen = list(keys(without_strings(text)))
    opened = _open_bracket(text, line)
    if opened and any(number == line for number, _ in seen):
        what, line = f"an array without its closing bracket, opened on line {opened}", opened
    path = next((path for number, path in reversed(seen) if number <= line), "")
    here = text.split("\n")[line - 1].strip()
    if here and not opened and all(number != line for number, _ in seen):
        path = repr(here[:_SHOWN])  # it may be a key that is not whole
    if what == "Cannot overwrite a value":
        first = next((number for number, other in seen if other == path), line)
        what = _WORDS[what] + (f", first on line {first}" if first < line else "")
    return f"{path and f'{path}: '}{_WORDS.get(what, what)}{place[0]}"


def _open_bracket(text: str, line: int) -> int:
    """Return the line of the last bracket that is open where ``line`` begins; 0 without one."""
    number, opened = 1, list[int]()
    for token in _tokens(text):
        if number >= line:
            break
        if token["mark"] == "[":
            opened.append(number)
        elif token["mark"] == "]" and opened:
            opened.pop()
        number += token[0].count("\n")
    return opened[-1] if opened else 0


def _as_table(keys: re.Match[str]) -> str:
    names = re.findall("'([^']*)'", keys[1])
    return f"[{'.'.join(names)}]"


def without_strings(text: str) -> str:
    """Return ``text`` with every string of several lines emptied; no line changes its number."""
    parts = []
    for token in _tokens(text.removeprefix(_BOM)):
        whole = token[0]
        parts.append('""' + "\n" * whole.count("\n") if token.lastgroup == "lines" else whole)
    return "".join(parts)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield the tokens up to a string that is not closed, where tomllib will stop as well."""
    for token in _TOKEN.finditer(text):
        yield token
        if token.lastgroup == "unclosed":
            return


def _check_depth(text: str) -> None:
    around = [0]  # the dots of the keys around this place, and of its own, for each open bracket
    for token in _tokens(text):
        match token["mark"]:
            case "[" | "{":
                around.append(around[-1])
            case "]" | "}" if len(around) > 1:
                around.pop()
            case "." if token.end() < len(text):
                around[-1] += 1
            case "," | "\n":
                around[-1] = around[-2] if len(around) > 1 else 0
            case _:
                continue
        if len(around) - 1 + around[-1] > DEEPEST:
            line = text.count("\n", 0, token.start()) + 1
            raise NotTomlError(f"nested deeper than {DEEPEST} levels (at line {line})")


def _check_numbers(path: str, value: object) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_numbers(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_numbers(f"{path}[{index}]", inner)
    elif isinstance(value, int) and value not in _INT64:
        raise NotTomlError(f"{path}: a number beyond 64 bits")
