"""Verdicts as tables for a person at a terminal. The only module that needs rich; imported when stdout is one."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkmode.audit.facts import Facts
from linkmode.audit.report import Audited, pairs
from linkmode.audit.verdict import Verdict

_STYLE = {"static": "green", "mostly_static": "cyan", "dynamic": "yellow", "none": "dim"}


def show(files: tuple[Audited, ...], console: Console) -> None:
    """Print one file as its facts, several as one table with a line each. NO_COLOR is honoured by rich."""
    if len(files) == 1 and files[0].facts is not None and files[0].verdict is not None:
        console.print(_single(files[0], files[0].facts, files[0].verdict))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("mode", no_wrap=True)
    table.add_column("libc", no_wrap=True)
    table.add_column("loader", overflow="fold")
    table.add_column("needs", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for audited in files:
        table.add_row(*_row(audited))
    console.print(table)


def _row(audited: Audited) -> list[Text]:
    failed = "bold red" if audited.failures or audited.error is not None else ""
    name = Text(audited.path, style=failed)
    if audited.facts is None or audited.verdict is None:
        return [name, Text("not audited", style="red"), Text(""), Text(""), Text(audited.error or ""), Text("")]
    facts = audited.facts
    mode = audited.verdict.mode or "none"
    libc = f"{facts.libc} {facts.glibc_required}" if facts.glibc_required else facts.libc
    # The loader's folder is in the facts of a single file; here it would only push the columns apart.
    loader = facts.interpreter.rpartition("/")[2] if facts.interpreter is not None else "none"
    cells = [libc, loader, ", ".join(facts.needed) if facts.needed else "none", f"{facts.size:,}"]
    return [name, Text(mode, style=_STYLE[mode]), *map(Text, cells)]


def _single(audited: Audited, facts: Facts, verdict: Verdict) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("file", Text(audited.path))
    for key, value in pairs(facts, verdict):
        table.add_row(key, Text(value, style=_STYLE[value] if key == "mode" else ""))
    return table
