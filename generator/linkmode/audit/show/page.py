"""Writes the report as one self-contained HTML page: no script, no font, no picture, no network.

The template escapes every value; paths and names were made printable before. Imported only for ``--html``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined

from linkmode import __version__
from linkmode.audit.load import tree
from linkmode.audit.load.loaded import Share, Tree
from linkmode.audit.read.facts import Facts, Section
from linkmode.audit.show.report import MODES, Audited, Mode, PassedOver, Summary, pairs

_SUFFIX = re.compile(r"(?<=[^/])[-_.](mostly[-_]static|static|dynamic)$")
_OPEN = 12
"""The most files whose details are open at first."""

_BARS = 12
_KINDS = (
    ("debug", (".debug", ".zdebug", ".gdb_index", ".gnu_debug")),
    ("symbols", (".symtab", ".strtab", ".shstrtab", ".dynsym", ".dynstr", ".gnu.hash", ".hash", ".gnu.version")),
    ("code", (".text", ".init", ".fini", ".plt", ".iplt")),
    (
        "read-only data",
        (".rodata", ".eh_frame", ".gcc_except_table", ".gopclntab", ".data.rel.ro", ".rela", ".typelink"),
    ),
    ("data", (".data", ".bss", ".tdata", ".tbss", ".got", ".noptrdata", ".dynamic")),
)

LABELS: Mapping[Mode, str] = {
    "static": "static",
    "mostly_static": "mostly_static",
    "dynamic": "dynamic",
    "none": "shared object",
}


class Cell(NamedTuple):
    """A file where its target and its mode meet. ``anchor`` is the place of its details."""

    anchor: str
    name: str
    size: str
    is_bad: bool
    has_hazards: bool


class Known(NamedTuple):
    """How many advisories affect what is inside a file, and which; ``anchor`` is the place of its details."""

    anchor: str
    number: int
    ids: str


class Target(NamedTuple):
    """A row of the matrix: files whose paths differ in their mode's name only.

    ``libcs`` are those that its files have or ask for, each with the release that it needs. ``was_searched`` is False
    where only headers were read, so that nothing is known of what is inside.
    """

    name: str
    cells: dict[Mode, list[Cell]]
    error: str
    libcs: list[str]
    advisories: list[Known]
    was_searched: bool


class Bar(NamedTuple):
    """A row of a bar chart; ``percent`` is of the file, ``start`` that of the rows above."""

    name: str
    kind: str
    size: str
    percent: float
    start: float


class TreeLine(NamedTuple):
    """A line of a tree, ``depth`` levels below its top."""

    depth: int
    name: str
    rest: str
    is_missing: bool


class View(NamedTuple):
    """A file with what its details need beside the audit itself."""

    anchor: str
    audited: Audited
    mode: Mode | None
    facts: list[tuple[str, str]]
    bars: list[Bar]
    libraries: list[Bar]
    libraries_note: str
    tree: list[TreeLine]
    tree_note: str


def human(size: int) -> str:
    """Return bytes with one digit after the point, in decimal units as disks have them: ``1.3 MB``."""
    number, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{size} bytes" if unit == "bytes" else f"{number:.1f} {unit}"


def render(
    files: tuple[Audited, ...],
    summary: Summary,
    passed_over: tuple[PassedOver, ...],
    trees: Mapping[str, Tree],
) -> str:
    """Return the page. ``trees`` are by the path of a file; a file without one shows what it needs itself."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(
        resources.files(__package__).joinpath("page.html.jinja").read_text(encoding="utf-8")
    )
    views = [_view(at, one, trees.get(one.path)) for at, one in enumerate(files, 1)]
    return template.render(
        version=__version__,
        summary=summary,
        passed=sum(summary.passed_over.values()),
        modes=MODES,
        labels=LABELS,
        targets=list(_targets(views)),
        views=views,
        passed_over=passed_over,
        is_open=len(files) <= _OPEN,
        common=_common([one.path for one in files]),
    )


def _view(at: int, one: Audited, known: Tree | None) -> View:
    if one.facts is None or one.verdict is None:
        return View(f"f{at}", one, None, [], [], [], "", [], "")
    # What has a chart of its own is left out here.
    shown = ("hazard", "advisory", "runs-on", "reason", "mode", "component", "static-library", "file")
    facts = [(key, value) for key, value in pairs(one.facts, one.verdict) if key not in shown]
    sections = one.facts.contents.sections if one.facts.contents else ()
    if known is not None:
        lines, note = list(_tree_lines(known)), ""
    else:
        lines = [TreeLine(1, name, "", is_missing=False) for name in one.facts.needed]
        note = "What it needs itself: this file was not read where a loader could find the rest."
    whole = one.facts.size
    libraries = _library_bars(one.libraries or (), whole)
    mode = one.verdict.mode or "none"
    return View(f"f{at}", one, mode, facts, bars(sections, whole), libraries, _library_note(one), lines, note)


def _library_note(one: Audited) -> str:
    if one.libraries:
        return (
            "The functions and objects of each library that the symbol table has. Padding and merged texts are in none."
        )
    if one.libraries is not None:
        return "None of the static libraries that were named has a part in it."
    contents = one.facts.contents if one.facts else None
    if contents is not None and contents.symbol_table == "no":
        return "It has no symbol table (it was stripped), so nothing tells which static library its bytes are of."
    return "A linked file does not name the static libraries it was made from. Name them: --archive libz.a"


def _tree_lines(known: Tree) -> Iterator[TreeLine]:
    if known.interpreter is not None:
        rest = "the interpreter" if known.interpreter_found else "the interpreter, NOT FOUND"
        yield TreeLine(1, known.interpreter, rest, is_missing=not known.interpreter_found)
    for line in tree.lines(known):
        words = tree.in_words(line)
        rest = words.removeprefix(line.need.name).strip()
        yield TreeLine(len(line.rules) // 4, line.need.name, rest, is_missing=line.need.path is None)


def bars(sections: Iterable[Section], whole: int) -> list[Bar]:
    """Return a row for each of the largest sections, one for all smaller ones, and one for bytes in no section."""
    held = sorted((one for one in sections if one.type != "NOBITS" and one.size), key=lambda one: -one.size)
    if not held or not whole:
        return []
    rows = [(one.name or "(no name)", kind_of(one.name), one.size) for one in held[:_BARS]]
    if rest := held[_BARS:]:
        rows.append((f"{len(rest)} smaller sections", "other", sum(one.size for one in rest)))
    if (outside := whole - sum(one.size for one in held)) > 0:
        rows.append(("headers and padding", "other", outside))
    out, start = [], 0.0
    for name, kind, size in rows:
        percent = min(100 * size / whole, 100 - start)  # sections of a broken file may overlap
        out.append(Bar(name, kind, human(size), percent, start))
        start += percent
    return out


def _library_bars(shares: tuple[Share, ...], whole: int) -> list[Bar]:
    out, start = [], 0.0
    for one in sorted(shares, key=lambda share: -share.size):
        name = f"{one.library}, {one.members} member{'' if one.members == 1 else 's'}"
        percent = min(100 * one.size / whole, 100 - start)
        out.append(Bar(name, "library", human(one.size), percent, start))
        start += percent
    return out


def kind_of(name: str) -> str:
    """Return what a section holds, by its name: debug, symbols, code, read-only data, data or other."""
    return next((kind for kind, starts in _KINDS if name.startswith(starts)), "other")


def _targets(views: list[View]) -> Iterator[Target]:
    by_name: dict[str, list[View]] = {}
    for view in views:
        by_name.setdefault(_SUFFIX.sub("", view.audited.path), []).append(view)
    for name, group in by_name.items():
        # Only paths that differ in nothing but the mode are one target.
        parts = [(name, group)] if len(group) > 1 else [(group[0].audited.path, group)]
        for title, members in parts:
            cells: dict[Mode, list[Cell]] = {mode: [] for mode in MODES}
            for view in members:
                if view.mode is not None and view.audited.facts is not None and view.audited.verdict is not None:
                    cells[view.mode].append(
                        Cell(
                            view.anchor,
                            view.audited.path,
                            human(view.audited.facts.size),
                            bool(view.audited.failures),
                            bool(view.audited.verdict.hazards),
                        )
                    )
            errors = "; ".join(view.audited.error for view in members if view.audited.error)
            facts = [view.audited.facts for view in members if view.audited.facts]
            searched = any(one.contents is not None for one in facts)
            libcs = list(dict.fromkeys(map(_libc, facts)))
            yield Target(title, cells, errors, libcs, list(_advisories(members)), searched)


def _libc(facts: Facts) -> str:
    version = facts.glibc_required or (facts.contents and facts.contents.libc_version)
    return f"{facts.libc} {version}" if version else facts.libc


def _advisories(views: Iterable[View]) -> Iterator[Known]:
    for view in views:
        if view.audited.verdict and (found := view.audited.verdict.weaknesses):
            ids = ", ".join(f"{one.component} {one.version}: {one.id}" for one in found)
            yield Known(view.anchor, len(found), ids)


def _common(paths: list[str]) -> str:
    # The common folder, shown once in the title.
    if len(paths) == 1:
        return paths[0]
    first, last = min(paths, default=""), max(paths, default="")
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same].rpartition("/")[0]
