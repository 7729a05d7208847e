"""Lets the commands that hints name be those that work: with the options that the command at hand was given."""

import contextlib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from linkmode.messages import LinkmodeError

_OF_A_FOLDER = ("lock", "fetch", "generate", "mirror", "exec", "init")
"""The commands that read or write the current folder."""


def with_folder(error: LinkmodeError, folder: str) -> None:
    """Add ``-C`` to every command that ``error`` names, unless ``folder`` is the current one."""
    if folder == ".":
        return
    names = "|".join(_OF_A_FOLDER)
    command = f"linkmode -C {_quoted(folder)} "
    # Where a command is shown it stands in backticks, first, after a colon or after another; elsewhere it is a name.
    error.hint = re.sub(rf"(^|[:`,] ?|&& |, or |run )linkmode (?=(?:{names})\b)", rf"\1{command}", error.hint)
    error.problem = re.sub(rf"`linkmode (?=(?:{names})\b)", f"`{command}", error.problem)


@contextlib.contextmanager
def repeating(options: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Add, to the commands that hints name, the options that each of them needs again.

    A command that a hint shows with options of its own is left as it is.
    """
    try:
        yield
    except LinkmodeError as error:
        for name, words in options.items():
            if words:
                added = shlex.join(words).replace("\\", r"\\")
                error.hint = re.sub(rf"\blinkmode {name}\b(?! --)", rf"\g<0> {added}", error.hint)
        raise


def store(given: Path | None) -> list[str]:
    """Return ``--store`` as it was given, nothing where it was not, or comes from the environment."""
    source = click.get_current_context().get_parameter_source("store")
    return ["--store", str(given)] if given and source == ParameterSource.COMMANDLINE else []


def _quoted(word: str) -> str:
    return shlex.quote(word).replace("\\", r"\\")
