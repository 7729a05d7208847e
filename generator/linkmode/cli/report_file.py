"""Options that name a file for a report. Without pathlib: `linkmode audit` starts in milliseconds."""

import os
from typing import Any

import click

from linkmode.messages import plain

_START = 1024


class ReportFile(click.Path):
    """A file to write, as text. Refuses one that is there and is no report: `--sarif dist/*.whl` would replace a wheel.

    ``first`` is the character that reports of this kind begin with, and ``word`` is near their beginning: a pom.xml and
    a package.json begin with the same characters.
    """

    def __init__(self, first: str, word: str) -> None:
        super().__init__(dir_okay=False)
        self._first, self._word = first.encode(), word.encode()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; fail with a usage error."""
        path = str(super().convert(value, param, ctx))
        if not self._is_report(path):
            self.fail(f"{plain(path)!r} is there and is no such report; expected a file to write", param, ctx)
        return path

    def _is_report(self, path: str) -> bool:
        """Return whether the file may be replaced: there is none, it is empty, a device, or a report."""
        try:
            if not os.path.isfile(path):  # noqa: PTH113
                return True
            with open(path, "rb") as file:  # noqa: PTH123
                start = file.read(_START).lstrip()
        except (OSError, ValueError):
            return True  # who writes the report says what is wrong
        return not start or (start.startswith(self._first) and self._word in start)
