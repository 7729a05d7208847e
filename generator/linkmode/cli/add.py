"""``linkmode add``: add a language, a library or a toolchain to linkmode.toml."""

from pathlib import Path

import click

from linkmode.cli import say
from linkmode.config import find
from linkmode.config.starter import DEFAULT_FAMILY
from linkmode.lock import addition
from linkmode.messages import Message, Run, UsageError


@click.command("add")
@click.argument("name")
@click.argument("family", required=False)
@click.option("--target", "targets", multiple=True, metavar="TRIPLE", help="A target of the toolchain; repeatable.")
@click.option(
    "--version", metavar="SPECIFIER", help='The versions to allow, such as "~=1.3.1"; the default is the newest series.'
)
def command(name: str, family: str | None, targets: tuple[str, ...], version: str | None) -> None:
    """Add NAME to linkmode.toml: a language (go), a library (zlib), or `toolchain FAMILY` with its targets.

    Keeps the comments and the order of the file, and prints what was added. Then run linkmode lock.
    """
    is_toolchain = name == "toolchain"
    if is_toolchain and family is None:
        hint = Message(Run("add", f"toolchain {DEFAULT_FAMILY} --target x86_64-linux-musl"))
        raise UsageError("add toolchain: which family?", expected="the name of a family", hint=hint)
    if not is_toolchain and (family or targets):
        raise UsageError(
            f"add {name}: takes no {f'second name ({family})' if family else '--target'}",
            expected="one name, such as zlib",
            hint=Message("a toolchain has targets: ", Run("add", f"toolchain {DEFAULT_FAMILY} --target TRIPLE")),
        )
    root = find.root(Path())
    added = addition.add_toolchain(root, family, targets, version) if family else addition.add(root, name, version)
    click.echo(added, nl=False)
    say.next_step(Message(Run("lock")))
