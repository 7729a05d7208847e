"""Renders templates with a context to a tree of files.

Jinja (https://jinja.palletsprojects.com/), narrowed until a template cannot quote a value by hand: an expression
must end in a filter of this module (``| starlark``, ``| identifier``, ``| word``, ``| words``), an expression inside a
Starlark string is refused, and a name that the context does not have is an error. What is wrong with a template is a
defect of linkmode, not of the user's input, and is raised as TemplateDefectError with the template's name and line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import jinja2

from linkmode.generate.header import HEADER, HEADER_LINES
from linkmode.generate.starlark import literal
from linkmode.model.values import Tree

SUFFIX = ".jinja"

_STARLARK_NAMES = {"BUILD", "BUILD.bazel", "BUCK", "MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel"}
_STARLARK_SUFFIXES = {".bzl", ".bazel"}

_HASH = (
    *_STARLARK_SUFFIXES,
    ".py",
    ".toml",
    ".bazelrc",
    ".buckconfig",
    ".cfg",
    ".sh",
    ".yaml",
    ".yml",
    ".gitattributes",
)
_SLASHES = (".c", ".h", ".cc", ".cpp", ".hh", ".hpp", ".rs", ".go", ".java", ".zig", ".mod", ".S")
_COMMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_HASH, ("# {}",)),
    **dict.fromkeys(_SLASHES, ("// {}", "/* {} */")),
    **dict.fromkeys((".md", ".html", ".xml"), ("<!-- {} -->",)),
    **dict.fromkeys((".lisp", ".asd", "dune"), (";; {}",)),
    **dict.fromkeys((".ml", ".mli"), ("(* {} *)",)),
    **dict.fromkeys((".ld", ".lds", ".css"), ("/* {} */",)),
}
"""How a file of each type may hold the header: a whole line of one of these forms."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_MARK = re.compile(
    r"""
    (?:\s*\{\#-|\{\#).*?(?:-\#\}\s*|\#\}\n?)
    | (?:\s*\{%-|\{%).*?(?:-%\}\s*|%\}\n?)
    | (?P<expression>(?:\s*\{\{-|\{\{).*?(?:-\}\}\s*|\}\}))
    | (?P<quote>\\(?!\{[{%#]).|\"{3}|'{3}|"|'|\#|\n)
    """,
    re.DOTALL | re.VERBOSE,
)
"""What may begin or end a string of Starlark in a template, and what Jinja reads: with the blanks that it removes."""


class TemplateDefectError(Exception):
    """A template, or the context it is given, is wrong: a defect of linkmode."""


class _Source(str):
    """Text that is already in the syntax of the file it goes into: only this may leave an expression."""

    __slots__ = ()


Sources = dict[str, bytes]
"""What a tree is made of: path relative to the output folder, with ``/`` and perhaps ``.jinja``, to contents."""


def files_below(folder: Path, into: str = "") -> Sources:
    """Return every file under ``folder`` by the path that it gets below ``into``; nothing where there is no folder."""
    return dict(_files(folder, PurePosixPath(into))) if folder.is_dir() else {}


def render_tree(
    sources: Mapping[str, bytes], context: Mapping[str, object], compiled: jinja2.BytecodeCache | None = None
) -> Tree:
    """Return the tree of ``sources``: ``*.jinja`` rendered with ``context``, everything else byte for byte.

    Keys are the paths without ``.jinja``, in sorted order. ``compiled`` keeps what was compiled for the next run.

    Raises:
        TemplateDefectError: a template does not parse, names what ``context`` has not, lets a value out that no filter
            has made safe, or a file lacks the header.
    """
    texts = {name: _text(name, data) for name, data in sources.items() if name.endswith(SUFFIX)}
    environment = _environment(texts, compiled)
    tree: Tree = {}
    for name, data in sources.items():
        target = name.removesuffix(SUFFIX)
        if name in texts and target in sources:
            raise TemplateDefectError(f"{name}: {target} is there as well, and only one of them can be written")
        tree[target] = _rendered(environment, name, context) if name in texts else data
        _require_header(name, target, tree[target])
    return dict(sorted(tree.items()))


def _files(folder: Path, path: PurePosixPath) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name == "__pycache__":  # pip compiles every .py that a wheel holds, templates included
            continue
        if entry.is_dir():
            yield from _files(entry, path / entry.name)
        else:
            yield str(path / entry.name), entry.read_bytes()


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TemplateDefectError(f"{name}: not UTF-8: {error}") from error


class _Environment(jinja2.Environment):
    """Jinja's, which reads a template of Starlark only after our own check: not again where it is compiled already."""

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        if name and _is_starlark(name.removesuffix(SUFFIX)):
            _refuse_quoted_expressions(source)
        return super().preprocess(source, name, filename)


def _environment(texts: Mapping[str, str], compiled: jinja2.BytecodeCache | None) -> jinja2.Environment:
    environment = _Environment(
        loader=jinja2.DictLoader(texts),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Starlark, not HTML: `finalize` keeps a value from becoming code
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_only_source,
        bytecode_cache=compiled,
    )
    environment.filters["starlark"] = _starlark
    environment.filters["identifier"] = _identifier
    environment.filters["word"] = _word
    environment.filters["words"] = _words
    return environment


def _defined(value: object) -> object:
    if isinstance(value, jinja2.Undefined):
        str(value)  # StrictUndefined raises here, and names what is missing
    return value


def _only_source(value: object) -> object:
    if not isinstance(_defined(value), _Source):
        raise TypeError(f"{value!r} must leave through a filter: starlark, identifier, word or words")
    return value


def _starlark(value: object, indent: int = 0) -> _Source:
    return _Source(literal(_defined(value), indent))


def _identifier(value: object) -> _Source:
    _defined(value)
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise ValueError(f"{value!r} is not an identifier")
    return _Source(value)


def _word(value: object) -> _Source:
    """Return what a shell, dune and make take as one word, quoted or not."""
    _defined(value)
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise ValueError(f"{value!r} is not a plain word")
    return _Source(value)


def _words(values: Iterable[object]) -> _Source:
    return _Source(" ".join(map(_word, values)))


def _rendered(environment: jinja2.Environment, name: str, context: Mapping[str, object]) -> bytes:
    try:
        return environment.get_template(name).render(context).encode("utf-8")
    except jinja2.TemplateSyntaxError as error:
        raise TemplateDefectError(f"{error.name or name}:{error.lineno}: {error.message}") from error
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise TemplateDefectError(f"{name}: {error}") from error


def _is_starlark(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name in _STARLARK_NAMES or path.suffix in _STARLARK_SUFFIXES


def _refuse_quoted_expressions(text: str) -> None:
    """Raise where an expression stands between quotes: there, even a literal would end the string it stands in."""
    state = ""
    for mark in _MARK.finditer(text):
        if quote := mark["quote"]:
            state = _next_state(state, quote)
        elif mark["expression"] and state and state != "#":
            line = text.count("\n", 0, mark.start()) + 1
            raise jinja2.TemplateSyntaxError("an expression inside a quoted string: use `| starlark` instead", line)


def _next_state(state: str, mark: str) -> str:
    """``state`` is the quote that the next character stands behind, ``#`` in a comment, or empty in code."""
    if not state:
        return "" if mark == "\n" or mark.startswith("\\") else mark
    return "" if mark == ("\n" if state == "#" else state) else state


def _require_header(name: str, target: str, data: bytes) -> None:
    path = PurePosixPath(target)
    forms = _COMMENTS[".bzl"] if _is_starlark(target) else _COMMENTS.get(path.suffix or path.name)
    if forms is None:
        raise TemplateDefectError(f"{name}: no comment syntax is known for this type of file; add it to engine.py")
    headers = [form.format(HEADER) for form in forms]
    if not {header.encode() for header in headers}.intersection(data.split(b"\n", HEADER_LINES)[:HEADER_LINES]):
        raise TemplateDefectError(f"{name}: one of its first {HEADER_LINES} lines must be: {' or: '.join(headers)}")
