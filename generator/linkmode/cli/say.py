"""What a command says beside its results, on standard error: notes, and the next step."""

import click

from linkmode.messages import Message, plain


def note(text: str) -> None:
    """Say what is worth knowing."""
    click.echo(f"linkmode: {plain(text)}", err=True)


def next_step(step: Message) -> None:
    """Name the command or the edit that comes next, with the options that were given (``-C``)."""
    folder = click.get_current_context().find_root().params.get("directory", ".")
    note(f"next: {step.shown(folder)}")
