"""``linkmode schema``: the JSON schema of linkmode.toml."""

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON schema of linkmode.toml, for editors that check and complete TOML.

    linkmode schema > linkmode.schema.json writes the file that the first line of a new linkmode.toml names.
    """
    from linkmode.config import schema  # no other command waits for it

    click.echo(json.dumps(schema.schema(), indent=2, sort_keys=True))
