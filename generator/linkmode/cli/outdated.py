"""``linkmode outdated``: what is newer than what is locked."""

import json
from pathlib import Path

import click
import msgspec

from linkmode.cli import say
from linkmode.config import find
from linkmode.lock.newer import Newer, outdated
from linkmode.messages import Message, Run

JSON_VERSION = 1
"""The version of what ``--json`` prints; a change that could break a reader raises it."""


@click.command("outdated")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with sorted keys and a format version.")
def command(*, as_json: bool) -> None:
    """List what is newer than what is locked, and which version constraint excludes it.

    Reads the catalogue of this linkmode and uses no network. Exits with 0 also if something is newer.
    """
    found = outdated(find.root(Path()))
    if as_json:
        document = {"version": JSON_VERSION, "outdated": msgspec.to_builtins(found)}
        click.echo(json.dumps(document, indent=2, sort_keys=True))
        return
    for one in found:
        click.echo(one_line(one))
    if not found:
        click.echo("nothing in the catalogue is newer")
    elif names := [one.family for one in found if one.allowed != one.locked]:
        say.next_step(Message(Run("lock", " ".join(f"--upgrade {name}" for name in names))))


def one_line(one: Newer) -> str:
    """Return what is newer of one family, in words."""
    parts = []
    if one.allowed != one.locked:
        parts.append(f"{one.allowed} is allowed")
    if one.newest != one.allowed:
        asked = " and ".join(f'"{text}"' for text in one.asked)
        reason = f"excluded by {asked}" if asked else "not for these targets and exec platforms"
        parts.append(f"{one.newest} is {reason}")
    if one.vulnerabilities:
        parts.append(f"{one.locked} has {', '.join(one.vulnerabilities)}")
    return f"{one.family} {one.locked}: {'; '.join(parts)}"
