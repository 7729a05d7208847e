"""``linkmode audit``: say what a binary really is, and whether that is what was expected."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, get_args

import click
import msgspec

from linkmode.audit import run
from linkmode.audit.inputs.find import STDIN
from linkmode.audit.judge import hardening
from linkmode.audit.outcome import Outcome
from linkmode.audit.read import components
from linkmode.audit.read.policy import KnownLibc
from linkmode.audit.show import report
from linkmode.cli import audit_options
from linkmode.cli.audit_options import Asked
from linkmode.cli.report_file import ReportFile
from linkmode.model.values import LINK_MODES

_FAILED = 1
_NOT_AUDITED = 3


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--expect", type=click.Choice(LINK_MODES), help="Require this link mode.")
@click.option("--machine", metavar="CPU", help="Require this CPU, as reports name it or as targets do: x86_64, armv7.")
@click.option("--abi", multiple=True, metavar="WORD", help="Require this ABI, such as hard-float; repeatable.")
@click.option(
    "--libc", type=click.Choice(get_args(KnownLibc)), help="Require this libc, inside the file or at run time."
)
@click.option("--max-glibc", metavar="X.Y", help="Refuse symbol versions newer than this glibc release.")
@click.option(
    "--like-lock",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Require the libc that this linkmode.lock builds for, and no glibc newer than its targets say.",
)
@click.option(
    "--allow", multiple=True, metavar="SONAME", help="Allow this library besides those of the libc; repeatable."
)
@click.option("--deny-rpath", is_flag=True, help="Refuse DT_RPATH and DT_RUNPATH.")
@click.option("--require-pie", is_flag=True, help="Refuse a program that is loaded at a fixed address.")
@click.option("--require-relro", type=click.Choice(("partial", "full")), help="Require at least this RELRO.")
@click.option("--require", multiple=True, metavar="LIST", help="Require this hardening: nx,relro,canary,cet, …")
@click.option(
    "--policy",
    "platform",
    metavar="NAME",
    help="Require that the file runs on this platform: scratch, manylinux_2_28, …",
)
@click.option(
    "--cpu", type=click.Choice(hardening.LEVELS), help="Refuse files that need a newer x86-64 CPU than this level."
)
@click.option("--allow-static-glibc", is_flag=True, help="Accept a file with glibc inside for `--expect static`.")
@click.option("--allow-payload", is_flag=True, help="Accept a file with data appended to it for --expect and --policy.")
@click.option("--headers-only", is_flag=True, help="Read only headers: faster, and reports less.")
@click.option("--verbose", is_flag=True, help="Print every fact of every file, not only what matters most.")
@click.option(
    "--all", "names_all", is_flag=True, help="List the files that are passed over in folders and archives, and why."
)
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Use at most N processes; the default is the number of CPUs."
)
@click.option("--tree", "is_tree", is_flag=True, help="Print the tree of libraries that each file loads.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="The folder where --tree and --html look for libraries; the default is /.",
)
@click.option("--diff", "is_diff", is_flag=True, help="Compare two paths; exit with 1 if they differ.")
@click.option(
    "--archive",
    "archives",
    multiple=True,
    metavar="LIB.a",
    help="Report how many bytes come from this static library; repeatable.",
)
@click.option("--sizes", is_flag=True, help="Print how many bytes each section and static library takes.")
@click.option(
    "--html", "page", type=ReportFile("<", "<html"), metavar="FILE", help="Also write the report as an HTML page."
)
@click.option("--sbom", type=click.Choice(("cyclonedx", "spdx")), help="Print what is linked inside, as JSON.")
@click.option(
    "--lock",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="The linkmode.lock from which --sbom takes the versions of what was linked in.",
)
@click.option("--sarif", type=ReportFile("{", "sarif"), metavar="FILE", help="Also write failed expectations as SARIF.")
@click.option(
    "--github", is_flag=True, help="Also print failed expectations as annotations of GitHub Actions, on stderr."
)
@click.option(
    "--junit", type=ReportFile("<", "<testsuite"), metavar="FILE", help="Also write a JUnit test case for each file."
)
@click.option("--json", "is_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Report what each file really is, from its ELF program headers: link mode, libc, interpreter, needed libraries.

    A PATH is a file, a folder with all that is in it, or - for standard input. A file may be a tar, cpio or zip
    archive, a wheel, a jar, or a package of Debian, RPM, Alpine or Conda, compressed or not. It may also be a container
    image, as `docker save` and skopeo write it.

    Exits with 0 if every expectation holds, 1 if one does not, and 3 if a file could not be audited.
    """
    asked = Asked(**given)
    wanted = audit_options.expectations(asked)
    audit_options.check_paths(paths, asked)
    if asked.like_lock is not None:
        wanted = audit_options.like_lock(wanted, asked.like_lock)
    audit_options.check_views(asked, wanted)
    audit_options.check_documents(asked)
    settings = run.Settings(
        wanted=wanted,
        with_contents=not asked.headers_only,
        archives=asked.archives,
        stdin=ctx.with_resource(_standard_input()) if STDIN in paths else None,
        with_images=asked.verbose or asked.is_json or asked.is_diff or asked.page is not None,
    )
    if asked.is_tree or asked.is_diff:
        from linkmode.cli import audit_views  # only these need them

        if asked.is_tree:
            ctx.exit(audit_views.show_trees(paths, settings, asked.root, is_json=asked.is_json))
        ctx.exit(audit_views.show_difference(paths, settings, asked.jobs or _cpus(), is_json=asked.is_json))
    outcome = run.run(paths, settings, asked.jobs or _cpus())
    outcome = msgspec.structs.replace(outcome, audited=_advised(outcome.audited))
    summary = report.summarise(outcome.audited, outcome.passed_over)
    named = outcome.passed_over if asked.names_all else ()
    _write_beside(asked, outcome, summary, named)
    _print(asked, outcome, summary, named)
    click.echo("".join(map(report.complaints, outcome.audited)), nl=False, err=True)
    if not sys.stdout.isatty() and (len(outcome.audited) > len(paths) or outcome.passed_over):
        click.echo(report.in_words(summary), err=True)
    if summary.not_audited:
        ctx.exit(_NOT_AUDITED)
    if summary.failed:
        ctx.exit(_FAILED)


def _write_beside(
    asked: Asked, outcome: Outcome, summary: report.Summary, named: tuple[report.PassedOver, ...]
) -> None:
    """Write what is asked for beside the report: a page, the forms of CI systems, annotations on stderr."""
    if asked.page is not None or asked.sarif is not None or asked.junit is not None:
        from linkmode.cli import audit_views  # only these need them

        if asked.page is not None:
            audit_views.write_page(asked.page, outcome.audited, summary, named, asked.root or "/")
        audit_views.write_for_ci(outcome.audited, asked.sarif, asked.junit)
    if asked.github:
        from linkmode.audit.show import ci  # only this needs it

        click.echo(ci.as_annotations(outcome.audited), nl=False, err=True)


def _print(asked: Asked, outcome: Outcome, summary: report.Summary, named: tuple[report.PassedOver, ...]) -> None:
    """Print the one document that is asked for, or the report in the form that suits its reader and length."""
    if asked.sizes:
        from linkmode.audit.show import sizes  # only this needs it

        click.echo("\n".join(map(sizes.as_text, outcome.audited)), nl=False)
    elif asked.sbom is not None:
        from linkmode.cli import audit_views  # only these need them

        click.echo(audit_views.bill_of_materials(outcome.audited, asked.sbom, asked.lock), nl=False)
    elif asked.is_json:
        click.echo(report.as_json(outcome.audited, summary, named, outcome.wheels), nl=False)
    elif sys.stdout.isatty() and not asked.verbose:
        # Only a terminal needs them, and they take longer to import than most files to audit.
        from rich.console import Console

        from linkmode.audit.show import table

        table.show(outcome.audited, summary, named, Console(highlight=False))
        click.echo("".join(map(report.wheel_as_text, outcome.wheels)), nl=False)
    else:
        click.echo("".join(map(report.wheel_as_text, outcome.wheels)), nl=False)
        click.echo("\n".join(_texts(outcome.audited, summary, named, is_whole=asked.verbose)), nl=False)


def _texts(
    audited: tuple[report.Audited, ...],
    summary: report.Summary,
    named: tuple[report.PassedOver, ...],
    *,
    is_whole: bool,
) -> Iterator[str]:
    """Yield the report without a terminal: every fact, a table of many files, or a few lines of one."""
    if len(audited) > 1 and not is_whole:
        from linkmode.audit.show import overview

        yield overview.as_text(audited, summary)
    else:
        from linkmode.audit.show import brief

        yield from filter(None, map(report.as_text if is_whole else brief.as_brief, audited))
    yield from map(report.passed_over_as_text, named)


@contextlib.contextmanager
def _standard_input() -> Iterator[str]:
    # What is audited is read more than once, and by other processes.
    import shutil
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="linkmode-audit-") as held:
        shutil.copyfileobj(sys.stdin.buffer, held)
        held.flush()
        yield held.name


def _advised(audited: tuple[report.Audited, ...]) -> tuple[report.Audited, ...]:
    # The catalogue has advisories of its own libraries; most files hold none of them, and then it is not read.
    held = [one.facts.contents if one.facts else None for one in audited]
    if not any(map(components.families, held)):
        return audited
    from linkmode.catalog import pins
    from linkmode.model import resources

    known = {name: entry.advisories for name, entry in pins.load(resources.catalogue()).families.items()}
    return tuple(
        msgspec.structs.replace(
            one, verdict=msgspec.structs.replace(one.verdict, weaknesses=components.weaknesses(contents, known))
        )
        if one.verdict and components.families(contents)
        else one
        for one, contents in zip(audited, held, strict=True)
    )


def _cpus() -> int:
    # Those that this process may use, where the system can tell: a container often has fewer than the machine.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
