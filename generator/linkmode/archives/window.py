"""Presents a part of a file as a file."""

import io
import os
from typing import BinaryIO


class _Part(io.RawIOBase):
    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream = stream
        self._start = start
        self._size = size
        self._at = 0

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override] # what io calls it with
        self._stream.seek(self._start + self._at)
        block = self._stream.read(min(len(buffer), max(0, self._size - self._at)))
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def window(stream: BinaryIO, start: int, size: int) -> BinaryIO:
    """Return ``size`` bytes of ``stream`` from byte ``start`` on. Several may share a stream; closing one leaves it."""
    return io.BufferedReader(_Part(stream, start, size))
