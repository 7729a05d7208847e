"""``linkmode init``: look at the repository, and write a first linkmode.toml."""

import platform
import sys
from pathlib import Path

import click

from linkmode.cli import say
from linkmode.config.output import DEFAULT_OUTPUT
from linkmode.config.starter import DEFAULT_FAMILY, FAMILY_NAMES, create
from linkmode.lock.proposal import propose
from linkmode.messages import Message, Run


@click.command("init")
@click.option(
    "--family", type=click.Choice(FAMILY_NAMES), default=DEFAULT_FAMILY, show_default=True, help="The toolchain family."
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="TRIPLE",
    help="A target to build binaries for; repeatable. The default depends on the family and on this machine's CPU.",
)
@click.option(
    "--output", default=DEFAULT_OUTPUT, show_default=True, metavar="DIR", help="The folder of the rule library."
)
@click.option("--force", is_flag=True, help="Overwrite an existing linkmode.toml.")
def command(family: str, targets: tuple[str, ...], output: str, *, force: bool) -> None:
    """Write a commented linkmode.toml for this repository.

    It asks for the newest compiler of the catalogue without a known vulnerability. Languages and rule sets that it
    finds here become lines to uncomment.
    """
    machine = f"{platform.machine()}-{sys.platform}"
    proposal = propose(Path(), machine, family, targets, output)
    path = create(Path(), proposal.text, force=force)
    click.echo(f"{path} written: {proposal.summary}")
    for remark in proposal.remarks:
        say.note(remark)
    say.next_step(Message(Run("lock")))
