"""Reads Go's build information, which its linker leaves in every program: https://pkg.go.dev/debug/buildinfo."""

import re
from typing import NamedTuple

from linkmode.audit.read.facts import Component, printable
from linkmode.audit.read.image import Image

MAGIC = b"\xff Go buildinf:"
MAX_TEXT = 1 << 20
MAX_MODULES = 4096

_VERSION = re.compile(r"go(\d+\.\d+(?:\.\d+)?\S*)")
_LEVEL = re.compile(rb"\nbuild\tGOAMD64=(v[1-4])\n")
_FRAME = 16
"""The modules' text stands between two marks of this many bytes."""


class BuildInformation(NamedTuple):
    """``version`` as 1.19.8, None for a development state, whose whole text is in ``text``.

    ``modules`` begins with Go's own library. ``level`` is GOAMD64, the x86-64 level that it was compiled for: ``v1``,
    … It is there since Go 1.18.
    """

    version: str | None
    text: str
    modules: tuple[Component, ...]
    level: str | None = None


def read(image: Image, offset: int) -> BuildInformation | None:
    """Return what the record at ``offset``, where the magic was found, says; None when it is none."""
    if offset % 16 or offset + 32 > image.size:
        return None
    head = image.bytes_at(offset, 32)
    texts = _inline(image, offset + 32) if head[15] & 2 else _pointed(image, head)
    if texts is None or not texts[0]:
        return None
    text = printable(texts[0])
    match = _VERSION.match(text)
    level = _LEVEL.search(texts[1])
    version = match[1] if match else None
    modules = (Component("go", "stdlib", version, f"Go's build information: {text}", None), *_modules(texts[1]))
    return BuildInformation(version, text, modules, level[1].decode() if level else None)


def _inline(image: Image, at: int) -> tuple[bytes, bytes] | None:
    # Since Go 1.18: two strings, each after its length as a varint.
    found = []
    for _ in range(2):
        length = shift = 0
        for _ in range(10):
            if at >= image.size:
                return None
            byte = image.bytes_at(at, 1)[0]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        if length > MAX_TEXT or at + length > image.size:
            return None
        found.append(image.bytes_at(at, length))
        at += length
    return found[0], found[1]


def _pointed(image: Image, head: bytes) -> tuple[bytes, bytes] | None:
    # Before Go 1.18: two pointers to strings, which are a pointer and a length each.
    size = head[14]
    order = "big" if head[15] & 1 else "little"
    if size != image.word or order != image.endianness:
        return None
    found = []
    for at in (16, 16 + size):
        place = image.locate(image.number(head[at : at + size]))
        if place is None or place[1] < 2 * size:
            return None
        pair = image.bytes_at(place[0], 2 * size)
        length = image.number(pair[size:])
        text = image.locate(image.number(pair[:size])) if length else (0, 0)
        if length > MAX_TEXT or text is None or text[1] < length:
            return None
        found.append(image.bytes_at(text[0], length))
    return found[0], found[1]


def _modules(raw: bytes) -> tuple[Component, ...]:
    # Lines "dep\tpath\tversion\tsum", each perhaps followed by "=>\tpath\tversion\tsum", which replaces it.
    if len(raw) < 2 * _FRAME or raw[-_FRAME - 1 : -_FRAME] != b"\n":
        return ()
    found: list[Component] = []
    for line in printable_lines(raw[_FRAME:-_FRAME]):
        kind, *fields = line.split("\t")
        if kind not in ("dep", "=>") or len(fields) < 2 or len(found) == MAX_MODULES:
            continue
        if kind == "=>" and found:
            found.pop()
        version = fields[1].removeprefix("v") or None
        found.append(Component("go", fields[0], version, "Go's build information", None))
    return tuple(found)


def printable_lines(raw: bytes) -> list[str]:
    """Return the lines of ``raw``, each escaped but for its tabs."""
    return ["\t".join(printable(field) for field in line.split(b"\t")) for line in raw.split(b"\n")]
