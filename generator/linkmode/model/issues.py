"""Collects the problems of a TOML file with key paths and lines, and raises them at once."""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from linkmode.messages import ConfigError, LinkmodeError, Message, did_you_mean
from linkmode.model import toml

_T = TypeVar("_T")

_TOMLS = {"str": "string", "int": "integer", "bool": "boolean", "object": "table", "array": "array", "float": "float"}
"""TOML's words for types, by those of msgspec's messages."""

_MOST_SHOWN = 50
"""Problems that are shown of one file. Of those after the first thousand only the count is kept."""

_MOST_KEPT = 1000
_LONGEST = 2000
"""Characters of one text in a message: the value in it may be the whole file. The rule stands at its end."""

_PYTHONS = re.compile(f"`({'|'.join(_TOMLS)})`")


class Source(NamedTuple):
    """A file that issues are of: how messages name it, and its text, in which they find the line."""

    where: str = "linkmode.toml"
    text: str = ""


class Issues:
    """The problems of one file. Reading a value through this class reports it when it is not of its type."""

    def __init__(self, where: str, text: str, options: Mapping[str, str] | None = None) -> None:
        """``options`` are options of the command line by the key path whose value they gave; messages name them."""
        self._where = where
        self._text = text
        self._options = options or {}
        self._found: list[tuple[int, Message, Message]] = []
        self._count = 0

    @functools.cached_property
    def _lines(self) -> dict[str, int]:
        return _key_lines(toml.without_strings(self._text))

    @property
    def _is_kept(self) -> bool:
        return self._count < _MOST_KEPT

    def __len__(self) -> int:
        return self._count

    def add(self, path: str, problem: str | Message, hint: str | Message = "") -> None:
        """Report ``problem`` at the key path ``path`` (``toolchain[1].targets[0]``); ``hint`` is what fixes it."""
        is_kept = self._is_kept
        self._count += 1
        if not is_kept:
            return
        for given, option in self._options.items():
            if path == given or path.startswith((f"{given}[", f"{given}.")):
                self._found.append((0, Message(f"{option}: ", problem), Message(hint)))
                return
        line = self._line(path)
        at = f"{f'line {line}: ' if line else ''}{path}: "
        said = [_cut(part) if isinstance(part, str) else part for part in Message(at, problem)]
        self._found.append((line, Message(*said), Message(hint)))

    def unknown_keys(self, path: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        """Report every key of ``table`` that is not ``known``."""
        known = list(known)
        for key in table:
            if key not in known:
                guess = did_you_mean(key, known) if self._is_kept else ""
                self.add(_join(path, key), f"unknown key{guess or _one_of(known)}")

    def unknown_value(
        self,
        path: str,
        value: str,
        known: Iterable[str],
        problem: str = "is not known",
        guess: Callable[[str, Iterable[str]], str] = did_you_mean,
    ) -> None:
        """Report that ``value`` is none of ``known``, of which ``guess`` finds what may be meant."""
        known = list(known)
        meant = guess(value, known) if self._is_kept else ""
        self.add(path, f"{value!r} {problem}{meant}{_one_of(known)}")

    def value(self, path: str, table: Mapping[str, Any], key: str, kind: Any, default: _T) -> _T:
        """Return ``table[key]`` as ``kind``; ``default`` when it is absent, or when it is wrong, which is reported."""
        if key not in table:
            return default
        try:
            converted: _T = msgspec.convert(table[key], kind)
        except msgspec.ValidationError as error:
            problem, _, inner = str(error).partition(" - at `$")
            said = _PYTHONS.sub(lambda word: _TOMLS[word[1]], problem[0].lower() + problem[1:])
            self.add(_join(path, key) + inner.removesuffix("`"), f"{said}{_how(said)}")
            return default
        return converted

    def required(self, path: str, table: Mapping[str, Any], key: str, kind: Any, default: _T) -> _T:
        """Do as ``value`` does, and report the key when it is absent."""
        if key not in table:
            self.add(_join(path, key), "missing")
        return self.value(path, table, key, kind, default)

    def table(self, raw: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return the table ``[key]``, which may be absent."""
        found = raw.get(key, {})
        if isinstance(found, dict):
            return found
        self.add(key, f"expected a table, written [{key}]")
        return {}

    def tables(self, raw: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """Return the tables ``[[key]]``, of which there may be none."""
        found = raw.get(key, [])
        if isinstance(found, list) and all(isinstance(table, dict) for table in found):
            return found
        self.add(key, f"expected tables, written [[{key}]]")
        return []

    def raise_if_any(self, *, hint: str | Message, error: type[LinkmodeError] = ConfigError) -> None:
        """Raise ``error`` with every problem, in the order of the file's lines; ``hint`` is for what has none."""
        found = [(problem, own) for _, problem, own in sorted(self._found, key=lambda found: found[0])]
        if len(found) == 1:
            problem, own = found[0]
            raise error(Message(f"{self._where}: ", problem), hint=own if own != ("",) else hint)
        if found:
            lines = [
                Message("\n  ", problem, *(() if own == ("",) else ("\n    try: ", own)))
                for problem, own in found[:_MOST_SHOWN]
            ]
            if self._count > _MOST_SHOWN:
                lines.append(Message(f"\n  and {self._count - _MOST_SHOWN:,} more"))
            raise error(Message(f"{self._where} has {self._count} problems:", *lines), hint=hint)

    def _line(self, path: str) -> int:
        """Return the line of the key, or of the nearest table around it; 0 when none was seen."""
        around = [path, *(path[: match.start()] for match in reversed(list(re.finditer(r"[.\[]", path))))]
        return next((self._lines[part] for part in around if part in self._lines), 0)


def _cut(text: str) -> str:
    """Return ``text`` without the middle of what is too long to be read."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]}… ({len(text):,} characters) …{text[-_LONGEST // 2 :]}"


def _how(problem: str) -> str:
    """Return how the value is written that was expected, where quotes or brackets are all that is missing."""
    if problem in ("expected string, got integer", "expected string, got float"):
        return "; write it in quotes"
    return "; write it in brackets" if problem == "expected array, got string" else ""


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _one_of(known: Iterable[str]) -> str:
    return f"; expected one of {', '.join(known)}"


def _key_lines(text: str) -> dict[str, int]:
    """Return the first line of every key, and of the tables that are written [[…]]."""
    lines: dict[str, int] = {}
    for number, path in toml.keys(text):
        lines.setdefault(path.removesuffix("[0]"), number)
        lines.setdefault(path, number)
    return lines
