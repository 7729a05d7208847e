r"""Writes Python values as Starlark source text.

The one place where a value becomes source, so that no value can end its literal early and be read as code.
The text is a fixpoint of buildifier and means the same to every Starlark: of the escapes only those are used that
Bazel's own lexer knows (https://github.com/bazelbuild/starlark/blob/master/spec.md#string-literals): it has octal
escapes, and refuses ``\x`` and ``\u``. Text beyond ASCII is written as it is, in UTF-8.
"""

from collections.abc import Iterable, Mapping

_INDENT = "    "
_ESCAPES = {
    **{chr(code): f"\\{code:03o}" for code in (*range(0x20), 0x7F)},
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_TRANSLATION = str.maketrans(_ESCAPES)


def literal(value: object, indent: int = 0) -> str:
    r"""Return the Starlark expression that evaluates to ``value``.

    Takes None, bool, int, str, and lists, tuples and mappings of these, nested as deep as need be. Mappings keep their
    order. A list of two or more elements, and every mapping that is not empty, takes one line for each element;
    ``indent`` is the depth, in spaces, of the line on which the expression begins. Equal values give equal text.

    Raises:
        TypeError: for a value of any other type, anywhere inside.
        ValueError: for a lone surrogate, which no UTF-8 file can hold.

    >>> print(literal({"name": "zlib", "urls": ["https://a", "https://b"], "size": None}))
    {
        "name": "zlib",
        "urls": [
            "https://a",
            "https://b",
        ],
        "size": None,
    }
    """
    match value:
        case None | True | False:
            return str(value)
        case str():
            return _string(value)
        case int():
            return str(int(value))
        case list():
            return _sequence("[", value, "]", indent)
        case tuple():
            return _sequence("(", value, ",)" if len(value) == 1 else ")", indent)
        case Mapping():
            pairs = (f"{literal(key)}: {literal(item, indent + len(_INDENT))}" for key, item in value.items())
            return _lines("{", pairs, "}", indent) if value else "{}"
        case _:
            raise TypeError(f"{type(value).__name__} has no Starlark literal: {value!r}")


def _string(value: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError(f"a lone surrogate cannot be written as UTF-8: {value!r}")
    return f'"{value.translate(_TRANSLATION)}"'


def _sequence(opening: str, value: list[object] | tuple[object, ...], closing: str, indent: int) -> str:
    if not value:
        return opening + closing
    if len(value) == 1:
        return opening + literal(value[0], indent) + closing
    return _lines(opening, (literal(item, indent + len(_INDENT)) for item in value), closing, indent)


def _lines(opening: str, elements: Iterable[str], closing: str, indent: int) -> str:
    margin = " " * indent
    return "".join([f"{opening}\n", *(f"{margin}{_INDENT}{element},\n" for element in elements), margin, closing])
