"""The option of every command that downloads."""

import click

from linkmode.fetch.artifacts import DEFAULT_JOBS

jobs = click.option(
    "--jobs",
    default=DEFAULT_JOBS,
    type=click.IntRange(1, 64),
    show_default=True,
    help="Download at most N archives at once.",
)
