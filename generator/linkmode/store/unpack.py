"""An artifact of the store, unpacked once."""

from pathlib import Path

from linkmode.archives.unpack import extract
from linkmode.model.values import Artifact
from linkmode.store import trees
from linkmode.store.files import Store


def unpack(artifact: Artifact, store: Store, home: Path) -> Path:
    """Unpack what the store holds of an artifact, which the caller has verified, unless that was done; return where.

    Raises IntegrityError when the archive is not to be trusted, ConfigError when the system refuses.
    """
    folder = trees.unpacked(home, artifact)
    archive = store.file(artifact.checksum)
    trees.make_once(folder, lambda new: extract(archive, new, file=artifact.file, strip_prefix=artifact.strip_prefix))
    return folder
