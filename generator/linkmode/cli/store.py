"""``linkmode store``: print the place of the store, verify it, and remove what is unused."""

import itertools
import time
from collections import Counter
from pathlib import Path

import click

from linkmode.cli import places
from linkmode.messages import ConfigError, IntegrityError, Message, UsageError
from linkmode.store import sweep, trees, upkeep
from linkmode.store.files import Store, default_root

_SECONDS_A_DAY = 86_400
_MARKS = ("content_addressable", "linkmode")
"""The folders that a store consists of."""


@click.group("store", help="Show, verify and clean the store of archives.")
def command() -> None:
    """Hold the three subcommands together."""


@command.command()
@places.store
def path(store: Path | None) -> None:
    """Print the store's folder."""
    click.echo(store or default_root())


@command.command()
@places.store
def verify(store: Path | None) -> None:
    """Verify every archive of the store; name the damaged ones and exit with 5.

    Reads all archives there, also those of other projects and those that Bazel fetched itself.
    """
    place = _existing(store)
    count, broken = 0, []
    for checksum, is_damaged in upkeep.damaged(place):
        count += 1
        if is_damaged:
            broken.append(f"damaged: {place.file(checksum)}")
    if broken:
        raise IntegrityError(
            "\n".join(broken),
            expected="archives and folders as they were fetched",
            hint=Message(("fetch"), " replaces the archives that the lock names; delete the folder of any other"),
        )
    click.echo(f"{count} archives, none damaged")


@command.command()
@places.store
@click.option(
    "--days", type=click.IntRange(0), default=90, show_default=True, help="Keep what was used in the last N days."
)
@click.option("--dry-run", is_flag=True, help="Remove nothing; print what would be removed.")
def gc(store: Path | None, days: int, *, dry_run: bool) -> None:
    """Remove archives, partial downloads and unpacked archives that neither linkmode nor Bazel has used lately.

    Age decides, not the lock, because other projects may share the store. Keeps what a running linkmode, or a command
    that linkmode exec started, is using. Do not run it while Bazel fetches.
    """
    place = _existing(store)
    homes = dict.fromkeys([trees.home(store), place.root / "linkmode"])
    before = time.time() - days * _SECONDS_A_DAY
    freed, kept, refused = 0, Counter[str](), list[ConfigError]()
    sweeps = [sweep.clear(home, before, pretend=dry_run) for home in homes]
    for found in itertools.chain(upkeep.clear(place, before, pretend=dry_run), *sweeps):
        if not found.kept:
            freed += found.size
            click.echo(f"{'would remove' if dry_run else 'removed'} {found.path} ({found.size:,} bytes)")
        elif found.kept == "used since":
            kept[found.kind] += 1
        else:
            click.echo(f"kept {found.path}: {found.kept}")
            refused += [found.error] if found.error else []
    click.echo(f"{freed:,} bytes {'would be freed' if dry_run else 'freed'}")
    if kept:
        listed = ", ".join(f"{count} x {kind}" for kind, count in kept.items())
        click.echo(f"kept, used in the last {days} days: {listed}")
    if locks := sum(map(sweep.locks, homes)):
        click.echo(f"kept {locks} lock files: they are empty, and another run may be waiting for them")
    if refused:
        raise refused[0]


def _existing(given: Path | None) -> Store:
    """Return the store to look into. A named one must exist; in the default place there may be none yet."""
    if given is None:
        return Store(default_root())
    hint = "name the folder that `linkmode fetch --store` filled, or unset LINKMODE_STORE"
    if not given.is_dir():
        raise UsageError(f"--store {given}: the folder does not exist", expected="a folder that is there", hint=hint)
    if any(given.iterdir()) and not any((given / name).is_dir() for name in _MARKS):
        raise UsageError(
            f"--store {given}: this is not a store: it contains no {' and no '.join(_MARKS)}",
            expected=f"a folder that contains one of {', '.join(_MARKS)}",
            hint=hint,
        )
    return Store(given)
