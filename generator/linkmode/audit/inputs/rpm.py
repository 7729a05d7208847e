"""Reads the files of an RPM package: a lead, two headers, and a compressed cpio archive.

Format: https://rpm-software-management.github.io/rpm/manual/format_v4.html. Only the lengths of the headers are read:
what the package says of its files is not compared with them.
"""

import os
import struct
from typing import BinaryIO

from linkmode.archives import cpio
from linkmode.archives.compression import decompressed
from linkmode.archives.members import Budget, Counted, EndsEarly, Members, Refusal, exactly
from linkmode.archives.window import window

MAGIC = b"\xed\xab\xee\xdb"
_LEAD = 96
_HEADER = b"\x8e\xad\xe8\x01"


def members(stream: BinaryIO, size: int, budget: Budget) -> Members:
    """Yield every file of the package; raises Refusal where the package is not well formed."""
    at = _LEAD
    for padded in (True, False):  # the header of signatures ends at a multiple of 8 bytes
        stream.seek(at)
        start = exactly(stream, 16, "inside a header")
        if not start.startswith(_HEADER):
            raise Refusal("a header of the package (rpm) is damaged")
        entries, length = struct.unpack(">II", start[8:])
        at += 16 + 16 * entries + length
        at += -at % 8 if padded else 0
        if at > size:
            raise EndsEarly("the package ends inside a header")
    part = window(stream, at, size - at)
    start = part.read(8)
    part.seek(0, os.SEEK_SET)
    source = decompressed(part, size - at, budget)
    if source is None and not start.startswith(cpio.MAGICS):
        raise Refusal("the package's files are compressed in a way that is not known; unpack it: rpm2archive FILE")
    yield from cpio.members(source or Counted(part, budget), budget)
