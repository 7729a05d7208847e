"""The other views of ``linkmode audit``: dependency trees and differences. Each returns an exit code."""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from linkmode.audit import run, together
from linkmode.audit.inputs.find import Found, find
from linkmode.audit.load import tree
from linkmode.audit.load.loaded import Tree
from linkmode.audit.naming import displayed
from linkmode.audit.read.image import NotAudited, NothingToAudit
from linkmode.audit.show import diff, report
from linkmode.messages import Message, Run, UsageError

if TYPE_CHECKING:
    from linkmode.audit.show.sbom import Pinned

FAILED = 1
NOT_AUDITED = 3


def show_trees(paths: tuple[str, ...], settings: run.Settings, root: str | None, *, is_json: bool) -> int:
    """Print what each file loads: 1 when something is not found, 3 when a file could not be audited.

    A member of an archive loads what lies in the archive; ``root`` is where all others look.
    """
    trees: list[Tree] = []
    if absent := [
        path for path in paths if path != "-" and not os.path.lexists(path) and not tree.is_there(path, root or "/")
    ]:
        raise UsageError(
            f"no such file or folder: {', '.join(map(displayed, absent))}",
            expected="paths that are there",
            hint="nothing was audited; correct the path",
        )
    problems: list[str] = []
    for path in paths:
        for found in find(path, settings.stdin):
            if found.kind in run.SINGLE:
                trees += _tree(found, root or "/", problems)
                continue
            if root is not None:
                raise UsageError(
                    f"--root is where files look for libraries, and {found.shown} is an archive: a root of its own",
                    expected="a file, or a folder with the files inside",
                    hint="drop --root, or unpack the archive",
                )
            outcome = run.audit_batch((found,), msgspec.structs.replace(settings, with_contents=False))
            trees += together.trees(outcome)
            problems += [f"{one.path}: not audited: {one.error}" for one in outcome.audited if one.error is not None]
            if not outcome.audited:
                problems.append(f"{found.shown}: not audited: no ELF file in it")
    code = NOT_AUDITED if problems else 0
    click.echo("".join(f"{problem}\n" for problem in problems), nl=False, err=True)
    if is_json:
        click.echo(report.trees_as_json(tuple(trees)), nl=False)
    else:
        click.echo("\n".join(map(tree.as_text, trees)), nl=False)
    for one in trees:
        for name in one.missing():
            click.echo(f"{one.path}: {name} is not found", err=True)
            code = code or FAILED
    return code


def _tree(found: Found, root: str, problems: list[str]) -> list[Tree]:
    if found.kind == "unreadable":
        problems.append(f"{found.shown}: not audited: {found.words}")
    if found.kind != "file":
        return []
    try:
        one = tree.read(found.path, root)
    except NotAudited as error:
        if not (found.is_inside and isinstance(error, NothingToAudit)):
            problems.append(f"{found.shown}: not audited: {error.problem}")
        return []
    if not found.name:
        return [one]
    first = msgspec.structs.replace(one.objects[0], path=found.name)
    return [msgspec.structs.replace(one, path=found.name, objects=(first, *one.objects[1:]))]


def show_difference(paths: tuple[str, ...], settings: run.Settings, jobs: int, *, is_json: bool) -> int:
    """Print what changed from the first path to the second: 1 when something did, 3 when one could not be audited."""
    if len(paths) != 2:
        raise UsageError(
            f"--diff compares two paths, and {len(paths)} were given",
            expected="two paths",
            hint=Message(Run("audit", "--diff A B")),
        )
    before, after = (run.run([path], settings, jobs).audited for path in paths)
    found = diff.compare(displayed(paths[0]), before, displayed(paths[1]), after)
    click.echo(diff.as_json(found) if is_json else diff.as_text(found), nl=False)
    broken = [one for one in (*before, *after) if one.error is not None]
    click.echo("".join(map(report.complaints, broken)), nl=False, err=True)
    if broken:
        return NOT_AUDITED
    return FAILED if found.differences else 0


MOST_TREES = 200
"""The number of files up to which a page has whole trees: each tree reads several files."""


def write_page(
    file: str,
    audited: tuple[report.Audited, ...],
    summary: report.Summary,
    passed_over: tuple[report.PassedOver, ...],
    root: str,
) -> None:
    """Write the report as a page, with the trees of those files that lie where a loader can find the rest."""
    from linkmode.audit.show import page  # Jinja

    trees: dict[str, Tree] = {}
    if len(audited) <= MOST_TREES:
        for one in audited:
            if one.facts is not None and os.path.isfile(one.path):  # noqa: PTH113 - members of archives are not
                with contextlib.suppress(NotAudited):
                    trees[one.path] = tree.read(one.path, root)
    Path(file).write_text(page.render(audited, summary, passed_over, trees), encoding="utf-8")


def bill_of_materials(audited: tuple[report.Audited, ...], form: Literal["cyclonedx", "spdx"], lock: str | None) -> str:
    """Return what is linked inside the files, with what the lock at ``lock`` knows of it.

    Its time is SOURCE_DATE_EPOCH, where that is set, or now.
    """
    from linkmode.audit.show import sbom

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    created = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    try:
        return sbom.render(sbom.listed(audited, _pinned(lock)), form, created.replace(microsecond=0))
    except ImportError as error:
        raise UsageError(
            f"--sbom {form} needs a library that is not installed: {error.name}",
            expected="linkmode with its extra for it",
            hint=_EXTRA,
        ) from error


def _pinned(lock: str | None) -> "tuple[Pinned, ...]":
    if lock is None:
        return ()
    from linkmode import pipeline
    from linkmode.audit.show.sbom import Pinned

    return tuple(
        Pinned(part.name, part.version, part.purl, part.license, part.modes, cpu, libc, part.needed == "as needed")
        for part, cpu, libc in pipeline.linked(Path(lock))
    )


_EXTRA = "pip install 'linkmode[sbom]'"


def write_for_ci(audited: tuple[report.Audited, ...], sarif: str | None, junit: str | None) -> None:
    """Write what does not hold in the forms that CI systems read."""
    from linkmode.audit.show import ci

    if sarif is not None:
        Path(sarif).write_text(ci.as_sarif(audited), encoding="utf-8")
    if junit is not None:
        Path(junit).write_text(ci.as_junit(audited), encoding="utf-8")
