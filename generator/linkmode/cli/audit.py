"""``linkmode audit``: say what a binary really is, and whether that is what was expected."""

import os
import sys
from typing import Literal, get_args

import click
import msgspec

from linkmode.audit import run
from linkmode.audit.judge import hardening, platforms
from linkmode.audit.judge.verdict import Expectations
from linkmode.audit.naming import displayed
from linkmode.audit.read import components, policy
from linkmode.audit.read.libc import version_number
from linkmode.audit.read.policy import KnownLibc
from linkmode.audit.show import report
from linkmode.messages import UsageError, did_you_mean
from linkmode.model.values import LINK_MODES, LinkMode

_FAILED = 1
_NOT_AUDITED = 3


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--expect", type=click.Choice(LINK_MODES), help="The link mode that every file must have.")
@click.option("--machine", metavar="CPU", help="The CPU that every file must be for, as reports name it: x86_64.")
@click.option("--libc", type=click.Choice(get_args(KnownLibc)), help="The libc that every file must use or hold.")
@click.option("--max-glibc", metavar="X.Y", help="The newest glibc release that a symbol version may ask for.")
@click.option("--allow", multiple=True, metavar="SONAME", help="A library outside libc that may be needed; repeatable.")
@click.option("--deny-rpath", is_flag=True, help="Refuse DT_RPATH and DT_RUNPATH.")
@click.option("--require-pie", is_flag=True, help="Refuse a program that is loaded at a fixed address.")
@click.option("--require-relro", type=click.Choice(("partial", "full")), help="The least RELRO that a file must have.")
@click.option("--policy", "platform", metavar="NAME", help="A platform that must suffice: scratch, manylinux_2_28, …")
@click.option("--cpu", type=click.Choice(hardening.LEVELS), help="The most that a file may need of an x86-64 CPU.")
@click.option("--allow-static-glibc", is_flag=True, help="Let `--expect static` pass a file with glibc inside.")
@click.option("--allow-payload", is_flag=True, help="Let --expect and --policy pass a file with more behind it.")
@click.option("--headers-only", is_flag=True, help="Read no file whole: less is said, and it takes far less time.")
@click.option("--verbose", is_flag=True, help="Print every fact of every file, where one line of each is the rule.")
@click.option("--all", "names_all", is_flag=True, help="Name what is passed over in folders and archives, and why.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes at most; as many as there are CPUs.")
@click.option("--tree", "is_tree", is_flag=True, help="Print what each file loads, and what that loads.")
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), metavar="DIR", help="The root for --tree and --html."
)
@click.option("--diff", "is_diff", is_flag=True, help="Compare two paths; exit 1 when they differ.")
@click.option("--archive", "archives", multiple=True, metavar="LIB.a", help="A static library to tell the share of.")
@click.option(
    "--html", "page", type=click.Path(dir_okay=False), metavar="FILE", help="Write the report as a page, too."
)
@click.option("--json", "is_json", is_flag=True, help="Print the report as JSON (docs/reference/audit.md).")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    expect: LinkMode | None,
    machine: str | None,
    libc: KnownLibc | None,
    max_glibc: str | None,
    allow: tuple[str, ...],
    require_relro: Literal["partial", "full"] | None,
    platform: str | None,
    cpu: str | None,
    jobs: int | None,
    root: str | None,
    archives: tuple[str, ...],
    page: str | None,
    *,
    deny_rpath: bool,
    allow_static_glibc: bool,
    allow_payload: bool,
    require_pie: bool,
    headers_only: bool,
    verbose: bool,
    names_all: bool,
    is_tree: bool,
    is_diff: bool,
    is_json: bool,
) -> None:
    """Say what each file really is, from its ELF program headers: link mode, libc, interpreter, needed libraries.

    A PATH is a file; a folder, with all that is in it; a tar archive (also with gzip, bzip2, xz or zstd), a zip
    archive, a wheel or a Debian package; or a container image, as `docker save` and skopeo write it.

    Exits 0 when all holds, 1 when an expectation does not hold, 3 when a file could not be audited.
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
    if platform is not None and hardening.platform_named(platform) is None:
        raise UsageError(
            f"--policy takes a platform, not {platform!r}{did_you_mean(platform, platforms.load())}",
            hint=f"one of {', '.join(platforms.load())}, or a tag of wheels such as manylinux_2_28, manylinux2014 or "
            "musllinux_1_2, with or without a CPU at its end",
        )
    absent = [path for path in paths if not os.path.lexists(path)]  # any bytes a command line can hold
    if absent and not (is_tree and root is not None):
        shown = ", ".join(map(displayed, absent))
        raise UsageError(f"no such file or folder: {shown}", hint="nothing was audited; correct the path")
    wanted = Expectations(
        machine=machine,
        libc=libc,
        mode=expect,
        max_glibc=max_glibc,
        allow=allow,
        deny_rpath=deny_rpath,
        allow_static_glibc=allow_static_glibc,
        allow_payload=allow_payload,
        require_pie=require_pie,
        require_relro=require_relro,
        policy=platform,
        cpu=cpu,
    )
    idle = {"--all": names_all, "--archive": bool(archives), "--headers-only": headers_only and not is_diff}
    _check_views(wanted, root, page, [name for name, is_given in idle.items() if is_given], is_tree, is_diff)
    settings = run.Settings(wanted=wanted, with_contents=not headers_only, archives=archives)
    if is_tree or is_diff:
        from linkmode.cli import audit_views  # only these need them

        if is_tree:
            ctx.exit(audit_views.show_trees(paths, root or "/", is_json=is_json))
        ctx.exit(audit_views.show_difference(paths, settings, jobs or _cpus(), is_json=is_json))
    outcome = run.run(paths, settings, jobs or _cpus())
    outcome = msgspec.structs.replace(outcome, audited=_advised(outcome.audited))
    named = outcome.passed_over if names_all else ()
    summary = report.summarise(outcome.audited, outcome.passed_over)
    if page is not None:
        from linkmode.cli import audit_views  # only these need them

        audit_views.write_page(page, outcome.audited, summary, named, root or "/")
    if is_json:
        click.echo(report.as_json(outcome.audited, summary, named), nl=False)
    elif sys.stdout.isatty() and not verbose:
        # Only a terminal needs them, and they take longer to import than most files to audit.
        from rich.console import Console

        from linkmode.audit.show import table

        table.show(outcome.audited, summary, named, Console(highlight=False))
    elif len(outcome.audited) > 1 and not verbose:
        from linkmode.audit.show import overview

        texts = [overview.as_text(outcome.audited, summary), *map(report.passed_over_as_text, named)]
        click.echo("\n".join(texts), nl=False)
    else:
        texts = [*map(report.as_text, outcome.audited), *map(report.passed_over_as_text, named)]
        click.echo("\n".join(filter(None, texts)), nl=False)
    click.echo("".join(map(report.complaints, outcome.audited)), nl=False, err=True)
    if not sys.stdout.isatty() and (len(outcome.audited) > len(paths) or outcome.passed_over):
        click.echo(report.in_words(summary), err=True)
    if summary.not_audited:
        ctx.exit(_NOT_AUDITED)
    if summary.failed:
        ctx.exit(_FAILED)


def _check_views(
    wanted: Expectations,
    root: str | None,
    page: str | None,
    idle: list[str],
    is_tree: bool,
    is_diff: bool,
) -> None:
    # An option that a view has no use for is refused, so that nobody takes it for answered.
    if is_tree and is_diff:
        raise UsageError("--tree and --diff are different views", hint="run linkmode audit twice")
    if root is not None and not is_tree and page is None:
        raise UsageError("--root says where --tree and --html look for libraries", hint="add one, or drop --root")
    if page is not None and (is_tree or is_diff):
        raise UsageError("--html is the report as a page, and has trees in it", hint="drop --tree and --diff")
    view = "--tree" if is_tree else "--diff"
    if (is_tree or is_diff) and idle:
        raise UsageError(f"{view} has no use for {' and '.join(idle)}", hint=f"drop {' and '.join(idle)}")
    if (is_tree or is_diff) and wanted != Expectations(allow=wanted.allow if is_diff else ()):
        raise UsageError(f"{view} checks no expectation", hint="run linkmode audit once more, without it")


def _advised(audited: tuple[report.Audited, ...]) -> tuple[report.Audited, ...]:
    # The catalogue has advisories of its own libraries; most files hold none of them, and then it is not read.
    held = [one.facts.contents if one.facts else None for one in audited]
    if not any(map(components.families, held)):
        return audited
    from linkmode import pipeline

    known = pipeline.advisories_by_family()
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
