"""The linkmode.toml that ``linkmode init`` writes, with comments."""

import json
from collections.abc import Sequence
from pathlib import Path

from linkmode.config import document
from linkmode.families import FAMILIES
from linkmode.messages import ConfigError, Message, Run, UsageError
from linkmode.model import textfile

FAMILY_NAMES = tuple(FAMILIES)
DEFAULT_FAMILY = "zig"
"""The families that can be asked for, and the one that is when none is."""

_TEMPLATE = """\
# What linkmode generates for this repository. Every key: docs/reference/config.md of linkmode.
# After a change run `linkmode lock` and `linkmode generate`, and commit what they write.

# Where the rule library is written: a folder of its own.
output = {output}

# The build systems to write rules for.
build-systems = ["bazel"]

# Where compilers run: "x86_64-linux", "aarch64-linux", or both.
exec-platforms = ["x86_64-linux"]

# A compiler, and what it makes binaries for. With several [[toolchain]] tables the first that fits is chosen.
# A musl target can be linked in every mode. A glibc target names the oldest glibc that its binaries must run with, and
# can be mostly_static or dynamic.
[[toolchain]]
family = {family}
version = {version}
targets = [{targets}]

# Libraries to build from pinned sources: @linkmode//lib:zlib.
[library]
zlib = "~=1.3.1"

# The target of each link mode, for rules that name no platform. Without this table: static takes the first musl target
# of each CPU, the other modes its first glibc target, or musl where there is none.
# [link-modes]
# mostly_static = "x86_64-linux-gnu.2.28"

# Mirrors, tried before the upstream URLs that begin with the key. linkmode verifies every byte from any of them.
# [mirrors]
# "https://musl.cc/" = ["https://mirror.example.com/musl.cc/"]
"""


def create(root: Path, family: str, targets: Sequence[str], output: str, *, force: bool) -> Path:
    """Write a new linkmode.toml that asks for ``targets`` of ``family``, or for those it suggests; return its path.

    Raises:
        UsageError: what is asked for makes no configuration.
        ConfigError: there is a linkmode.toml, and ``force`` is not set.
    """
    path = root / document.FILE
    chosen = FAMILIES[family]
    text = starter_config(family, chosen.suggested_version, targets or chosen.suggested_targets, output)
    try:
        document.parse(text, where=document.FILE)
    except ConfigError as error:
        raise UsageError(error.said, hint=Message("nothing was written; see `", Run("init", "--help"), "`")) from error
    if path.exists() and not force:
        raise ConfigError(
            f"{path} is there already, and is not overwritten", hint=Message("edit it, or: ", Run("init", "--force"))
        )
    textfile.replace(path, text.encode())
    return path


def starter_config(family: str, version: str, targets: Sequence[str], output: str) -> str:
    """Return the text of a linkmode.toml that asks for ``targets`` of ``family``; the caller checks the values."""
    return _TEMPLATE.format(
        output=_quoted(output),
        family=_quoted(family),
        version=_quoted(version),
        targets=", ".join(map(_quoted, targets)),
    )


def _quoted(text: str) -> str:
    """Return ``text`` as a basic string of TOML, whose escapes are JSON's (and DEL must be escaped in TOML only)."""
    return json.dumps(text, ensure_ascii=True).replace("\x7f", "\\u007f")
