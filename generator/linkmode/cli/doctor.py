"""``linkmode doctor``: what would stop a build here, each with its fix."""

import json
import platform
import sys
from pathlib import Path

import click

from linkmode.cli import places
from linkmode.cli.diagnosis import diagnosis
from linkmode.config import find
from linkmode.messages import plain

JSON_VERSION = 1
"""The version of what ``--json`` prints; a change that could break a reader raises it."""


@click.command("doctor")
@places.store
@click.option("--json", "as_json", is_flag=True, help="Print JSON with sorted keys and a format version.")
@click.pass_context
def command(ctx: click.Context, store: Path | None, *, as_json: bool) -> None:
    """Find what would stop a build in this repository and on this machine, each with its fix.

    It reads linkmode.toml, the lock, the store, the rule library, Bazel's own files, disk and sandbox. Changes nothing
    and uses no network. Exits with 1 if there is something to fix.
    """
    folder = ctx.find_root().params["directory"]
    machine = f"{platform.machine()}-{sys.platform}"
    found = diagnosis(find.root(Path()), machine, store)
    if as_json:
        rows = [{"text": one.text, "fix": one.fix.shown(folder), "ok": one.is_well} for one in found]
        click.echo(json.dumps({"version": JSON_VERSION, "findings": rows}, indent=2, sort_keys=True))
    else:
        for one in found:
            click.echo(plain(f"{'ok  ' if one.is_well else 'fail'}  {one.text}"))
            if not one.is_well:
                click.echo(plain(f"      fix: {one.fix.shown(folder)}"))
    if not all(one.is_well for one in found):
        ctx.exit(1)
