"""What a person sees while files come in, on stderr: bars on a terminal, plain lines anywhere else.

NO_COLOR and TERM=dumb are honoured by rich.
"""

import threading
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

_LINE_EVERY_SECONDS = 10.0


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

    def __init__(self, console: Console) -> None:
        self._console = console
        self._guard = threading.Lock()
        self._sizes: dict[str, int | None] = {}
        self._due: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._console.file.flush()

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
        """Forget the transfer: the result is printed by whoever asked for it."""
        with self._guard:
            self._sizes.pop(name, None)
            self._due.pop(name, None)

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class Terminal:
    """A bar per file and one for all: done, size, speed, time left."""

    def __init__(self, console: Console) -> None:
        self._guard = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=False),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        self._all = self._bars.add_task("total", total=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, name: str, size: int | None) -> None:
        """Add a bar, and its size to the total."""
        with self._guard:
            self._tasks[name] = self._bars.add_task(name, total=size)
            self._done[name] = 0
            total = self._bars.tasks[0].total or 0
            self._bars.update(self._all, total=total + (size or 0))

    def advance(self, name: str, received: int) -> None:
        """Move the file's bar and that of the total."""
        with self._guard:
            self._bars.update(self._tasks[name], completed=received)
            self._done[name] = received
            self._bars.update(self._all, completed=sum(self._done.values()))

    def note(self, name: str, text: str) -> None:
        """Print the note above the bars."""
        self._bars.console.print(f"{name}: {text}", markup=False, highlight=False, soft_wrap=True)

    def end(self, name: str) -> None:
        """Take the file's bar away; what it brought stays in the total."""
        with self._guard:
            if name in self._tasks:
                self._bars.remove_task(self._tasks.pop(name))


def for_console(console: Console) -> Lines | Terminal:
    """Bars where ``console`` can draw them, else lines."""
    return Terminal(console) if console.is_terminal and not console.is_dumb_terminal else Lines(console)


def _mega(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
