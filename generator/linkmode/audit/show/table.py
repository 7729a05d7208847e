"""Writes verdicts as tables for a terminal. The only module that needs rich; imported when stdout is a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkmode.audit.show import brief
from linkmode.audit.show.report import MODES, Audited, PassedOver, Summary

_STYLE = {"static": "green", "mostly_static": "cyan", "dynamic": "yellow", "none": "dim"}

_WIDE = 110
"""The least width in columns at which a table shows the libraries that a file needs."""


def show(files: tuple[Audited, ...], summary: Summary, passed_over: tuple[PassedOver, ...], console: Console) -> None:
    """Print one file as its facts, several as one table with a line each. NO_COLOR is honoured by rich."""
    if len(files) == 1 and not summary.passed_over and files[0].error is None:
        console.print(_single(files[0]))
        return
    console.print(_several(files, is_wide=console.width >= _WIDE))
    for passed in passed_over:
        console.print(Text.assemble((passed.path, "dim"), f"  {passed.reason}"))
    console.print(_total(summary))


def _several(files: tuple[Audited, ...], *, is_wide: bool) -> Table:
    # The file comes last, where it may fold, so that the other columns stay together for names of any length.
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("mode", no_wrap=True)
    table.add_column("libc", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("file", overflow="fold", ratio=3 if is_wide else None)
    if is_wide:
        table.add_column("needs", overflow="fold", ratio=2)
    for audited in files:
        cells = _cells(audited)
        table.add_row(*(cells if is_wide else cells[:-1]))
    return table


def _cells(audited: Audited) -> list[Text]:
    failed = "bold red" if audited.failures or audited.error is not None else ""
    name = Text(audited.path, style=failed)
    if audited.facts is None or audited.verdict is None:
        return [Text("not audited", style="red"), Text(""), Text(""), name, Text(audited.error or "")]
    facts = audited.facts
    mode = audited.verdict.mode or "none"
    libc = f"{facts.libc} {facts.glibc_required}" if facts.glibc_required else facts.libc
    needs = ", ".join(facts.needed) if facts.needed else "nothing"
    return [Text(mode, style=_STYLE[mode]), Text(libc), Text(f"{facts.size:,}"), name, Text(needs)]


def _total(summary: Summary) -> Text:
    # The words of report.in_words, each mode in its colour.
    total = Text(f"\n{summary.files:,} file{'' if summary.files == 1 else 's'}", style="bold")
    for mode in MODES:
        if summary.modes[mode]:
            total.append("  ").append(f"{summary.modes[mode]:,} {mode}", style=_STYLE[mode])
    bad = (("not as expected", summary.failed), ("not audited", summary.not_audited))
    for words, count in bad:
        if count:
            total.append("  ").append(f"{count:,} {words}", style="bold red")
    if summary.passed_over:
        total.append(f"  {sum(summary.passed_over.values()):,} passed over", style="dim")
    return total


def _single(audited: Audited) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in brief.lines(audited):
        table.add_row(key, Text(value, style=_STYLE[value] if key == "mode" else ""))
    return table
