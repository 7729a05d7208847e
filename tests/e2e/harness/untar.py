"""Unpacks what a test trusts: Debian 12 has Python 3.11.2, and the filters of tarfile came with 3.11.4."""

import tarfile
from collections.abc import Iterable
from pathlib import Path


def untar(archive: tarfile.TarFile, into: Path, members: Iterable[tarfile.TarInfo] | None = None) -> None:
    """Unpack ``members``, or all of them, with tarfile's filter "data" where there is one."""
    archive.extraction_filter = getattr(tarfile, "data_filter", None)
    archive.extractall(into, members)
