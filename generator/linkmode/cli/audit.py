"""``linkmode audit``: say what a binary really is, and whether that is what was expected."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Literal, get_args

import click
import msgspec

from linkmode.audit import run
from linkmode.audit.inputs.find import STDIN
from linkmode.audit.judge import hardening, platforms
from linkmode.audit.judge.verdict import Expectations
from linkmode.audit.naming import displayed
from linkmode.audit.read import components
from linkmode.audit.read.libc import version_number
from linkmode.audit.read.policy import KnownLibc
from linkmode.audit.show import report
from linkmode.cli import audit_options, places
from linkmode.messages import UsageError, did_you_mean
from linkmode.model.values import LINK_MODES, LinkMode

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
@click.option("--html", "page", type=places.Report("<"), metavar="FILE", help="Also write the report as an HTML page.")
@click.option("--sbom", type=click.Choice(("cyclonedx", "spdx")), help="Print what is linked inside, as JSON.")
@click.option(
    "--lock",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="The linkmode.lock from which --sbom takes the versions of what was linked in.",
)
@click.option("--sarif", type=places.Report("{"), metavar="FILE", help="Also write failed expectations as SARIF.")
@click.option(
    "--github", is_flag=True, help="Also print failed expectations as annotations of GitHub Actions, on stderr."
)
@click.option("--junit", type=places.Report("<"), metavar="FILE", help="Also write a JUnit test case for each file.")
@click.option("--json", "is_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    expect: LinkMode | None,
    machine: str | None,
    abi: tuple[str, ...],
    libc: KnownLibc | None,
    max_glibc: str | None,
    like_lock: str | None,
    allow: tuple[str, ...],
    require_relro: Literal["partial", "full"] | None,
    require: tuple[str, ...],
    platform: str | None,
    cpu: str | None,
    jobs: int | None,
    root: str | None,
    archives: tuple[str, ...],
    page: str | None,
    sbom: Literal["cyclonedx", "spdx"] | None,
    lock: str | None,
    sarif: str | None,
    junit: str | None,
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
    sizes: bool,
    github: bool,
) -> None:
    """Report what each file really is, from its ELF program headers: link mode, libc, interpreter, needed libraries.

    A PATH is a file, a folder with all that is in it, or - for standard input. A file may be a tar, cpio or zip
    archive, a wheel, a jar, or a package of Debian, RPM, Alpine or Conda, compressed or not. It may also be a container
    image, as `docker save` and skopeo write it.

    Exits with 0 if every expectation holds, 1 if one does not, and 3 if a file could not be audited.
    """
    if max_glibc is not None and version_number(max_glibc) is None:
        raise UsageError(
            f"--max-glibc takes a glibc release, not {max_glibc!r}",
            expected="two numbers, such as 2.28",
            hint="write it as in --max-glibc 2.28",
        )
    machine, abi = audit_options.machine_and_abi(machine, abi)
    if platform is not None and hardening.platform_named(platform) is None:
        raise UsageError(
            f"--policy takes a platform, not {platform!r}{did_you_mean(platform, platforms.load())}",
            expected="a platform, or a tag of wheels",
            hint=f"one of {', '.join(platforms.load())}, or a tag of wheels such as manylinux_2_28, manylinux2014 or "
            "musllinux_1_2, with or without a CPU at its end",
        )
    hardened = audit_options.guards(require)
    absent = [
        path for path in paths if path != STDIN and not os.path.lexists(path)
    ]  # any bytes a command line can hold
    if absent and not (is_tree and root is not None):
        shown = ", ".join(map(displayed, absent))
        raise UsageError(
            f"no such file or folder: {shown}",
            expected="paths that are there",
            hint="nothing was audited; correct the path",
        )
    wanted = Expectations(
        machine=machine,
        abi=abi,
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
        require=hardened,
    )
    if like_lock is not None:
        wanted = audit_options.like_lock(wanted, like_lock)
    others = {"--sbom": sbom is not None, "--sarif": sarif is not None, "--junit": junit is not None}
    others |= {"--github": github, "--sizes": sizes}
    idle = {"--all": names_all, **others, "--archive": bool(archives), "--headers-only": headers_only and not is_diff}
    audit_options.check_views(
        wanted, root, page, [name for name, is_given in idle.items() if is_given], is_tree, is_diff
    )
    if sbom is not None and (is_json or headers_only):
        raise UsageError(
            "--sbom prints a document of its own, and reads every byte for it",
            expected="--sbom alone",
            hint="drop --json and --headers-only",
        )
    if sizes and (is_json or sbom is not None or headers_only):
        raise UsageError(
            "--sizes prints sections, for people to read",
            expected="--sizes without --json",
            hint="drop it; --json has every section",
        )
    if lock is not None and sbom is None:
        raise UsageError(
            "--lock is for --sbom: it names the versions of what was linked in",
            expected="--sbom beside --lock",
            hint="add --sbom cyclonedx, or drop --lock",
        )
    stdin = ctx.with_resource(_standard_input()) if STDIN in paths else None
    settings = run.Settings(
        wanted=wanted,
        with_contents=not headers_only,
        archives=archives,
        stdin=stdin,
        with_images=verbose or is_json or is_diff or page is not None,
    )
    if is_tree or is_diff:
        from linkmode.cli import audit_views  # only these need them

        if is_tree:
            ctx.exit(audit_views.show_trees(paths, settings, root, is_json=is_json))
        ctx.exit(audit_views.show_difference(paths, settings, jobs or _cpus(), is_json=is_json))
    outcome = run.run(paths, settings, jobs or _cpus())
    outcome = msgspec.structs.replace(outcome, audited=_advised(outcome.audited))
    named = outcome.passed_over if names_all else ()
    summary = report.summarise(outcome.audited, outcome.passed_over)
    if page is not None:
        from linkmode.cli import audit_views  # only these need them

        audit_views.write_page(page, outcome.audited, summary, named, root or "/")
    if sarif is not None or junit is not None:
        from linkmode.cli import audit_views  # only these need them

        audit_views.write_for_ci(outcome.audited, sarif, junit)
    if github:
        from linkmode.audit.show import ci  # only this needs it

        click.echo(ci.as_annotations(outcome.audited), nl=False, err=True)
    if sizes:
        from linkmode.audit.show import sizes as table_of_sizes  # only this needs it

        click.echo("\n".join(map(table_of_sizes.as_text, outcome.audited)), nl=False)
    elif sbom is not None:
        from linkmode.cli import audit_views  # only these need them

        click.echo(audit_views.bill_of_materials(outcome.audited, sbom, lock), nl=False)
    elif is_json:
        click.echo(report.as_json(outcome.audited, summary, named, outcome.wheels), nl=False)
    elif sys.stdout.isatty() and not verbose:
        # Only a terminal needs them, and they take longer to import than most files to audit.
        from rich.console import Console

        from linkmode.audit.show import table

        table.show(outcome.audited, summary, named, Console(highlight=False))
        click.echo("".join(map(report.wheel_as_text, outcome.wheels)), nl=False)
    elif len(outcome.audited) > 1 and not verbose:
        from linkmode.audit.show import overview

        texts = [overview.as_text(outcome.audited, summary), *map(report.passed_over_as_text, named)]
        click.echo("".join(map(report.wheel_as_text, outcome.wheels)) + "\n".join(texts), nl=False)
    else:
        from linkmode.audit.show import brief

        whole = report.as_text if verbose else brief.as_brief
        texts = [*map(whole, outcome.audited), *map(report.passed_over_as_text, named)]
        click.echo("".join(map(report.wheel_as_text, outcome.wheels)) + "\n".join(filter(None, texts)), nl=False)
    click.echo("".join(map(report.complaints, outcome.audited)), nl=False, err=True)
    if not sys.stdout.isatty() and (len(outcome.audited) > len(paths) or outcome.passed_over):
        click.echo(report.in_words(summary), err=True)
    if summary.not_audited:
        ctx.exit(_NOT_AUDITED)
    if summary.failed:
        ctx.exit(_FAILED)


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
