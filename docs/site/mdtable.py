"""Tables and cells of Markdown."""

import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"(`[^`]*`)")


def cell(text: str) -> str:
    """Return ``text`` as a cell: on one line, and with no ``|`` that would end it."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; an empty string when there are no rows."""
    lines = ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines]) + "\n"


def code(text: str) -> str:
    """Return ``text`` as inline code; an empty string for an empty one."""
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """Return the text of a docstring as Markdown: each paragraph on a line, and ``<name>`` not taken for HTML."""
    text = text.replace("``", "`")
    parts = [part if part.startswith("`") else part.replace("<", "&lt;") for part in _CODE.split(text)]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in "".join(parts).split("\n\n")).strip()
