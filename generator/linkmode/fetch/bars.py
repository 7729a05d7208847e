"""Progress bars for a terminal: one for each file, and one for all. rich honours NO_COLOR."""

import threading
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


class Bars:
    """A bar per file and one for all: done, size, speed, time left."""

    def __init__(self, stream: TextIO) -> None:
        self._guard = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._sizes: dict[str, int | None] = {}
        self._done: dict[str, int] = {}
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=False),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream, force_terminal=True),
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
            self._sizes[name], self._done[name] = size, 0
            sizes = [size for size in self._sizes.values() if size is not None]
            # With one size that is not known there is no sum either: "?", and not fewer bytes than have come.
            self._bars.tasks[0].total = sum(sizes) if len(sizes) == len(self._sizes) else None

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
