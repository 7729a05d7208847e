"""The plot of sizes, from the table of strangers: what one project has as ``static`` and as ``mostly_static``.

references.py writes it to docs/how-to/sizes.svg. A project is in it if programs of both modes by Zig were run, each
where nothing is but what its mode allows.
"""

from html import escape
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).resolve().parents[1] / "reference/strangers.md"
_ROW, _BAR, _LEFT, _WIDTH, _TOP = 46, 16, 150, 420, 64
"""In pixels: a project's height, a bar's height, where bars begin, the longest bar, and where the first row begins."""
_COLOURS = {"static": "#00796b", "mostly_static": "#f9a825"}


class Sizes(NamedTuple):
    """The programs of a project, in KiB by link mode."""

    project: str
    kib: dict[str, int]


def measured(text: str) -> list[Sizes]:
    """Return the projects of the table in ``text`` that have a size in both modes, the smallest first."""
    found: dict[str, dict[str, int]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) < 9 or cells[7] not in ("empty root", "libc alone"):
            continue
        project, compiler, size = cells[0], cells[3].split(), cells[5]
        if compiler[0] == "zig" and compiler[-1] in _COLOURS and size.endswith(" KiB"):
            found.setdefault(project, {})[compiler[-1]] = int(size.removesuffix(" KiB"))
    both = [Sizes(project, kib) for project, kib in found.items() if len(kib) == len(_COLOURS)]
    return sorted(both, key=lambda one: one.kib["static"])


def plot(projects: list[Sizes]) -> str:
    """Return the bars of ``projects`` as SVG. Raises ValueError without any project."""
    if not projects:
        raise ValueError(f"{TABLE.name} has no project with a program in both modes")
    longest = max(max(one.kib.values()) for one in projects)
    height = _TOP + _ROW * len(projects)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 {height}" font-family="sans-serif" font-size="13">',
        "<title>Size of the same program as static and as mostly_static, in KiB</title>",
        f'<rect width="680" height="{height}" fill="#ffffff"/>',
        _text(12, 24, "Size of a program in KiB, by Zig: static for musl, mostly_static for glibc 2.28"),
    ]
    for index, mode in enumerate(_COLOURS):
        lines += [_bar(_LEFT + 130 * index, 36, 12, mode, 12), _text(_LEFT + 130 * index + 18, 47, mode)]
    for index, one in enumerate(projects):
        y = _TOP + _ROW * index
        lines.append(_text(12, y + 20, one.project))
        for place, mode in enumerate(_COLOURS):
            width = max(1, round(_WIDTH * one.kib[mode] / longest))
            at = y + place * (_BAR + 2)
            lines += [_bar(_LEFT, at, width, mode), _text(_LEFT + width + 6, at + 13, f"{one.kib[mode]:,}")]
    return "\n".join([*lines, "</svg>"]) + "\n"


def page() -> str:
    """Return the plot of what the table of strangers says."""
    return plot(measured(TABLE.read_text(encoding="utf-8")))


def _bar(x: int, y: int, width: int, mode: str, height: int = _BAR) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{_COLOURS[mode]}"/>'


def _text(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}" fill="#202020">{escape(text)}</text>'
