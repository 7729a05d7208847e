"""Unpacks artifacts of the store, each once; touches no network."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from linkmode.fetch import artifacts as fetch
from linkmode.fetch import progress
from linkmode.model.values import Artifact
from linkmode.store import unpack as unpacking
from linkmode.store.files import Store, default_root


def unpack(
    artifacts: Sequence[Artifact], home: Path, *, root: Path, store: Path | None, say: Callable[[str], None]
) -> None:
    """Unpack each into the cache ``home``; ``root`` is the folder of the lock's relative paths.

    Raises:
        NetworkError: an archive is not in the store.
        IntegrityError: an archive is damaged in the store, or not to be trusted.
        ConfigError: the cache cannot be written.
    """
    place = Store(store or default_root())
    with progress.on(sys.stderr) as shown:
        fetch.fetch_all(artifacts, place, fetch.Options(base=root, offline=True), shown)
    for artifact in artifacts:
        say(f"unpacking {artifact.name}, once")
        unpacking.unpack(artifact, place, home, say)
