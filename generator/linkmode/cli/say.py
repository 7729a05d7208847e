"""What a command says beside its results, on standard error: notes, details, progress and the next step."""

import json
import sys
from typing import Any

import click

from linkmode.messages import Message, shown

JSON_VERSION = 1
"""The version of what ``--json`` of lock, fetch, generate and exec prints; what could break a reader raises it."""

_STEPS = "linkmode.steps"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON with sorted keys and a format version.")
"""The option of every command that can print its result for programs."""


def note(text: str) -> None:
    """Say what is worth knowing, unless ``--quiet`` was given."""
    if not _given("quiet"):
        click.echo(f"linkmode: {shown(text)}", err=True)


def detail(text: str) -> None:
    """Say what only ``--verbose`` asks for."""
    if _given("verbose"):
        click.echo(f"linkmode: {shown(text)}", err=True)


def as_one_of_several(context: click.Context) -> None:
    """Let the commands that ``context`` runs name no next step of their own: its command runs it, or names it."""
    context.meta[_STEPS] = True


def is_one_of_several() -> bool:
    """Return whether another command runs this one."""
    return _STEPS in click.get_current_context().meta


def next_step(step: Message) -> None:
    """Name the command or the edit that comes next, with the options that were given (``-C``)."""
    if not is_one_of_several():
        last_step(step)


def last_step(step: Message) -> None:
    """Name what comes next, also where another command runs this one."""
    folder = click.get_current_context().find_root().params.get("directory", ".")
    note(f"next: {step.shown(folder)}")


def progress() -> Any:
    """Return what shows transfers on standard error, or nothing of them with ``--quiet``."""
    from linkmode.fetch import progress as shown  # only commands that fetch need it

    return shown.Silent() if _given("quiet") else shown.on(sys.stderr)


def as_json(**values: Any) -> None:
    """Print a document for programs."""
    click.echo(json.dumps({"version": JSON_VERSION, **values}, indent=2, sort_keys=True))


def _given(option: str) -> bool:
    return bool(click.get_current_context().find_root().params.get(option))
