"""Verifies a Go module by Go's checksum database: that its log, signed by its key, has the digest of these files.

The formats are those of the go command: https://go.dev/design/25530-sumdb, https://research.swtch.com/tlog. A signature
covers the root of a tree; tiles of hashes lead from a record to that root, or the record would be anybody's word.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from linkmode.model.failures import WrongBytesError
from linkmode.store import module_digest

MOST = 64 << 10
"""Bytes that an answer of the database may have: a tile has 8 KiB, and a record far less."""

_HEIGHT = 8
_ED25519 = 1
_NAME = re.compile(r"(?P<module>[^@?#\s]+)/@v/(?P<version>[^/@?#\s]+)\.zip")
_ESCAPED = re.compile("!([a-z])")
_SIZE = re.compile("[0-9]{1,15}")
_SIGNATURE = re.compile(r"— (?P<name>\S+) (?P<data>[A-Za-z0-9+/=]+)")

Ask = Callable[[str], bytes]
"""Gives what the database has at a path: ``lookup/golang.org/toolchain@v0.0.1``."""


class _Tree(NamedTuple):
    """What is signed: the number of records, and the hash that stands for all of them."""

    size: int
    root: bytes


def host(key: str) -> str:
    """The name of the database that a key is of, which is its host."""
    return key.partition("+")[0]


def verify(archive: Path, name: str, key: str, ask: Ask) -> str:
    """Return what was verified, in words. ``name`` is what follows a Go proxy's address in the archive's URL.

    Raises:
        ImportError: cryptography is not installed.
        WrongBytesError: the database does not have these files, or is not the one that has this key.
    """
    found = _NAME.fullmatch(name)
    if not found:
        raise WrongBytesError(f"{name} is not the name of a Go module's archive")
    record, record_text, tree = _answer(ask(f"lookup/{found['module']}@{found['version']}"), key)
    _prove(record, hashlib.sha256(b"\0" + record_text).digest(), tree, ask)
    module, version = (_ESCAPED.sub(lambda match: match[1].upper(), found[part]) for part in ("module", "version"))
    digest = module_digest.of(archive)
    if f"{module} {version} {digest}" not in record_text.decode("utf-8", "replace").splitlines():
        raise WrongBytesError(f"{host(key)} has other files than these, whose digest is {digest}")
    return f"{host(key)}, record {record}: {digest}"


def _answer(answer: bytes, key: str) -> tuple[int, bytes, _Tree]:
    """A look-up's answer: the number of a record, its text, and the tree, whose signature is verified."""
    number, _, rest = answer.partition(b"\n")
    text, _, note = rest.partition(b"\n\n")
    signed, _, signatures = note.partition(b"\n\n")
    lines = signed.decode("utf-8", "replace").split("\n")
    if len(lines) < 3 or lines[0] != "go.sum database tree" or not _SIZE.fullmatch(lines[1]):
        raise WrongBytesError("the checksum database gives no answer that can be read")
    _check(signed + b"\n", signatures.decode("utf-8", "replace"), key)
    record = number.decode("ascii", "replace")
    if not _SIZE.fullmatch(record) or int(record) >= int(lines[1]):
        raise WrongBytesError("the checksum database names a record that its tree does not have")
    return int(record), text + b"\n", _Tree(int(lines[1]), _decoded(lines[2]))


def _check(signed: bytes, signatures: str, key: str) -> None:
    """Raise WrongBytesError unless one of ``signatures`` is of ``key``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, number, public = key.split("+", 2)
    data = _decoded(public)
    known = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if known.hex() != number or data[:1] != bytes([_ED25519]):
        raise WrongBytesError(f"the key {key} is not one of a checksum database")
    for line in signatures.splitlines():
        if (found := _SIGNATURE.fullmatch(line)) and found["name"] == name:
            made = _decoded(found["data"])
            try:
                Ed25519PublicKey.from_public_bytes(data[1:]).verify(made[4:], signed)
            except InvalidSignature:
                continue
            return
    raise WrongBytesError(f"the answer is not signed by {name} with the key {number}")


def _prove(record: int, leaf: bytes, tree: _Tree, ask: Ask) -> None:
    """Raise WrongBytesError unless ``leaf`` is the record of this number in ``tree``."""
    tiles: dict[str, bytes] = {}

    def stored(level: int, index: int) -> bytes:
        """The hash of a whole subtree of ``2**level`` records, of the tile that holds it or its parts."""
        above, below = divmod(level, _HEIGHT)
        first = index << below
        number, start = divmod(first, 1 << _HEIGHT)
        width = min((tree.size >> (above * _HEIGHT)) - (number << _HEIGHT), 1 << _HEIGHT)
        path = _tile(above, number, width)
        if path not in tiles:
            tiles[path] = ask(path)
        if len(tiles[path]) != 32 * width:
            raise WrongBytesError(f"the checksum database's {path} has {len(tiles[path])} bytes, expected {32 * width}")
        row = [tiles[path][32 * n : 32 * n + 32] for n in range(start, start + (1 << below))]
        while len(row) > 1:
            row = [_node(row[n], row[n + 1]) for n in range(0, len(row), 2)]
        return row[0]

    def rooted(low: int, size: int) -> bytes:
        """The hash of ``size`` records from ``low`` on, with ``leaf`` among them where it belongs."""
        level = (size - 1).bit_length()
        if not low <= record < low + size and size == 1 << level:
            return stored(level, low >> level)
        if size == 1:
            return leaf
        left = 1 << (level - 1)
        return _node(rooted(low, left), rooted(low + left, size - left))

    if rooted(0, tree.size) != tree.root:
        raise WrongBytesError("the record is not in the tree that the checksum database signed")


def _tile(level: int, number: int, width: int) -> str:
    """The path of a tile: its number in groups of three digits, and its width where it is not full."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return f"tile/{_HEIGHT}/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 1 << _HEIGHT else "")


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongBytesError("the checksum database gives no base64 where it must") from error
