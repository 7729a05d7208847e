"""Options that name a path. An empty one is refused: ``--store "$UNSET"`` would mean the current folder."""

from pathlib import Path
from typing import Any

import click


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
