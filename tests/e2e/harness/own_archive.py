"""Archives that the tests make of files they have, and what a [[pin]] says of them."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def pack(archive: Path, prefix: str, files: Mapping[str, bytes]) -> None:
    """Write a .tar.gz of ``files`` whose bytes do not depend on when it is written."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_suffix(".part")
    with (
        part.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0, compresslevel=1) as packed,
        tarfile.open(fileobj=packed, mode="w") as out,
    ):
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(f"{prefix}/{name}")
            member.size, member.mode = len(data), 0o755
            out.addfile(member, io.BytesIO(data))
    part.replace(archive)


def describe(archive: Path, family: str, version: str, layout: str, prefix: str) -> dict[str, Any]:
    """Return the [[pin]] of ``archive``. Nothing answers at its first URL, by which the store knows it."""
    data = archive.read_bytes()
    return {
        "family": family,
        "version": version,
        "file": archive.name,
        "urls": [f"https://{family}.invalid/{archive.name}", archive.as_uri()],
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "layout": layout,
        "strip-prefix": prefix,
    }
