"""Sparse members of tar archives, whose zeros were left out: GNU's old format, and its pax formats 0.1 and 1.0.

Formats: https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html.
"""

from collections.abc import Mapping, Sequence

from linkmode.archives.members import BadMember, Readable, Refusal, exactly

_RECORD = 512
_MOST_PARTS = 100_000
_FREE, _GAIN = 1 << 30, 100
"""A sparse file of a GiB, or of 100 times the bytes that it has, is read; more is how a reader is kept busy."""

Part = tuple[int, int]
"""Where bytes of the archive lie in the file, and how many they are."""


class Sparse:
    """The bytes of a sparse file: those that ``stored`` gives, with zeros between them. ``size`` is the file's."""

    def __init__(self, stored: Readable, parts: Sequence[Part], size: int, held: int, name: str) -> None:
        end = 0
        for offset, length in parts:
            if offset < end or offset + length > size:
                raise Refusal("a sparse file whose parts overlap or leave it", name)
            end = offset + length
        self.size = size
        self._stored, self._name = stored, name
        self._parts = [part for part in parts if part[1]]
        self._is_too_large = size > _FREE + _GAIN * held
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none only at the end; raise BadMember for a file of nothing but holes."""
        if self._is_too_large:
            raise BadMember(f"a sparse file of {self.size:,} bytes, of which the archive has next to none", self._name)
        left = min(size, self.size - self._at)
        if left <= 0:
            return b""
        while self._parts and sum(self._parts[0]) <= self._at:
            self._parts.pop(0)
        begin = self._parts[0][0] if self._parts else self.size
        if self._at < begin:
            block = bytes(min(left, begin - self._at))
        else:
            block = exactly(self._stored, min(left, sum(self._parts[0]) - self._at), "inside a member", self._name)
        self._at += len(block)
        return block


def of_gnu(header: bytes, source: Readable, name: str) -> tuple[list[Part], int]:
    """Return the parts and the size that a header of GNU's old format has; more headers may follow it."""
    parts = _entries(header[386:482])
    size = _octal(header[483:495])
    has_more = header[482]
    while has_more:
        block = exactly(source, _RECORD, "inside a header", name)
        parts += _entries(block[:504])
        has_more = block[504]
        if len(parts) > _MOST_PARTS:
            raise Refusal(f"a sparse file in more than {_MOST_PARTS:,} parts", name)
    return parts, size


def of_pax(records: Mapping[str, str], body: Readable, name: str) -> tuple[list[Part], int]:
    """Return the parts and the size that pax headers have, and in format 1.0 the begin of ``body``, which is read."""
    size = _decimal(records.get("GNU.sparse.realsize", records.get("GNU.sparse.size", "")), name)
    if "GNU.sparse.map" in records:
        numbers = [_decimal(text, name) for text in records["GNU.sparse.map"].split(",") if text]
        return list(zip(numbers[::2], numbers[1::2], strict=False)), size
    if records.get("GNU.sparse.major") != "1":
        raise Refusal("a sparse file in GNU's format 0.0, whose map no reader of pax headers can keep", name)
    text = b""
    count: int | None = None
    while count is None or text.count(b"\n") < 1 + 2 * count:
        text += exactly(body, _RECORD, "inside a member", name)
        count = _decimal(text.partition(b"\n")[0].decode("ascii", "replace"), name) if b"\n" in text else None
        if count is not None and count > _MOST_PARTS:
            raise Refusal(f"a sparse file in more than {_MOST_PARTS:,} parts", name)
    numbers = [_decimal(line.decode("ascii", "replace"), name) for line in text.split(b"\n")[1 : 1 + 2 * count]]
    return list(zip(numbers[::2], numbers[1::2], strict=True)), size


def _entries(raw: bytes) -> list[Part]:
    parts = []
    for at in range(0, len(raw), 24):
        if not raw[at : at + 12].strip(b"\0 "):
            break
        parts.append((_octal(raw[at : at + 12]), _octal(raw[at + 12 : at + 24])))
    return parts


def _octal(field: bytes) -> int:
    if field[:1] == b"\x80":  # GNU's base 256, for what octal digits do not hold
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    try:
        return int(digits, 8) if digits else 0
    except ValueError as error:
        raise Refusal("a sparse file with a map that is no number") from error


def _decimal(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refusal("a sparse file with a map that is no number", name)
    return int(text)
