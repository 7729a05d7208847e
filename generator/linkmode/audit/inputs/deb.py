"""The files of a Debian package: an ar archive whose member ``data.tar`` holds them (deb(5))."""

from collections.abc import Iterator
from typing import BinaryIO

from linkmode.archives.compression import decompressed
from linkmode.archives.window import window
from linkmode.audit.inputs import tar
from linkmode.audit.inputs.members import Member, exactly
from linkmode.audit.read.image import NotAudited

MAGIC = b"!<arch>\ndebian-binary"
_HEADER = 60
_MAX_PARTS = 100


def members(stream: BinaryIO, size: int) -> Iterator[Member]:
    """Yield every file of the package; raises NotAudited where the package is not well formed."""
    at = 8
    for _ in range(_MAX_PARTS):
        if at >= size:
            break
        stream.seek(at)
        header = exactly(stream, _HEADER, "inside a header")
        name, digits = header[:16].rstrip(b" /"), header[48:58].strip()
        if header[58:] != b"`\n" or not digits.isdigit():
            raise NotAudited("malformed: a header of the package (ar) is damaged")
        length = int(digits)
        if at + _HEADER + length > size:
            raise NotAudited("truncated: the package ends inside a member")
        if name == b"data.tar" or name.startswith(b"data.tar."):
            part = window(stream, at + _HEADER, length)
            yield from tar.members(decompressed(part, length) or part)
            return
        at += _HEADER + length + length % 2
    raise NotAudited("malformed: a Debian package without data.tar")
