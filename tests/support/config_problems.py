"""What is wrong with a linkmode.toml, as it is told."""

import pytest

from linkmode.config.document import parse
from linkmode.messages import ConfigError

TOOLCHAIN = """\
[[toolchain]]
family = "zig"
version = "~=0.15.2"
targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]
"""
OUTPUT = (
    "line 1: output: expected a folder inside the repository, such as 'third_party/linkmode': relative, without '.', "
    "'..', backslashes, spaces or quotes; found "
)


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, where="linkmode.toml")
    assert caught.value.exit_code == 3
    return caught.value.problem
