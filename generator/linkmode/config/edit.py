"""Adds to linkmode.toml, and keeps every other byte of it: comments, order, line endings. Pure.

A line is inserted where a person would write it. The caller compares what the text says afterwards with what was meant:
a file in an unusual form is refused and not damaged.
"""

import json
import re
from collections.abc import Sequence

from linkmode.model import toml

_HEADER = re.compile(r"\s*\[\[?\s*(?P<name>[A-Za-z0-9_.\"'-]+)\s*\]\]?\s*(?:#.*)?$")


def with_entry(text: str, table: str, name: str, version: str) -> str:
    """Return ``text`` with ``name = "version"`` in ``[table]``; a proposal that is commented out becomes the line."""
    newline, lines = _lines(text)
    line = f"{name} = {json.dumps(version)}"
    at = _end_of_table(text, table)
    if at is None and f"# [{table}]" in lines:
        start = lines.index(f"# [{table}]")
        lines[start] = f"[{table}]"
        at = start + 1
    if at is None:
        return newline.join([*_without_end(lines), "", f"[{table}]", line, ""])
    proposed = re.compile(rf"#\s*{re.escape(name)}\s*=")
    after = next((index for index in range(at, len(lines)) if not lines[index].startswith("#")), len(lines))
    for index in range(at, after):
        if proposed.match(lines[index]):
            return newline.join([*lines[:index], line, *lines[index + 1 :]])
    return newline.join([*lines[:at], line, *lines[at:]])


def with_toolchain(text: str, family: str, version: str, targets: Sequence[str]) -> str:
    """Return ``text`` with a ``[[toolchain]]`` after the last one."""
    newline, lines = _lines(text)
    block = [
        "[[toolchain]]",
        f"family = {json.dumps(family)}",
        f"version = {json.dumps(version)}",
        f"targets = [{', '.join(map(json.dumps, targets))}]",
    ]
    at = _end_of_table(text, "toolchain")
    if at is None:
        return newline.join([*_without_end(lines), "", *block, ""])
    return newline.join([*lines[:at], "", *block, *lines[at:]])


def _lines(text: str) -> tuple[str, list[str]]:
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline, text.split(newline)


def _without_end(lines: list[str]) -> list[str]:
    end = next((index for index in range(len(lines), 0, -1) if lines[index - 1].strip()), 0)
    return lines[:end]


def _end_of_table(text: str, table: str) -> int | None:
    """Return the line after the last that says something in the last table of that name; None without one."""
    found, inside = None, False
    for number, line in enumerate(toml.without_strings(text).split("\n")):
        if header := _HEADER.match(line):
            inside = header["name"] == table
        if inside and line.strip() and not line.lstrip().startswith("#"):
            found = number + 1
    return found
