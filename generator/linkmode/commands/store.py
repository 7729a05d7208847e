"""``linkmode store``: where the store lies, whether it is sound, and what in it has not been used for long."""

import time
from pathlib import Path

import click

from linkmode.errors import IntegrityError
from linkmode.fetch import Store, default_root, upkeep

_SECONDS_A_DAY = 86_400

_store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    envvar="LINKMODE_STORE",
    help="Another store than Bazel's repository cache.",
)


@click.group("store", help="Show, verify and clear out the store of archives.")
def command() -> None:
    """Hold the three subcommands together."""


@command.command()
@_store_option
def path(store: Path | None) -> None:
    """Print the store's folder."""
    click.echo(store or default_root())


@command.command()
@_store_option
def verify(store: Path | None) -> None:
    """Read every archive again and name those that are damaged, which exits with 5.

    The store may hold archives of other projects, and those that Bazel fetched itself: they are read too.
    """
    place = Store(store or default_root())
    count, broken = 0, []
    for checksum, is_damaged in upkeep.damaged(place):
        count += 1
        if is_damaged:
            broken.append(f"damaged: {place.file(checksum)}")
    if broken:
        raise IntegrityError(
            "\n".join(broken), hint="linkmode fetch replaces what the lock names; delete the folder of any other"
        )
    click.echo(f"{count} archives, none damaged")


@command.command()
@_store_option
@click.option("--days", type=click.IntRange(0), default=90, show_default=True, help="Spare what was used since.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def gc(store: Path | None, days: int, *, dry_run: bool) -> None:
    """Remove archives, and partial downloads, that neither linkmode nor Bazel has used for a while.

    By age and not by lock, for other projects may share the store. Don't run it while Bazel fetches.
    """
    freed = 0
    for leftover in upkeep.clear(Store(store or default_root()), time.time() - days * _SECONDS_A_DAY, pretend=dry_run):
        freed += leftover.size
        click.echo(f"{'would remove' if dry_run else 'removed'} {leftover.path} ({leftover.size:,} bytes)")
    click.echo(f"{freed:,} bytes {'would be freed' if dry_run else 'freed'}")
