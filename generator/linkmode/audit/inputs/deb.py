"""Reads the files of a Debian package: an ar archive whose member ``data.tar`` holds them (deb(5))."""

from typing import BinaryIO

from linkmode.archives import tar
from linkmode.archives.compression import decompressed
from linkmode.archives.members import Budget, EndsEarly, Members, Policy, Refusal, exactly
from linkmode.archives.window import window

MAGIC = b"!<arch>\ndebian-binary"
_HEADER = 60
_MAX_PARTS = 100


def members(stream: BinaryIO, size: int, budget: Budget) -> Members:
    """Yield every file of the package; raises Refusal where the package is not well formed."""
    at = 8
    for _ in range(_MAX_PARTS):
        if at >= size:
            break
        stream.seek(at)
        header = exactly(stream, _HEADER, "inside a header")
        name, digits = header[:16].rstrip(b" /"), header[48:58].strip()
        if header[58:] != b"`\n" or not digits.isdigit():
            raise Refusal("a header of the package (ar) is damaged")
        length = int(digits)
        if at + _HEADER + length > size:
            raise EndsEarly("the package ends inside a member")
        if name == b"data.tar" or name.startswith(b"data.tar."):
            part = window(stream, at + _HEADER, length)
            yield from tar.members(decompressed(part, length, budget) or part, budget, Policy.LOOK)
            return
        at += _HEADER + length + length % 2
    raise Refusal("a Debian package without data.tar")
