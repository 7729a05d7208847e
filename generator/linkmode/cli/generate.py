"""``linkmode generate``: write the rule library of linkmode.lock, and the blocks in the user's Bazel files."""

from pathlib import Path

import click

from linkmode import pipeline


@click.command("generate")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if any file differs from what would be written."
)
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print the changes as a unified diff.")
@click.option("--no-edit", is_flag=True, help="Do not edit your own files; print the blocks that they need.")
@click.option(
    "--force", is_flag=True, help="Overwrite files that linkmode did not generate, where they are in the way."
)
def command(*, check: bool, show_diff: bool, no_edit: bool, force: bool) -> None:
    """Write the rule library in one atomic step, and the blocks that your own files need.

    Only files that linkmode generated are changed or removed. In MODULE.bazel, WORKSPACE, .bazelrc, .bazelignore and
    .buckconfig linkmode writes one marked block each, and none where you say the same by hand. When nothing has to
    change, nothing is written.
    """
    output = pipeline.generated(Path())
    edits = pipeline.edits(Path())
    if show_diff:
        click.echo(pipeline.unified(output) + pipeline.unified_edits(edits), nl=False)
    if check:
        pipeline.check(output)
        if not no_edit:
            pipeline.check_edits(edits)
    if check or show_diff:
        return
    changes = pipeline.save(output, force=force)
    for verb, paths in (("created", changes.created), ("changed", changes.changed), ("removed", changes.removed)):
        for path in paths:
            click.echo(f"{verb} {output.label}/{path}")
    if edits:
        click.echo(pipeline.unified_edits(edits), nl=False)
    if edits and no_edit:
        click.echo("--no-edit: nothing was written to your files; add these lines yourself", err=True)
    elif edits:
        pipeline.save_edits(Path(), edits)
    if not changes and not edits:
        click.echo(f"{output.label} is up to date")
