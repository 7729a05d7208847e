"""``linkmode generate``: write the rule library that linkmode.lock gives."""

from pathlib import Path

import click

from linkmode import pipeline


@click.command("generate")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the folder is not what would be written.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print what would change as a unified diff.")
@click.option("--force", is_flag=True, help="Overwrite files in the way that linkmode did not generate.")
def command(*, check: bool, show_diff: bool, force: bool) -> None:
    """Write the rule library, all of it in one step.

    Only files that linkmode generated are changed or removed. When nothing has to change, nothing is written.
    """
    output = pipeline.generated(Path())
    if show_diff:
        click.echo(pipeline.unified(output), nl=False)
    if check:
        pipeline.check(output)
    if check or show_diff:
        return
    changes = pipeline.save(output, force=force)
    for verb, paths in (("created", changes.created), ("changed", changes.changed), ("removed", changes.removed)):
        for path in paths:
            click.echo(f"{verb} {output.label}/{path}")
    if not changes:
        click.echo(f"{output.label} is up to date")
