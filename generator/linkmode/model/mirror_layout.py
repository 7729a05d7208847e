"""The layout of an air-gap mirror: files by checksum, an index, and checksum files. Pure.

    linkmode-mirror.json                    what is there, with a format version; also what tells a mirror from a folder
    SHA256SUMS, SHA512SUMS                  for ``sha256sum -c`` and ``sha512sum -c``; the second where there is need
    <sha256|sha512>/<hex>/<file name>       the archives

An archive's place follows from the lock alone, so that a mirror serves every artifact of any source, from disk
or from any server of static files. docs/how-to/air-gap.md describes its use.
"""

import re
from collections.abc import Mapping
from typing import get_args
from urllib.parse import quote

import msgspec

from linkmode.messages import ConfigError
from linkmode.model import field_rules as rules
from linkmode.model import one_json
from linkmode.model.values import Algorithm, Artifact, Checksum

INDEX = "linkmode-mirror.json"
FORMAT = 1
"""The version of the layout and of the index; a mirror of a newer one is left alone."""

EVERYTHING = "*"
"""The key in ``[mirrors]`` for mirrors of this layout, which serve every artifact."""

_SUMS: dict[Algorithm, str] = {"sha256": "SHA256SUMS", "sha512": "SHA512SUMS"}
_FILE = re.compile(r"[A-Za-z0-9_+@~-][A-Za-z0-9._+@~-]*")
_PATH = re.compile(rf"(sha256/[0-9a-f]{{64}}|sha512/[0-9a-f]{{128}})/{_FILE.pattern}")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a mirror. ``size`` is in bytes; ``upstream`` are the URLs that the bytes are pinned under."""

    family: str
    version: str
    size: int
    upstream: tuple[str, ...]


Entries = Mapping[str, Entry]
"""The files of a mirror by their paths in it."""


class _Index(msgspec.Struct, frozen=True):
    version: int
    files: dict[str, Entry]


def path(checksum: Checksum, file: str) -> str:
    """Return where an archive lies in a mirror.

    Raises:
        ConfigError: ``file`` is not a plain name, or the checksum not hexadecimal; a lock of linkmode's has neither.
    """
    if not _FILE.fullmatch(file):
        raise ConfigError(
            f"{file!r} is not a name that a mirror can hold: expected letters, digits and any of ._+@~-",
            hint="give the archive another file name in its [[pin]]",
        )
    return f"{checksum.algorithm}/{checksum.path_part}/{file}"


def url(mirror: str, checksum: Checksum, file: str) -> str:
    """Return the URL of an archive at the mirror that begins with ``mirror``. Raises ConfigError as ``path`` does."""
    return f"{mirror.removesuffix('/')}/{quote(path(checksum, file), safe='/+@~')}"


def entry(artifact: Artifact, size: int, known: Entry | None) -> Entry:
    """Return the entry of an artifact's file; ``known`` is the one that there was for the same path."""
    upstream = {artifact.upstream, *(known.upstream if known else ())}
    return Entry(family=artifact.family, version=artifact.version, size=size, upstream=tuple(sorted(upstream)))


def files(entries: Entries) -> dict[str, bytes]:
    """Return the index and the checksum files by name. Equal entries give equal bytes."""
    found: dict[str, bytes] = {}
    for algorithm in get_args(Algorithm):
        lines = [f"{name.split('/')[1]}  {name}\n" for name in sorted(entries) if name.startswith(f"{algorithm}/")]
        found[_SUMS[algorithm]] = "".join(lines).encode()
    index = _Index(FORMAT, {name: entries[name] for name in sorted(entries)})
    found[INDEX] = msgspec.json.format(msgspec.json.encode(index)) + b"\n"
    return found


def loads(data: bytes, where: str) -> dict[str, Entry]:
    """Return what an index lists; ``where`` names it in messages. Raises ConfigError when it is none that is known."""
    try:
        index = one_json.decode(data, _Index)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigError(
            f"{where} is not the index of a mirror: {error}",
            expected="what `linkmode mirror` writes",
            hint="name a new folder, or delete that file's folder",
        ) from error
    if index.version != FORMAT:
        raise ConfigError(
            f"{where} has format version {index.version}; this linkmode knows version {FORMAT}",
            expected=f"format version {FORMAT}",
            hint="name a new folder, or use the linkmode that wrote it",
        )
    for name in index.files:
        if not _PATH.fullmatch(name):
            raise ConfigError(
                f"{where} lists {rules.shown(name)}; expected paths such as sha256/<64 digits>/<file name>",
                hint="name a new folder, or delete that file's folder",
            )
    return index.files
