"""Unpacks an artifact of the store once."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from linkmode.archives.unpack import extract_from
from linkmode.messages import IntegrityError, Message, Run
from linkmode.model import textfile
from linkmode.model.locks import Say
from linkmode.model.values import Artifact
from linkmode.store import private, trees
from linkmode.store.files import Store

_BLOCK = 1 << 20


def unpack(artifact: Artifact, store: Store, home: Path, say: Say) -> Path:
    """Unpack what the store holds of an artifact unless that was done; return where.

    The unpacked bytes themselves are verified, for a file of any owner. Raises IntegrityError when the archive is not
    to be trusted, ConfigError when the system refuses.
    """
    folder = trees.unpacked(home, artifact)

    def fill(new: Path) -> None:
        with _verified(artifact, store, new.parent) as archive:
            extract_from(archive, new, file=artifact.file, strip_prefix=artifact.strip_prefix)

    trees.make_once(folder, fill, say)
    return folder


@contextlib.contextmanager
def _verified(artifact: Artifact, store: Store, home: Path) -> Iterator[BinaryIO]:
    """The archive of an artifact, open; a nameless copy of it where somebody else could still change it."""
    path, digest = store.file(artifact.checksum), hashlib.new(artifact.checksum.algorithm)
    with contextlib.ExitStack() as opened:
        archive: BinaryIO = opened.enter_context(textfile.open_regular(path))
        copy = None
        if not private.is_own(os.fstat(archive.fileno())):
            copy = opened.enter_context(tempfile.TemporaryFile(dir=home))
        while block := archive.read(_BLOCK):
            digest.update(block)
            if copy is not None:
                copy.write(block)
        if digest.hexdigest() != artifact.checksum.hex:
            raise IntegrityError(
                f"{artifact.name}: {path} is damaged: its {artifact.checksum.algorithm} is {digest.hexdigest()}",
                expected=str(artifact.checksum),
                hint=Message("replace it with: ", Run("fetch")),
            )
        whole = archive if copy is None else copy
        whole.seek(0)
        yield whole
