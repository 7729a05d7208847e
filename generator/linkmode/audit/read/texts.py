"""Searches all bytes of a file once for the texts that identify its contents.

A text is asked for by an anchor, a run of bytes that must be there, and perhaps by a pattern around it. Memory is
bounded by image.PIECE; what may occur without end (versions, paths) is counted up to a limit.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from linkmode.audit.read.image import PIECE, Image
from linkmode.audit.read.matcher import Growing, Matcher

MAX_SEARCHED = 1 << 30
MAX_FOUND = 64
MAX_ANCHORS = 20_000
MAX_PATHS = 10_000
SHOWN_PATHS = 10
_BEFORE, _AFTER, _OVERLAP = 128, 256, 4096
_MAX_PATH = 400
_ZEROS = bytes(PIECE + _BEFORE + _OVERLAP)

_EXTENSION = re.compile(rb"\.(?:c|cc|cpp|cxx|c\+\+|h|hh|hpp|hxx|s|S|rs|go|zig|ml|mli|f90|o|a)(?![\w./+])")
_PATH_BYTES = b"/.+-_@~%=," + bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123))
_PARTED = bytes(byte if byte in _PATH_BYTES else 0 for byte in range(256))
_CARGO = re.compile(
    rb"/(?:root|home/[\w.-]+|Users/[\w.-]+)/\.cargo/(?:registry/src|git/checkouts)/[\w.@/-]{1,300}?\.rs"
)
_CRATE = re.compile(rb"/registry/src/[\w.-]{1,100}/([A-Za-z][\w-]*?)-(\d+\.\d+\.\d+(?:[-+][\w.+-]*)?)/")
_REGISTRY, _CARGO_FOLDER = b"/registry/src/", b"/.cargo/"
_RUST = re.compile(rb"/rustc/[0-9a-f]{40}/")


class Asked(NamedTuple):
    """What to look for: ``pattern`` must match around ``anchor`` and its first group, if any, is the answer."""

    anchor: bytes
    pattern: re.Pattern[bytes] | None = None


class Hit(NamedTuple):
    """A text that was found: where, the whole of it, and the pattern's first group (b"" without one)."""

    offset: int
    text: bytes
    group: bytes


class Findings(NamedTuple):
    """The hits of each thing asked for, in the file's order; crates as (name, version) with their offsets; paths."""

    hits: dict[str, list[Hit]]
    crates: dict[tuple[bytes, bytes], int]
    paths: list[Hit]
    path_count: int
    is_whole: bool


def search(image: Image, asked: Mapping[str, Asked], system: tuple[bytes, ...]) -> Findings:
    """Return where the texts of ``asked`` lie in the first MAX_SEARCHED bytes of the file.

    Paths below the folders of ``system`` are not counted.
    """
    seekers = {name: _Seeker(wanted) for name, wanted in asked.items()}
    crates: dict[tuple[bytes, bytes], int] = {}
    paths: dict[int, Hit] = {}
    path_count, counted_to = 0, 0
    end = min(image.size, MAX_SEARCHED)
    matcher = _matcher((*dict.fromkeys(wanted.anchor for wanted in asked.values()), _REGISTRY, _CARGO_FOLDER))
    nowhere: Iterator[int] = iter(())
    for start, piece in _pieces(image, end):
        # Several may search for one text, each from its first place.
        places = {anchor: _Again(found) for anchor, found in matcher.places(piece).items()}
        for seeker in seekers.values():
            seeker.seek(piece, start, iter(places.get(seeker.wanted.anchor, nowhere)))
        if next(iter(places.get(_REGISTRY, nowhere)), None) is not None:
            for match in _CRATE.finditer(piece):
                if len(crates) < MAX_PATHS:
                    crates.setdefault((match[1], match[2]), start + match.start())
        has_cargo = next(iter(places.get(_CARGO_FOLDER, nowhere)), None) is not None
        for hit in _paths(piece, start, system, has_cargo=has_cargo):
            if hit.offset >= counted_to and path_count < MAX_PATHS:
                path_count += 1
                counted_to = hit.offset + 1
                if len(paths) < SHOWN_PATHS and hit.text not in {other.text for other in paths.values()}:
                    paths[hit.offset] = hit
    return Findings(
        {name: [seeker.found[at] for at in sorted(seeker.found)] for name, seeker in seekers.items()},
        crates,
        [paths[at] for at in sorted(paths)],
        path_count,
        end == image.size and all(seeker.left for seeker in seekers.values()),
    )


class _Seeker:
    # One text that is asked for, with what was found of it in the pieces so far.

    def __init__(self, wanted: Asked) -> None:
        self.wanted = wanted
        self.found: dict[int, Hit] = {}
        self.left = MAX_ANCHORS

    def seek(self, piece: bytes, start: int, places: Iterator[int]) -> None:
        anchor, pattern = self.wanted
        if pattern is None:
            at = -1 if self.found else next(places, -1)
            if at >= 0:
                self.found[start + at] = Hit(start + at, anchor, b"")
            return
        while self.left and len(self.found) < MAX_FOUND and (at := next(places, -1)) >= 0:
            self.left -= 1
            for match in pattern.finditer(piece, max(0, at - _BEFORE), at + len(anchor) + _AFTER):
                if match.start() <= at < match.end():
                    where = start + match.start()
                    self.found.setdefault(where, Hit(where, match[0], match[1] if pattern.groups else b""))


class _Again:
    # Places that can be asked for more than once, each found when it is asked for first.

    def __init__(self, places: Iterator[int]) -> None:
        self._places = places
        self._known: list[int] = []

    def __iter__(self) -> Iterator[int]:
        at = 0
        while True:
            if at == len(self._known):
                if (found := next(self._places, None)) is None:
                    return
                self._known.append(found)
            yield self._known[at]
            at += 1


@functools.cache
def _matcher(texts: tuple[bytes, ...]) -> Matcher:
    # One for a process, which learns from file to file whether a faster one pays.
    return Growing(texts)


def _pieces(image: Image, end: int) -> Iterator[tuple[int, bytes]]:
    # Each piece starts _BEFORE bytes early and ends _OVERLAP late, so that a text is whole in one of them.
    for at in range(0, end, PIECE):
        start = max(0, at - _BEFORE)
        piece = image.bytes_at(start, min(at + PIECE + _OVERLAP, end) - start)
        if not _ZEROS.startswith(piece):  # sparse files are mostly zeros, and a comparison is far faster than a search
            yield start, piece


def _paths(piece: bytes, start: int, system: tuple[bytes, ...], *, has_cargo: bool) -> Iterator[Hit]:
    # Absolute paths of sources and objects, each bounded by bytes that no path has; Rust's stand side by side.
    for match in _EXTENSION.finditer(piece):
        low = max(0, match.end() - _MAX_PATH)
        window = piece[low : match.end()].translate(_PARTED)
        at = low + window.rfind(b"\0") + 1
        if at == low and low:
            continue  # longer than any useful path
        text = piece[at : match.end()]
        if text[:1] == b"/" and text[1:2] != b"/" and text.count(b"/") > 1 and not text.startswith(system):
            yield Hit(start + at, text, b"")
    if has_cargo:
        for match in _CARGO.finditer(piece):
            yield Hit(start + match.start(), match[0], b"")


def rust_commit() -> Asked:
    """Return what to ask for to find the folder that rustc writes for the sources of its own library."""
    return Asked(b"/rustc/", _RUST)
