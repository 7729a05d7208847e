"""An artifact of the store, unpacked once."""

from pathlib import Path

from linkmode import cache
from linkmode.fetch.archive import extract
from linkmode.fetch.store import Store
from linkmode.model import Artifact


def unpack(artifact: Artifact, store: Store, home: Path) -> Path:
    """Unpack what the store holds of an artifact, which the caller has verified, unless that was done; return where.

    Raises IntegrityError when the archive is not to be trusted, ConfigError when the system refuses.
    """
    folder = cache.unpacked(home, artifact)
    archive = store.file(artifact.checksum)
    cache.make_once(folder, lambda new: extract(archive, new, file=artifact.file, strip_prefix=artifact.strip_prefix))
    return folder
