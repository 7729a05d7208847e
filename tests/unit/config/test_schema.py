"""The JSON schema of linkmode.toml and the reading modules agree."""

import tomllib
from pathlib import Path

import pytest
from schemas import problems

from linkmode.config import schema
from linkmode.config.document import parse
from linkmode.config.keys import TABLES, TOP_LEVEL
from linkmode.messages import ConfigError

ROOT = Path(__file__).parents[3]
SCHEMA = schema.schema()
TOOLCHAIN = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["x86_64-linux-musl"]\n'


def test_it_is_a_schema_of_every_key() -> None:
    assert set(SCHEMA["properties"]) == set(TOP_LEVEL)
    for name in ("toolchain", "bazel-module", "advisories"):
        table = SCHEMA["properties"][name]
        assert set(table.get("items", table)["properties"]) == set(TABLES[name])


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/linkmode.toml")), ids=lambda path: path.parent.name)
def test_every_example_holds(path: Path) -> None:
    assert problems(tomllib.loads(path.read_text()), SCHEMA) == []


@pytest.mark.parametrize(
    "text",
    [
        "outptu = 'x'\n" + TOOLCHAIN,
        "output = 3\n" + TOOLCHAIN,
        "exec-platforms = ['x86-64-linux']\n" + TOOLCHAIN,
        TOOLCHAIN.replace("zig", "zug"),
        TOOLCHAIN.replace("version", "versoin"),
        TOOLCHAIN.replace('version = "~=0.15.2"\n', ""),
        TOOLCHAIN.replace("[[toolchain]]", "[toolchain]"),
        TOOLCHAIN + "[library]\nzlib = 1.3\n",
        TOOLCHAIN + '[language]\ngolang = "1"\n',
        TOOLCHAIN + "[adapters]\nrules_go = 'yes'\n",
        TOOLCHAIN + "[malloc]\nx86_64-linux-musl = 'jemalloc'\n",
        TOOLCHAIN + '[link-modes]\nstatik = "x86_64-linux-musl"\n',
        TOOLCHAIN + "[[pin]]\nfamily = 'zlib'\n",
        TOOLCHAIN + "[dune.a]\nstub = []\n",
        "",
    ],
)
def test_what_both_refuse(text: str) -> None:
    assert problems(tomllib.loads(text), SCHEMA)
    with pytest.raises(ConfigError):
        parse(text, where="linkmode.toml")


@pytest.mark.parametrize(
    "more",
    [
        '[mirrors]\n"https://musl.cc/" = ["https://m.example/"]\n"*" = ["file:///m/"]\n',
        '[exec-properties]\nOSFamily = "Linux"\n[exec-properties.x86_64-linux]\nArch = "x"\n',
        '[advisories]\naccept = { CVE-1 = "why" }\n',
        '[link-modes]\nstatic = ["x86_64-linux-musl"]\ndynamic = "x86_64-linux-musl"\n',
        '[bazel-module]\nname = "a"\n',
    ],
)
def test_what_both_accept(more: str) -> None:
    assert problems(tomllib.loads(TOOLCHAIN + more), SCHEMA) == []
    parse(TOOLCHAIN + more, where="linkmode.toml")
