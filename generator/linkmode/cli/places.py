"""Options that name a path. An empty one is refused: ``--store "$UNSET"`` would mean the current folder."""

from pathlib import Path
from typing import Any

import click

from linkmode.messages import plain

_START = 64


class Named(click.Path):
    """Any path. As a `Path`; refuses an empty string."""

    expected = "a path"

    def __init__(self, *, file_okay: bool = True) -> None:
        super().__init__(file_okay=file_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; fail with a usage error."""
        if value == "":
            self.fail(f"the value is empty; expected {self.expected}", param, ctx)
        return super().convert(value, param, ctx)


class Folder(Named):
    """A folder that is there or can be made; refuses a file as well."""

    expected = "a folder"

    def __init__(self) -> None:
        super().__init__(file_okay=False)


class Report(click.Path):
    """A file to write, as text. Refuses one that is there and is no report: `--sarif dist/*.whl` would replace a wheel.

    ``first`` is the character that reports of this kind begin with.
    """

    def __init__(self, first: str) -> None:
        super().__init__(dir_okay=False)
        self._first = first.encode()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; fail with a usage error."""
        path = str(super().convert(value, param, ctx))
        if not self._is_report(Path(path)):
            self.fail(f"{plain(path)!r} is there and is no such report; expected a file to write", param, ctx)
        return path

    def _is_report(self, path: Path) -> bool:
        """Return whether the file may be replaced: there is none, it is empty, a device, or a report."""
        try:
            if not path.is_file():
                return True
            with path.open("rb") as file:
                start = file.read(_START).lstrip()
        except (OSError, ValueError):
            return True  # who writes the report says what is wrong
        return not start or start.startswith(self._first)


store = click.option(
    "--store",
    type=Folder(),
    metavar="DIR",
    envvar="LINKMODE_STORE",
    help="The store to use; the default is Bazel's repository cache.",
)
"""The option of every command that reads or fills the store."""

mirror = click.option(
    "--mirror",
    metavar="URL|DIR",
    envvar="LINKMODE_MIRROR",
    help="Fetch only from this air-gap mirror, which `linkmode mirror` wrote.",
)
"""The option of every command that downloads the archives of a lock; any text, as a URL is none of the paths above."""
