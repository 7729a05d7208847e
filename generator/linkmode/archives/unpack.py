"""Unpacks an untrusted archive into a folder. What is refused and why: docs/decisions/0005-safe-extraction.md.

The bytes of an archive were verified before, but the author of the pin may have meant harm, or been deceived.
"""

import os
from pathlib import Path
from typing import BinaryIO

from linkmode.archives import tar, zip  # noqa: A004 - a module of ours, never the built-in
from linkmode.archives.compression import decompress, name_of
from linkmode.archives.members import Bounds, Budget, Members, NotAnArchive, Policy, Refusal, parts
from linkmode.archives.tree import Tree
from linkmode.messages import IntegrityError

_COMPRESSED = {".tar.gz": "gzip", ".tgz": "gzip", ".tar.xz": "xz"}
_LONGEST_SHOWN = 200

_HINT = (
    "nothing of it was kept. The archive is as it was pinned, so its publisher made it so: lock another version or "
    "source, and report this to the publisher"
)


def extract(archive: Path, into: Path, *, file: str, strip_prefix: str) -> None:
    """Unpack the archive at a path: see `extract_from`."""
    with archive.open("rb") as stream:
        extract_from(stream, into, file=file, strip_prefix=strip_prefix)


def extract_from(archive: BinaryIO, into: Path, *, file: str, strip_prefix: str) -> None:
    """Unpack an archive, open at its begin, into the empty folder ``into``, and make everything in it read-only.

    ``file`` is the archive's file name, which says its format. Of the members, those below ``strip_prefix`` are
    unpacked, without it; all of them are checked. What was written stays when an error is raised: ``into`` is the
    caller's.

    Raises:
        IntegrityError: the archive is not what it should be; names the archive, the member, and what was expected.
        OSError: the system refuses to read or write.
    """
    prefix = tuple(part for part in strip_prefix.split("/") if part)
    try:
        bounds = Bounds.to_unpack(os.fstat(archive.fileno()).st_size)
        _unpack(members_of(archive, file, bounds), into, prefix, bounds)
    except Refusal as refusal:
        where = f"{file}: {_shown(refusal.member)}" if refusal.member else file
        raise IntegrityError(
            f"{where}: {refusal.problem}", expected="an archive whose members stay inside of it", hint=_HINT
        ) from refusal


def _unpack(members: Members, into: Path, prefix: tuple[str, ...], bounds: Bounds) -> None:
    outside: set[str] = set()
    found = False
    with Tree(into, bounds) as tree:
        for member in members:
            path = parts(member.name)
            if path[: len(prefix)] != prefix:
                outside.add(path[0] if path else ".")
                continue
            path = path[len(prefix) :]
            if not path and member.kind != "folder":
                raise Refusal(f"a {member.kind} instead of the archive's root; expected a folder", member.name)
            found = found or bool(path)
            tree.add(path, member, prefix)
        tree.finish()
    if not found:
        names = ", ".join(sorted(outside)[:5])
        raise Refusal(f"nothing in {'/'.join(prefix) or 'it'}{f'; it holds {names}' if names else ''}")


def members_of(stream: BinaryIO, file: str, bounds: Bounds) -> Members:
    """Yield the members of an archive, whose ``file`` name says its format, as they may be unpacked.

    Raises Refusal, as reading them does.
    """
    budget = Budget(bounds)
    for ending, name in _COMPRESSED.items():
        if file.endswith(ending):
            found = name_of(stream.read(8))
            stream.seek(0)
            if found != name:
                raise NotAnArchive(f"{found or 'other'} data; expected {name}, as its name says")
            return tar.members(decompress(name, stream, budget), budget, Policy.UNPACK)
    if file.endswith((".whl", ".zip")):
        return zip.members(stream, budget, Policy.UNPACK)
    raise NotAnArchive("an archive of a format that is not known; expected .tar.gz, .tgz, .tar.xz, .whl or .zip")


def _shown(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…")
