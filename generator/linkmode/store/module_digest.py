"""Reads the archive of a Go module for the digest that go.sum has of it."""

import hashlib
import os
from pathlib import Path

from linkmode.archives import zip  # noqa: A004 - a module of ours, never the built-in
from linkmode.archives.members import Bounds, Budget, Policy, Refusal
from linkmode.model.failures import WrongBytesError
from linkmode.model.module_digest import h1

_BLOCK = 1 << 20


def of(archive: Path) -> str:
    """Return the digest of the files in a module's archive; raise WrongBytesError where it is no such archive."""
    return h1(of_files(archive))


def of_files(archive: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in a module's archive; raise WrongBytesError where it is no such archive."""
    listed = {}
    try:
        with archive.open("rb") as stream:
            budget = Budget(Bounds.to_unpack(os.fstat(stream.fileno()).st_size))
            for member in zip.members(stream, budget, Policy.UNPACK):
                if member.kind == "file":
                    digest = hashlib.sha256()
                    while block := member.body.read(_BLOCK):
                        digest.update(block)
                    listed[member.name] = digest.hexdigest()
    except Refusal as refusal:
        raise WrongBytesError(f"the module's archive cannot be read: {refusal.problem}") from refusal
    if any("\n" in name for name in listed):
        raise WrongBytesError("the module's archive has a name with a line break, which no module has")
    return listed
