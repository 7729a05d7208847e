"""``linkmode generate``: write the rule library of linkmode.lock, and the blocks in the user's Bazel files."""

import os
from pathlib import Path

import click

from linkmode import pipeline
from linkmode.cli import say
from linkmode.config import bazel, find
from linkmode.messages import Message, Run, UsageError


@click.command("generate")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if any file differs from what would be written."
)
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print the changes as a unified diff.")
@click.option("--no-edit", is_flag=True, help="Do not edit your own files; print the blocks that they need.")
@click.option(
    "--force", is_flag=True, help="Overwrite files that linkmode did not generate, where they are in the way."
)
@click.option("--remove", is_flag=True, help="Remove all that generate wrote, from your own files too.")
@say.json_option
def command(*, check: bool, show_diff: bool, no_edit: bool, force: bool, remove: bool, as_json: bool) -> None:
    """Write the rule library in one atomic step, and the blocks that your own files need.

    Only files that linkmode generated are changed or removed. linkmode writes one marked block each into
    MODULE.bazel, WORKSPACE, .bazelrc, .bazelignore and .buckconfig, unless the file has these lines already. When
    nothing has to change, nothing is written.
    """
    root = find.root(Path())
    if remove:
        if check or show_diff or no_edit or force or as_json:
            raise UsageError(
                "--remove is for itself", expected="--remove without other options", hint="drop the other options"
            )
        _remove(root)
        return
    output = pipeline.generated(root)
    if as_json and (check or show_diff):
        raise UsageError(
            "--json prints what was written, and --check and --diff write nothing",
            expected="--json without --check and --diff",
            hint="drop --json",
        )
    say.detail(f"writing to {output.label}")
    if show_diff:
        click.echo(output.unified() + output.unified_edits(), nl=False)
    if check:
        output.check()
        if not no_edit:
            output.check_edits()
    if check or show_diff:
        return
    if not no_edit:
        output.require_own_files()
    changes = output.save(say.note, force=force)
    if not as_json:
        for verb, paths in (("created", changes.created), ("changed", changes.changed), ("removed", changes.removed)):
            click.echo("".join(f"{verb} {output.label}/{path}\n" for path in paths), nl=False)
        if output.edits:
            click.echo(output.unified_edits(), nl=False)
        if output.edits and no_edit:
            click.echo("--no-edit: nothing was written to your files; add these lines yourself", err=True)
    if not no_edit:
        output.remove_former(say.note)  # first: where it fails, the blocks name it in the next run too
        output.save_edits()
    if as_json:
        say.as_json(
            output=output.label,
            created=changes.created,
            changed=changes.changed,
            removed=changes.removed,
            edits=[{"file": edit.file, "written": not no_edit} for edit in output.edits],
        )
    elif not changes and not output.edits:
        click.echo(f"{output.label} is up to date")
    else:
        _say_next(root, output.folder, is_of_bazel=bazel.MODULE in output.tree)


def _say_next(root: Path, folder: Path, *, is_of_bazel: bool) -> None:
    """Say what comes after a rule library in ``folder``: a build, or what Bazel lacks here for one."""
    if bazel.is_root(root):
        say.next_step(Message("bazel build //..., then commit linkmode.toml, linkmode.lock and what was written"))
    elif is_of_bazel and (outer := _exposed(folder)):
        say.last_step(Message(*outer, "; without Bazel: ", Run("exec", "-- make")))
    elif is_of_bazel:
        step = Message(f"write {bazel.MODULE} or WORKSPACE, the root of a Bazel build, and run: ", Run("generate"))
        say.last_step(Message(*step, "; without Bazel: ", Run("exec", "-- make")))


def _exposed(folder: Path) -> Message | None:
    """Return what keeps ``//...`` of a Bazel build above out of the rule library in ``folder``; None where it is."""
    folder = folder.resolve()
    outer = next((above for above in folder.parents if bazel.is_root(above)), None)
    if outer is None:
        return None
    inner, ignore = folder.relative_to(outer), Path(os.path.relpath(outer), ".bazelignore")
    kept_out = bazel.ignored(outer)
    if any(path.as_posix() in kept_out for path in (inner, *inner.parents)):
        return None
    return Message(f"add {inner.as_posix()} to {ignore}, or `bazel build //...` in that folder fails in it")


def _remove(root: Path) -> None:
    """Take away the rule library and the blocks, and leave each of the user's files as it was before."""
    output = pipeline.removal(root)
    click.echo(output.unified_edits(), nl=False)
    output.save_edits()
    changes = output.save(say.note)
    output.sweep()
    click.echo(f"removed {len(changes.removed)} files of {output.label}, and the blocks of {len(output.edits)} files")
    if changes.foreign:
        say.note(f"{output.label} keeps what linkmode did not generate: {', '.join(changes.foreign)}")
    say.next_step(Message("delete linkmode.toml and linkmode.lock, and what you load from @linkmode"))
