"""[dune] of linkmode.toml: read, refused, and written as a rule for dune."""

import pytest

from linkmode.catalog import pins
from linkmode.config.document import Config, parse
from linkmode.config.dune import DuneExecutable
from linkmode.generate.render import render
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources

TOOLCHAIN = """
[[toolchain]]
family = "zig"
version = "==0.15.2"
targets = ["x86_64-linux-musl"]
"""


def config(text: str, systems: str = '"dune"') -> Config:
    return parse(f"build-systems = [{systems}]\n{TOOLCHAIN}{text}", where="linkmode.toml")


def problem(text: str, systems: str = '"dune"') -> str:
    with pytest.raises(ConfigError) as caught:
        config(text, systems)
    assert caught.value.exit_code == 3
    return caught.value.problem


def test_executables_come_sorted_with_all_that_they_are_linked_with() -> None:
    text = '[dune.web]\nstubs = ["unix"]\nlibraries = { z = "zlib", ssl = "libssl" }\nsystem = []\n[dune.cli]\n'
    assert config(text).dune == (
        DuneExecutable(name="cli", stubs=(), libraries={}, system=("pthread",)),
        DuneExecutable(name="web", stubs=("unix",), libraries={"z": "zlib", "ssl": "libssl"}, system=()),
    )


def test_without_dune_there_is_none_of_it() -> None:
    found = config("", '"bazel"')
    tree = render(found, resolve(found, pins.load(resources.catalogue())), resources.templates())
    assert found.dune == ()
    assert not [path for path in tree if path.startswith("dune/")]


def test_the_tree_of_dune_alone_and_beside_that_of_bazel() -> None:
    alone = config("[dune.cli]\n")
    tree = render(alone, resolve(alone, pins.load(resources.catalogue())), resources.templates())
    assert list(tree) == [".gitattributes", "dune/dune", "dune/gen-linking-flags.sh"]
    both = config("[dune.cli]\n", '"bazel", "dune"')
    beside = render(both, resolve(both, pins.load(resources.catalogue())), resources.templates())
    assert {path: beside[path] for path in tree} == tree
    assert "defs.bzl" in beside


def test_one_rule_for_each_executable() -> None:
    found = config("[dune.one]\n[dune.two]\n")
    rules = render(found, resolve(found, pins.load(resources.catalogue())), resources.templates())["dune/dune"].decode()
    assert rules.count("(rule") == 2
    assert rules.count("linking-flags-one.sexp") == rules.count("linking-flags-two.sexp") == 1


@pytest.mark.parametrize(
    ("text", "systems", "expected"),
    [
        ("", '"dune"', "build-systems: dune needs at least one [dune.<executable>]"),
        ("[dune.cli]\n", '"bazel"', "dune: nothing is written for it: build-systems does not name 'dune'"),
        ("[dune]\ncli = 1\n", '"dune"', "dune.cli: expected a table, written [dune.cli]"),
        ("dune = 1\n", '"dune"', "dune: expected a table, written [dune]"),
        ('[dune.cli]\nstub = ["unix"]\n', '"dune"', "dune.cli.stub: unknown key; did you mean 'stubs'?"),
        ('[dune.cli]\nstubs = ["-lunix"]\n', '"dune"', "dune.cli.stubs: expected a library as -l takes it"),
        ('[dune.cli]\nstubs = ["a b"]\n', '"dune"', "found 'a b'"),
        ('[dune.cli]\nlibraries = { "libz.a" = "zlib" }\n', '"dune"', "found 'libz.a': write 'z'"),
        ('[dune.cli]\nlibraries = { z = "$(id)" }\n', '"dune"', "dune.cli.libraries.z: expected pkg-config's name"),
        ('[dune.cli]\nlibraries = ["z"]\n', '"dune"', "dune.cli.libraries: expected table, got array"),
        ('[dune.cli]\nsystem = ["m;n"]\n', '"dune"', "dune.cli.system: expected a library as -l takes it"),
        ('[dune."a b"]\n', '"dune"', "dune.a b: expected the name of an executable"),
        ('[dune."../x"]\n', '"dune"', "expected the name of an executable"),
    ],
)
def test_what_is_refused(text: str, systems: str, expected: str) -> None:
    if text.startswith("dune ="):
        with pytest.raises(ConfigError) as caught:
            parse(f'build-systems = ["dune"]\n{text}{TOOLCHAIN}', where="linkmode.toml")
        said = caught.value.problem
    else:
        said = problem(text, systems)
    assert expected in said
