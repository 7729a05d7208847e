"""Shows progress on stderr: bars on a terminal (`fetch.bars`), plain lines elsewhere."""

import os
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from linkmode.fetch.bars import Bars

_LINE_EVERY_SECONDS = 10.0
_NO_BARS = ("dumb", "unknown")
"""Terminals, by what TERM says, that cannot draw over what they have drawn."""


class Progress(Protocol):
    """Told of every transfer, from several threads. Sizes are in bytes; ``name`` is the artifact's."""

    def begin(self, name: str, size: int | None) -> None:
        """A transfer of ``name`` starts."""

    def advance(self, name: str, received: int) -> None:
        """So many bytes of it are there. The number falls when a transfer starts over."""

    def note(self, name: str, text: str) -> None:
        """Something that a person should know: an URL that failed, and why."""

    def end(self, name: str) -> None:
        """The transfer is over, for better or worse."""


class Lines:
    """One line when a transfer starts, at most one every ten seconds, and one per note."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._guard = threading.Lock()
        self._sizes: dict[str, int | None] = {}
        self._due: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.flush()

    def begin(self, name: str, size: int | None) -> None:
        """Say that the transfer starts, and how much there is."""
        with self._guard:
            self._sizes[name] = size
            self._due[name] = time.monotonic() + _LINE_EVERY_SECONDS
        self._print(f"fetching {name}" + (f" ({_mega(size)})" if size else ""))

    def advance(self, name: str, received: int) -> None:
        """Say how far it is, now and then."""
        now = time.monotonic()
        with self._guard:
            if now < self._due[name]:
                return
            self._due[name] = now + _LINE_EVERY_SECONDS
            size = self._sizes[name]
        self._print(f"{name}: {_mega(received)}" + (f" of {_mega(size)}" if size else ""))

    def note(self, name: str, text: str) -> None:
        """Print the note."""
        self._print(f"{name}: {text}")

    def end(self, name: str) -> None:
        """Forget the transfer: its caller prints the result."""
        with self._guard:
            self._sizes.pop(name, None)
            self._due.pop(name, None)

    def _print(self, text: str) -> None:
        self._stream.write(f"{text}\n")


class Silent:
    """Nothing at all."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Return, as errors are the caller's to tell."""

    def begin(self, name: str, size: int | None) -> None:
        """Say nothing."""

    def advance(self, name: str, received: int) -> None:
        """Say nothing."""

    def note(self, name: str, text: str) -> None:
        """Say nothing: when all fails, the error names each URL."""

    def end(self, name: str) -> None:
        """Say nothing."""


def on(stream: TextIO) -> "Lines | Bars":
    """Bars where ``stream`` can draw them, else lines."""
    if not stream.isatty() or os.environ.get("TERM", "").lower() in _NO_BARS:
        return Lines(stream)
    # Imported where they are drawn: in scripts and in CI nobody waits for them.
    from linkmode.fetch.bars import Bars

    return Bars(stream)


def _mega(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
