"""Adds the options of the current command to the commands that hints show."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from linkmode.messages import LinkmodeError


@contextlib.contextmanager
def repeating(options: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Add, to the commands that a hint names, the options that each of them needs again."""
    try:
        yield
    except LinkmodeError as error:
        error.repeated |= options
        raise


def store(given: Path | None) -> list[str]:
    """Return ``--store`` as it was given, nothing where it was not, or comes from the environment."""
    context: click.Context | None = click.get_current_context()
    while context and not (source := context.get_parameter_source("store")):
        context = context.parent  # the command that runs this one
    return ["--store", str(given)] if given and context and source == ParameterSource.COMMANDLINE else []


def no_edit() -> list[str]:
    """Return ``--no-edit`` where it was given to the command that runs this one."""
    context = click.get_current_context().parent
    return ["--no-edit"] if context and context.params.get("no_edit") else []
