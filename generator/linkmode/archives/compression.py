"""Decompresses gzip, bzip2, xz and zstd in bounded memory. The first bytes decide the format."""

import os
import sys
from collections.abc import Callable
from typing import BinaryIO, Protocol

from linkmode.archives.members import BLOCK, Budget, EndsEarly, Readable, Refusal

_XZ_MEMORY = 256 << 20
"""Bytes that decoding xz may take; its largest preset takes 65 MiB."""

_ZSTD_WINDOW_LOG = 27
"""128 MiB, as the zstd command allows without being told."""

MAGICS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


class _Decoder(Protocol):
    """What the decompressors of bz2, lzma and compression.zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def name_of(start: bytes) -> str | None:
    """Return which compression a file has that starts so, or None."""
    return next((name for magic, name in MAGICS.items() if start.startswith(magic)), None)


def decompressed(stream: BinaryIO, size: int, budget: Budget) -> Readable | None:
    """Return what ``stream``, of ``size`` bytes and at its begin, holds compressed; None when it is not compressed."""
    name = name_of(stream.read(8))
    stream.seek(-min(size, 8), os.SEEK_CUR)
    return decompress(name, stream, budget) if name else None


def decompress(name: str, stream: Readable, budget: Budget) -> Readable:
    """Return what ``stream`` holds, compressed by the program that `MAGICS` calls ``name``.

    Reading raises Refusal when the stream is damaged, or gives more than ``budget`` has.
    """
    return _Decompressed(name, stream, budget)


class _Decompressed:
    """One compressed stream after the other until the end, as all four tools read what was concatenated."""

    def __init__(self, name: str, stream: Readable, budget: Budget) -> None:
        self._name = name
        self._stream = stream
        self._budget = budget
        self._new, self._errors = _decoders(name)
        self._decoder = self._new()
        self._pending = b""
        self._block = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        if not self._block and size:
            # Blocks of one size: a decoder that is asked for little moves what it was given each time.
            self._block = memoryview(self._next())
        given, self._block = self._block[:size], self._block[size:]
        return bytes(given)

    def _next(self) -> bytes:
        try:
            block = self._read(BLOCK)
        except self._errors as error:
            raise Refusal(f"its {self._name} data is damaged: {error}") from error
        self._budget.take(len(block))
        return block

    def _read(self, size: int) -> bytes:
        while True:
            if self._decoder.eof:
                rest = (self._decoder.unused_data or self._stream.read(BLOCK)).lstrip(b"\0")  # padding is allowed
                while not rest:
                    raw = self._stream.read(BLOCK)
                    if not raw:
                        return b""
                    rest = raw.lstrip(b"\0")
                self._decoder, self._pending = self._new(), rest
            given = self._pending
            if self._decoder.needs_input and not given:
                given = self._stream.read(BLOCK)
                if not given:
                    raise EndsEarly(f"its {self._name} data ends early")
            self._pending = b""
            if block := self._decoder.decompress(given, size):
                return block


def _decoders(name: str) -> tuple[Callable[[], _Decoder], tuple[type[Exception], ...]]:
    # Each is imported when it is met: a start of linkmode audit needs none of them.
    if name == "gzip":
        import zlib

        return _Gunzip, (zlib.error, EOFError)
    if name == "bzip2":
        import bz2

        return bz2.BZ2Decompressor, (OSError, ValueError, EOFError)
    if name == "xz":
        import lzma

        return (lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)), (lzma.LZMAError, EOFError)
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
    return (lambda: zstd.ZstdDecompressor(options=options)), (zstd.ZstdError, EOFError)


class _Gunzip:
    """zlib's gzip decoder in the shape of the other three."""

    def __init__(self) -> None:
        import zlib

        self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._was_full = False  # then there may be more, which zlib holds back without saying so

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return not self._decoder.unconsumed_tail and not self._was_full

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        block = self._decoder.decompress(self._decoder.unconsumed_tail + data, max(max_length, 0))
        self._was_full = len(block) == max_length
        return block
