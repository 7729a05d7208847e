"""``linkmode init``: write a first linkmode.toml."""

from pathlib import Path

import click

from linkmode.config.document import DEFAULT_OUTPUT
from linkmode.config.starter import DEFAULT_FAMILY, FAMILY_NAMES, create


@click.command("init")
@click.option(
    "--family", type=click.Choice(FAMILY_NAMES), default=DEFAULT_FAMILY, show_default=True, help="The toolchain family."
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="TRIPLE",
    help="A target to build binaries for; repeatable. The default depends on the family.",
)
@click.option(
    "--output", default=DEFAULT_OUTPUT, show_default=True, metavar="DIR", help="The folder of the rule library."
)
@click.option("--force", is_flag=True, help="Overwrite an existing linkmode.toml.")
def command(family: str, targets: tuple[str, ...], output: str, *, force: bool) -> None:
    """Write a commented linkmode.toml for this repository."""
    path = create(Path(), family, targets, output, force=force)
    click.echo(f"{path} written; next: linkmode lock")
