"""The files that the C code of a vendored Go package includes: those that ``go list`` does not name.

The go command compiles C in the package's folder, so an ``#include`` reaches every file below and beside it. `go mod
vendor` copies these where a package of Go lies beside them, which is why modules have one in each folder of C.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from linkmode.languages.go.packages import Union
from linkmode.model.vendored import Request

_HEADERS = {".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".tcc", ".def"}
_INCLUDED = _HEADERS | {".c", ".cc", ".cpp", ".cxx", ".s", ".S"}

_BESIDE = re.compile(r"""^[ \t]*(?://)?[ \t]*#[ \t]*include[ \t]*"(\.\./[^"\n]+)\"""", re.MULTILINE)


def add(request: Request, listed: Mapping[str, Union]) -> None:
    """Give each package with cgo the files for ``textual_hdrs``, by their paths below the sources."""
    modules = {one.module.path for one in listed.values()}
    for one in listed.values():
        if one.cgo:
            found = set(_reached(request, one))
            one.textual = {name for name in found - one.srcs if _module(name, modules) == one.module.path}


def _reached(request: Request, one: Union) -> Iterator[str]:
    sources = request.sources.absolute()
    pending = [one.path, *_folders(sources, one)]
    seen: set[str] = set()
    while pending:
        folder = pending.pop()
        for path in sorted((sources / folder).rglob("*")):
            name = path.relative_to(sources).as_posix()
            if name in seen or not path.is_file() or not (path.suffix in _INCLUDED or name in one.srcs):
                continue
            seen.add(name)
            for beside in _BESIDE.findall(path.read_text(encoding="utf-8", errors="replace")):
                pending += _below(sources, path.parent / beside, file=True)
            if path.suffix in _INCLUDED:
                yield name


def _folders(sources: Path, one: Union) -> Iterator[str]:
    """Yield the folders of ``-I``, as `go list` has them: from the root folder, or relative to the package's."""
    words = iter(one.c_options)
    for word in words:
        if word.startswith("-I"):
            yield from _below(sources, sources / one.path / (word[2:] or next(words, "")))


def _below(sources: Path, path: Path, *, file: bool = False) -> list[str]:
    """Return the folder below the sources that a path is or, for a file, lies in, and nothing where it is elsewhere."""
    whole = Path(os.path.normpath(path))
    folder = whole.parent if file else whole
    return [folder.relative_to(sources).as_posix()] if folder.is_dir() and sources in folder.parents else []


def _module(name: str, modules: set[str]) -> str:
    """Return the module that a file is of: the one with the longest path."""
    return max((module for module in modules if name.startswith(f"{module}/")), key=len, default="")
