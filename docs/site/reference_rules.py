"""The rules of the generated library, from the docstrings of its .bzl files.

A .bzl file of ours is also Python to a parser, so `ast` reads it; nothing is executed. Only what the rules' attributes
are written with is evaluated: dictionaries, ``dict(…)``, ``attr.…(…)``, names, and names that ``load`` brings.
"""

import ast
import functools
import json
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import PurePosixPath
from typing import NamedTuple

from mdtable import code, prose, table

from linkmode.generate import layout
from linkmode.model import resources


class _Symbol(NamedTuple):
    """A name of a .bzl file: its definition, and the file that the definition stands in."""

    node: ast.stmt
    file: PurePosixPath


@functools.cache
def sources() -> dict[PurePosixPath, str]:
    """Return every .bzl file of a library with all that there is, by the path that it gets there."""
    found = layout.whole_bazel(resources.templates())
    return {PurePosixPath(path): data.decode("utf-8") for path, data in found.items() if path.endswith(".bzl")}


def public_files() -> list[PurePosixPath]:
    """Return the files that users load from: every defs.bzl, the one at the root first."""
    return sorted((file for file in sources() if file.name == "defs.bzl"), key=lambda file: (len(file.parts), file))


def rules() -> str:
    """Return a section for each file that users load from, and in it one for each of its symbols."""
    return "\n".join(part for file in public_files() for part in _section(file))


def public(file: PurePosixPath) -> dict[str, str]:
    """Return the symbols that ``file`` exports, each with its name in the file that defines it."""
    tree = _parse(file)
    loaded = {alias: original for alias, (original, _) in _loads(tree, file).items()}
    exported = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=value)) if value in loaded:
                exported[name] = loaded[value]
            case ast.FunctionDef(name=name) if not name.startswith("_"):
                exported[name] = name
    return exported


def _section(file: PurePosixPath) -> Iterator[str]:
    label = f"@linkmode//{file.parent}:{file.name}".replace("//.:", "//:")
    about = cleandoc(ast.get_docstring(_parse(file)) or "")
    first, _, example = about.partition("\n\n")
    yield f"## {label}\n\n{prose(first)}\n"
    if example:
        yield f"```starlark\n{cleandoc(example)}\n```\n"
    for name in sorted(public(file), key=lambda name: (name[0].isupper(), name)):
        yield f"### {name}\n\n{_about(name, file)}"


def _about(name: str, file: PurePosixPath) -> str:
    match _resolve(name, file):
        case _Symbol(node=ast.FunctionDef() as function):
            return _macro(function)
        case _Symbol(node=ast.Assign(value=ast.Call(func=ast.Name(id="rule")) as call), file=home):
            return _rule(call, home)
        case _Symbol(node=ast.Assign(value=ast.Call(func=ast.Name(id="provider")) as call)):
            return _provider(call)
    raise ValueError(f"{file}: {name} is neither a rule, a macro nor a provider")


def _rule(call: ast.Call, file: PurePosixPath) -> str:
    keywords = {one.arg: one.value for one in call.keywords if one.arg}
    rows = [(code("name"), "string", "required", "A unique name for this target.")]
    for name, (value, home) in sorted(_dictionary(keywords["attrs"], file).items()):
        if not name.startswith("_"):
            rows.append((code(name), *_attribute(value, home)))
    return f"{prose(_string(keywords['doc']))}\n\n{table(('attribute', 'type', 'default', 'meaning'), rows)}"


def _attribute(value: ast.expr, file: PurePosixPath) -> tuple[str, str, str]:
    """Return type, default and meaning of ``attr.type(…)``."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        raise TypeError(f"{file}:{value.lineno}: not an attribute: {ast.unparse(value)}")
    given = {one.arg: one.value for one in value.keywords if one.arg}
    mandatory = isinstance(given.get("mandatory"), ast.Constant) and given["mandatory"].value is True  # type: ignore[attr-defined]
    default = "required" if mandatory else code(ast.unparse(given["default"])) if "default" in given else ""
    meaning = _string(given["doc"]) if "doc" in given else ""
    if "values" in given:
        known = _strings(given["values"], file)
        meaning += f" One of {', '.join(known)}."
    return value.func.attr.replace("_", " "), default, prose(meaning)


def _macro(function: ast.FunctionDef) -> str:
    about = cleandoc(ast.get_docstring(function) or "")
    summary, _, rest = about.partition("\nArgs:\n")
    meanings = _arguments(rest)
    defaults = [None] * (len(function.args.args) - len(function.args.defaults)) + list(function.args.defaults)
    rows = []
    for argument, default in zip(function.args.args, defaults, strict=True):
        shown = "required" if default is None else code(ast.unparse(default))
        rows.append((code(argument.arg), shown, prose(meanings.get(argument.arg, ""))))
    if function.args.kwarg:
        rows.append((code("**kwargs"), "", prose(meanings.get("**kwargs", ""))))
    return f"{prose(summary)}\n\n{table(('argument', 'default', 'meaning'), rows)}"


def _provider(call: ast.Call) -> str:
    keywords = {one.arg: one.value for one in call.keywords if one.arg}
    fields = keywords["fields"]
    rows = []
    if isinstance(fields, ast.Dict):
        rows = [
            (code(_string(key)), prose(_string(value)))
            for key, value in zip(fields.keys, fields.values, strict=True)
            if key
        ]
    return f"{prose(_string(keywords['doc']))}\n\n{table(('field', 'meaning'), rows)}"


def _arguments(text: str) -> dict[str, str]:
    """Return the meanings of an ``Args:`` section, by argument."""
    found: dict[str, str] = {}
    name = ""
    for line in cleandoc(text.partition("\nReturns:")[0]).splitlines():
        if line and not line.startswith(" ") and ":" in line:
            name, _, meaning = line.partition(":")
            found[name] = meaning.strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def _dictionary(node: ast.expr, file: PurePosixPath) -> dict[str, tuple[ast.expr, PurePosixPath]]:
    """Evaluate what gives a dictionary of attributes; each with the file that its expression stands in."""
    match node:
        case ast.Dict(keys=keys, values=values):
            found: dict[str, tuple[ast.expr, PurePosixPath]] = {}
            for key, value in zip(keys, values, strict=True):
                found |= {_string(key): (value, file)} if key else _dictionary(value, file)
            return found
        case ast.Call(func=ast.Name(id="dict"), args=args, keywords=keywords):
            found = {}
            for one in args:
                found |= _dictionary(one, file)
            for keyword in keywords:
                found |= {keyword.arg: (keyword.value, file)} if keyword.arg else _dictionary(keyword.value, file)
            return found
        case ast.Name(id=name):
            symbol = _resolve(name, file)
            if isinstance(symbol.node, ast.Assign):
                return _dictionary(symbol.node.value, symbol.file)
    raise TypeError(f"{file}:{node.lineno}: not a dictionary of attributes: {ast.unparse(node)}")


def _strings(node: ast.expr, file: PurePosixPath) -> list[str]:
    """Return what a list of values holds, each as Markdown."""
    match node:
        case ast.List(elts=elements):
            return [code(json.dumps(ast.literal_eval(one))) for one in elements]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [*_strings(left, file), *_strings(right, file)]
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="keys")):
            return _keys(name, file)
        case ast.Name(id=name):
            symbol = _resolve(name, file)
            if isinstance(symbol.node, ast.Assign):
                return _strings(symbol.node.value, symbol.file)
    raise TypeError(f"{file}:{node.lineno}: not a list of strings: {ast.unparse(node)}")


def _keys(name: str, file: PurePosixPath) -> list[str]:
    """Return the keys of a dictionary, each as Markdown; of a rendered file, of which no text is there, its name."""
    try:
        symbol = _resolve(name, file)
    except KeyError:
        return [f"a key of {code(name)} in the generated library"]
    if isinstance(symbol.node, ast.Assign) and isinstance(symbol.node.value, ast.Dict):
        return [code(json.dumps(ast.literal_eval(key))) for key in symbol.node.value.keys if key]
    raise TypeError(f"{file}: {name} is not a dictionary")


def _resolve(name: str, file: PurePosixPath) -> _Symbol:
    """Return the definition of ``name`` as ``file`` sees it, in this file or in one that it loads from."""
    tree = _parse(file)
    loads = _loads(tree, file)
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Name(id=value)) if target == name:
                return _resolve(value, file)
            case ast.Assign(targets=[ast.Name(id=target)]) if target == name:
                return _Symbol(node, file)
            case ast.FunctionDef(name=defined) if defined == name:
                return _Symbol(node, file)
    if name in loads:
        original, home = loads[name]
        return _resolve(original, home)
    raise KeyError(f"{file}: {name} is not defined")


def _loads(tree: ast.Module, file: PurePosixPath) -> dict[str, tuple[str, PurePosixPath]]:
    """Return what the ``load`` statements bring: by local name, the original name and the file."""
    found: dict[str, tuple[str, PurePosixPath]] = {}
    for node in tree.body:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="load"), args=[label, *names], keywords=keywords)):
                home = _path(_string(label), file)
                if home is not None:
                    found |= {_string(one): (_string(one), home) for one in names}
                    found |= {one.arg: (_string(one.value), home) for one in keywords if one.arg}
    return found


def _path(label: str, file: PurePosixPath) -> PurePosixPath | None:
    """Return the file of a label of the library; None for another repository's and for a rendered file."""
    if label.startswith("@"):
        return None
    package, _, name = label.rpartition(":")
    folder = PurePosixPath(package.removeprefix("//")) if package.startswith("//") else file.parent
    return folder / name


def _parse(file: PurePosixPath) -> ast.Module:
    return ast.parse(sources()[file], filename=str(file))


def _string(node: ast.expr) -> str:
    value = ast.literal_eval(node)
    if not isinstance(value, str):
        raise TypeError(f"not a string: {ast.unparse(node)}")
    return value
