"""Options that name a folder, and so must not be empty: ``--store "$UNSET"`` would mean the current one."""

from pathlib import Path
from typing import Any

import click


class Folder(click.Path):
    """A folder that is there or can be made. As a `Path`; refuses a file, and an empty string."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; fail with a usage error."""
        if value == "":
            self.fail("it is empty; expected a folder", param, ctx)
        return super().convert(value, param, ctx)


store = click.option(
    "--store",
    type=Folder(),
    metavar="DIR",
    envvar="LINKMODE_STORE",
    help="Another store than Bazel's repository cache.",
)
"""The option of every command that reads or fills the store."""
