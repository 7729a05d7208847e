"""``linkmode audit``: say what a binary really is, and whether that is what was expected."""

import os
import sys
from pathlib import Path
from typing import get_args

import click

from linkmode.audit import elf, policy, report, verdict
from linkmode.audit.libc import version_number
from linkmode.audit.policy import KnownLibc
from linkmode.audit.verdict import Expectations
from linkmode.config_issues import did_you_mean
from linkmode.errors import LinkmodeError, UsageError
from linkmode.model import LINK_MODES, LinkMode

_FAILED = 1
_NOT_AUDITED = 3


@click.command("audit")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--expect", type=click.Choice(LINK_MODES), help="The link mode that every FILE must have.")
@click.option("--machine", metavar="CPU", help="The CPU that every FILE must be for, as reports name it: x86_64.")
@click.option("--libc", type=click.Choice(get_args(KnownLibc)), help="The libc that every FILE must use or hold.")
@click.option("--max-glibc", metavar="X.Y", help="The newest glibc release that a symbol version may ask for.")
@click.option("--allow", multiple=True, metavar="SONAME", help="A library outside libc that may be needed; repeatable.")
@click.option("--deny-rpath", is_flag=True, help="Refuse DT_RPATH and DT_RUNPATH.")
@click.option("--allow-static-glibc", is_flag=True, help="Let `--expect static` pass a file with glibc inside.")
@click.option("--json", "is_json", is_flag=True, help="Print the report as JSON (docs/reference/audit.md).")
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[str, ...],
    expect: LinkMode | None,
    machine: str | None,
    libc: KnownLibc | None,
    max_glibc: str | None,
    allow: tuple[str, ...],
    *,
    deny_rpath: bool,
    allow_static_glibc: bool,
    is_json: bool,
) -> None:
    """Say what each FILE really is, from its ELF program headers: link mode, libc, interpreter, needed libraries.

    Exits 0 when all holds, 1 when an expectation does not hold, 3 when a FILE could not be audited.
    """
    if max_glibc is not None and version_number(max_glibc) is None:
        raise UsageError(
            f"--max-glibc takes a glibc release, not {max_glibc!r}", hint="write it as in --max-glibc 2.28"
        )
    names = [known.name for known in policy.load().machine]
    if machine is not None and machine not in names:
        raise UsageError(
            f"--machine takes a CPU, not {machine!r}{did_you_mean(machine, names)}", hint=f"one of {', '.join(names)}"
        )
    wanted = Expectations(
        machine=machine,
        libc=libc,
        mode=expect,
        max_glibc=max_glibc,
        allow=allow,
        deny_rpath=deny_rpath,
        allow_static_glibc=allow_static_glibc,
    )
    audited = tuple(_audit(path, wanted) for path in files)
    if is_json:
        click.echo(report.as_json(audited), nl=False)
    elif sys.stdout.isatty():
        # Only a terminal needs them, and they take longer to import than most files to audit.
        from rich.console import Console

        from linkmode.audit import table

        table.show(audited, Console())
    else:
        click.echo("\n".join(filter(None, map(report.as_text, audited))), nl=False)
    click.echo("".join(map(report.complaints, audited)), nl=False, err=True)
    if any(one.error is not None for one in audited):
        ctx.exit(_NOT_AUDITED)
    if any(one.failures for one in audited):
        ctx.exit(_FAILED)


def _audit(path: str, wanted: Expectations) -> report.Audited:
    shown = _displayed(path)
    try:
        facts = elf.read(Path(path))
    except LinkmodeError as error:
        return report.Audited(path=shown, error=error.problem)
    judged = verdict.judge(facts, wanted.allow)
    return report.Audited(path=shown, facts=facts, verdict=judged, failures=verdict.check(facts, judged, wanted))


def _displayed(path: str) -> str:
    # A file name may hold any byte; a report is UTF-8 text with one value a line.
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
