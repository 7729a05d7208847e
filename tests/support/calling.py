"""One call of linkmode's command line within a test, and a linkmode.toml for it."""

import pytest

from linkmode.cli.main import main

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
        self.code = main(arguments)
        self.out, self.err = capsys.readouterr()
