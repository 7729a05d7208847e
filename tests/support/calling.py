"""One call of linkmode's command line within a test, and a linkmode.toml for it."""

import click
import pytest

from linkmode.cli import main as cli

TOML = """\
[[toolchain]]
family = "zig"
version = "~=0.15.1"
targets = ["x86_64-linux-musl"]

[library]
zlib = ">=1.2.11"
"""


class Run:
    """What one call gave: its exit code, and all that it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        self.code = cli.main(arguments)
        self.out, self.err = capsys.readouterr()


def parse(words: list[str]) -> None:
    """Parse a command line without ``linkmode`` itself, and call nothing. Raises click.UsageError."""
    name, *rest = words
    group = cli._linkmode
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), name)
    assert command is not None, name
    command.make_context(name, rest)
