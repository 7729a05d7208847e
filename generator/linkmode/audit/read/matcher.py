"""Finds texts in a piece of a file: many at once by Hyperscan, or one after the other where that is faster.

Both find the same places. Hyperscan takes as long to import as a few MB take to be searched one text after the other,
so it is imported when that much was searched. Without it, on a platform that it has no wheel for, all is found, slower.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

IMPORT_PAYS = 8 << 20
"""The number of bytes that a process searches before it imports Hyperscan."""

MAX_MATCHES = 100_000
"""Matches in one piece after which its texts are searched one after the other, where the caller stops each in time."""


class Matcher(Protocol):
    """Finds texts in pieces of a file."""

    def places(self, piece: bytes) -> Mapping[bytes, Iterator[int]]:
        """Return the offsets at which each text begins, in ascending order; absent texts may be left out."""


class OneByOne:
    """Searches a piece for one text after the other, each on first use."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts

    def places(self, piece: bytes) -> Mapping[bytes, Iterator[int]]:
        """See :class:`Matcher`."""
        return {text: _finds(piece, text) for text in self._texts}


class AllAtOnce:
    """Searches a piece for all texts in one pass; raises ImportError where Hyperscan is not installed."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        import hyperscan

        self._texts = texts
        self._alone = OneByOne(texts)
        self._stopped: type[Exception] = hyperscan.ScanTerminated
        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[b"".join(b"\\x%02x" % byte for byte in text) for text in texts],
            ids=list(range(len(texts))),
            elements=len(texts),
            flags=[0] * len(texts),
        )

    def places(self, piece: bytes) -> Mapping[bytes, Iterator[int]]:
        """See :class:`Matcher`."""
        found: dict[int, list[int]] = {}
        left = MAX_MATCHES

        def keep(text: int, _begin: int, end: int, _flags: int, _context: object) -> bool:
            nonlocal left
            left -= 1
            found.setdefault(text, []).append(end - len(self._texts[text]))
            return left < 0  # ends the scan

        try:
            self._database.scan(piece, match_event_handler=keep)
        except self._stopped:
            return self._alone.places(piece)
        return {self._texts[text]: iter(places) for text, places in found.items()}


class Growing:
    """Searches one by one at first, and all at once when a process has searched enough for that to pay."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts
        self._searched = 0
        self._matcher: Matcher = OneByOne(texts)

    def places(self, piece: bytes) -> Mapping[bytes, Iterator[int]]:
        """See :class:`Matcher`."""
        before, self._searched = self._searched, self._searched + len(piece)
        if before < IMPORT_PAYS <= self._searched:
            try:
                self._matcher = AllAtOnce(self._texts)
            except ImportError:
                self._matcher = OneByOne(self._texts)
        return self._matcher.places(piece)


def _finds(piece: bytes, text: bytes) -> Iterator[int]:
    at = piece.find(text)
    while at >= 0:
        yield at
        at = piece.find(text, at + 1)
