"""The linkmode.toml that ``linkmode init`` writes, with comments."""

import json
from collections.abc import Sequence
from pathlib import Path

from linkmode.config import document, find
from linkmode.config.surroundings import Surroundings
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.messages import ConfigError, Message, Run, UsageError
from linkmode.model import textfile
from linkmode.model.values import ExecPlatform

FAMILY_NAMES = tuple(FAMILIES)
DEFAULT_FAMILY = "zig"
"""The families that can be asked for, and the one that is when none is."""

_TEMPLATE = """\
#:schema ./linkmode.schema.json
# What linkmode generates for this repository. `linkmode schema` prints every key with its meaning; an editor that knows
# TOML schemas (taplo) reads it from the file above: linkmode schema > linkmode.schema.json
# After a change run `linkmode lock` and `linkmode generate`, and commit what they write.

# Where the rule library is written: a folder of its own.
output = {output}

# The build systems to write rules for.
build-systems = [{systems}]

# Where compilers run: "x86_64-linux", "aarch64-linux", or both.
exec-platforms = [{exec}]

# A compiler, and what it makes binaries for. With several [[toolchain]] tables the first that fits is chosen.
# A musl target can be linked in every mode. A glibc target names the oldest glibc that its binaries must run with, and
# can be mostly_static or dynamic.
[[toolchain]]
family = {family}
version = {version}
targets = [{targets}]

# Libraries to build from pinned sources: {label}linkmode//lib:zlib.
[library]
zlib = "~=1.3.1"
{proposals}
# The target of each link mode, for rules that name no platform. Without this table: static takes the first musl target
# of each CPU, the other modes its first glibc target, or musl where there is none.
# [link-modes]
# mostly_static = "{cpu}-linux-gnu.2.28"

# Mirrors, tried before the upstream URLs that begin with the key. linkmode verifies every byte from any of them.
# [mirrors]
# "https://musl.cc/" = ["https://mirror.example.com/musl.cc/"]
"""


def create(root: Path, text: str, *, force: bool) -> Path:
    """Write a new linkmode.toml, which ``text`` must be fit to be; return its path.

    Raises:
        UsageError: ``text`` is not a configuration.
        ConfigError: there is a linkmode.toml here or above, or this is below a repository's root, and ``force`` is not
            set.
    """
    path = root / document.FILE
    try:
        document.parse(text, where="linkmode init", options={"toolchain[0].targets": "--target", "output": "--output"})
    except ConfigError as error:
        raise UsageError(error.said, hint=Message("nothing was written; see `", Run("init", "--help"), "`")) from error
    if path.exists() and not force:
        raise ConfigError(
            f"{path} already exists, and is not overwritten",
            expected="a folder without a linkmode.toml",
            hint=Message("edit it, or: ", Run("init", "--force")),
        )
    above, top = find.root(root), find.repository(root)
    if above != root and not force:
        raise ConfigError(
            f"{above / document.FILE} already exists, and applies to this folder too",
            expected="no linkmode.toml in a folder above",
            hint=Message("edit it, or write one of this folder's own: ", Run("init", "--force")),
        )
    if top and top != root and not force:
        raise ConfigError(
            f"the root of this repository is {top}, and linkmode.toml belongs there",
            expected="linkmode.toml at the root of the repository",
            hint=Message(f"write it with `linkmode -C {top} init`, or for this folder alone: ", Run("init", "--force")),
        )
    textfile.replace(path, text.encode())
    return path


def starter_config(
    family: str, version: str, targets: Sequence[str], output: str, host: ExecPlatform, around: Surroundings
) -> str:
    """Return the text of a linkmode.toml that asks for ``targets`` of ``family``; the caller checks the values.

    Compilers run on ``host``. What ``around`` shows of the repository stands in it as lines to uncomment.
    """
    return _TEMPLATE.format(
        exec=_quoted(host),
        cpu=host.cpu,
        systems=", ".join(map(_quoted, around.build_systems)),
        label="@" if "bazel" in around.build_systems else "",
        proposals=_proposals(around),
        output=_quoted(output),
        family=_quoted(family),
        version=_quoted(version),
        targets=", ".join(map(_quoted, targets)),
    )


def _proposals(around: Surroundings) -> str:
    """Return tables that are commented out, one line for each language and rule set that was seen."""
    languages = [
        f'# {name} = "{LANGUAGES[name].suggested_version}"  # {file} is here' for name, file in around.languages.items()
    ]
    adapters = [f"# {name} = true  # {file} names it" for name, file in around.rule_sets.items()]
    text = ""
    if languages:
        text += "\n".join(["", "# Languages to have rules for: @linkmode//go:defs.bzl and so on.", "# [language]"])
        text += "\n" + "\n".join(languages) + "\n"
    if adapters:
        text += (
            "\n".join(["", "# Rule sets whose binaries link_mode_binary sets up.", "# [adapters]", *adapters]) + "\n"
        )
    return text


def _quoted(text: str) -> str:
    """Return ``text`` as a basic string of TOML, whose escapes are JSON's (and DEL must be escaped in TOML only)."""
    return json.dumps(text, ensure_ascii=True).replace("\x7f", "\\u007f")
