"""The digest of a Go module's files, as go.sum has it (``h1:``), in the form of golang.org/x/mod/sumdb/dirhash."""

import base64
import hashlib
import os
from pathlib import Path

from linkmode.archives import zip  # noqa: A004 - a module of ours, never the built-in
from linkmode.archives.members import Bounds, Budget, Policy, Refusal
from linkmode.model.failures import WrongBytesError

_BLOCK = 1 << 20


def of(archive: Path) -> str:
    """Return the digest of the files in a module's archive; raise WrongBytesError where it is no such archive."""
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
    whole = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed)).encode("utf-8", "surrogateescape")
    return f"h1:{base64.b64encode(hashlib.sha256(whole).digest()).decode()}"
