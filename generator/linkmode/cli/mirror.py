"""``linkmode mirror``: write every locked archive into a folder, for machines without a network."""

from pathlib import Path

import click

from linkmode import pipeline
from linkmode.cli import again, places, say
from linkmode.cli.jobs import jobs as jobs_option
from linkmode.config import find
from linkmode.fetch.artifacts import Options, fetch_all
from linkmode.store import mirror
from linkmode.store.files import Store, default_root


@click.command("mirror")
@click.argument("folder", metavar="DIR", type=places.Named())
@click.option("--offline", is_flag=True, help="Use no network; exit with 4 and list what the store lacks.")
@jobs_option
@places.store
def command(folder: Path, *, offline: bool, jobs: int, store: Path | None) -> None:
    """Write an air-gap mirror of every locked archive into DIR.

    DIR is new, empty, or an air-gap mirror, to which missing archives are added. Use it with linkmode fetch --mirror,
    from disk or from any static file server.
    """
    root = find.root(Path())
    wanted = pipeline.locked(root).artifacts
    mirror.check(folder)
    place = Store(store or default_root())
    with again.repeating({"fetch": again.store(store)}):
        with say.progress() as shown:
            fetch_all(wanted, place, Options(base=root, offline=offline, jobs=jobs), shown)
        for artifact, path, copied in mirror.write(wanted, place, folder):
            click.echo(f"{artifact.name}  {path}  {'copied' if copied else 'already there'}")
