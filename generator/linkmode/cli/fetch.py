"""``linkmode fetch``: download every locked archive into the store and verify it."""

from collections.abc import Iterable
from pathlib import Path

import click

from linkmode import pipeline
from linkmode.cli import again, places, say
from linkmode.cli.jobs import jobs as jobs_option
from linkmode.config import bazel, buck2, find
from linkmode.fetch import air_gap
from linkmode.fetch.artifacts import Options, fetch_all
from linkmode.lock.current import locked_elsewhere
from linkmode.lock.elsewhere import from_package_index
from linkmode.lock.lockfile import FILE
from linkmode.messages import Message, NetworkError, Run, UsageError, did_you_mean
from linkmode.model.values import Artifact
from linkmode.store.files import Store, default_root


@click.command("fetch")
@click.option("--offline", is_flag=True, help="Use no network; exit with 4 and list what is missing.")
@click.option(
    "--only", multiple=True, metavar="NAME", help="Fetch only this archive of the lock, by its name; repeatable."
)
@jobs_option
@places.store
@places.mirror
@click.option(
    "--lock",
    type=places.Named(),
    help="Read this lock instead of linkmode.lock, with the pins and mirrors of the linkmode.toml next to it.",
)
@say.json_option
def command(
    *,
    offline: bool,
    only: tuple[str, ...],
    jobs: int,
    store: Path | None,
    mirror: str | None,
    lock: Path | None,
    as_json: bool,
) -> None:
    """Download every locked archive into the store, and verify those that are there.

    The store is Bazel's own repository cache, so that builds need no network afterwards. Prints one line for each
    artifact: its name, its checksum, and where it came from.
    """
    root = lock.parent if lock else find.root(Path())
    wanted = _choose(locked_elsewhere(lock) if lock else pipeline.locked(root).artifacts, only)
    place = Store(store or default_root())
    say.detail(f"using {lock or root / FILE} and the store {place.root}")
    options = Options(base=root, offline=offline, jobs=jobs, mirror="" if mirror is None else air_gap.mirror(mirror))
    words = [*again.store(store), *(f"--only={name}" for name in only), *(["--lock", str(lock)] if lock else [])]
    with again.repeating({"fetch": words}):
        try:
            with say.progress() as shown:
                results = fetch_all(wanted, place, options, shown)
        except NetworkError as error:
            again_words = [*again.store(store), *again.no_edit()]
            if (
                not lock
                and not offline
                and not options.mirror
                and (other := from_package_index(root, setup=say.is_one_of_several(), options=again_words))
            ):
                error.advice = Message(error.advice, "; or ", other)
            raise
    if as_json:
        rows = [
            {
                "name": one.name,
                "checksum": str(one.checksum),
                "state": one.state,
                "source": one.source,
                "file": str(place.file(one.checksum)),
            }
            for one in results
        ]
        say.as_json(artifacts=rows)
        return
    for result in results:
        state = f"fetched from {result.source}" if result.state == "fetched" else "already in store"
        click.echo(f"{result.name}  {result.checksum}  {state}")
    if not lock and any(result.state == "fetched" for result in results):
        has_rules = bazel.is_root(root) or buck2.is_root(root)
        say.next_step(Message(Run("generate")) if has_rules else Message(Run("exec", "-- make"), ", or any build tool"))


def _choose(artifacts: Iterable[Artifact], only: tuple[str, ...]) -> tuple[Artifact, ...]:
    """Return the artifacts that ``only`` names, in the lock's order; all of them when it names none."""
    by_name = {artifact.name: artifact for artifact in artifacts}
    for name in only:
        if name not in by_name:
            guess = did_you_mean(name, by_name)
            raise UsageError(
                f"--only: the lock has no {name!r}{guess}",
                expected="the name of a locked archive",
                hint=f"use one of: {', '.join(by_name)}",
            )
    return tuple(artifact for name, artifact in by_name.items() if not only or name in only)
