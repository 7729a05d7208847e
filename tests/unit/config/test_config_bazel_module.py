"""[bazel-module] of linkmode.toml: read, refused, and written into the library's MODULE.bazel."""

import pytest

from linkmode.catalog import pins
from linkmode.config.bazel_module import BazelModule
from linkmode.config.document import Config, parse
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


def config(text: str) -> Config:
    return parse(TOOLCHAIN + text, where="linkmode.toml")


def test_a_repository_that_says_nothing_has_the_module_linkmode() -> None:
    assert config("").bazel_module == BazelModule(name="linkmode", version="1")


def test_name_and_version_are_as_bazel_has_them() -> None:
    text = '[bazel-module]\nname = "words_linkmode"\nversion = "1.4.0-rc1"\n'
    assert config(text).bazel_module == BazelModule(name="words_linkmode", version="1.4.0-rc1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('name = "Words"', "bazel-module.name: 'Words' is no name of a Bazel module"),
        ('name = "words_"', "bazel-module.name"),
        ('name = ""', "bazel-module.name"),
        ('version = ""', "bazel-module.version: '' is no version of a Bazel module"),
        ('version = "1 2"', "bazel-module.version"),
        ("version = 1", "bazel-module.version"),
        ('nmae = "x"', "name"),
    ],
)
def test_what_bazel_does_not_take_is_refused_here(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(f"\n[bazel-module]\n{text}\n")
    assert caught.value.exit_code == 3
    assert problem in caught.value.problem


def test_the_library_is_linkmode_to_itself_under_any_name() -> None:
    def module(text: str) -> str:
        asked = config(text)
        return render(asked, resolve(asked, pins.load(resources.catalogue())), resources.templates())[
            "MODULE.bazel"
        ].decode()

    own = module('[bazel-module]\nname = "words_linkmode"\nversion = "1.4.0"\n')
    assert 'module(\n    name = "words_linkmode",\n    version = "1.4.0",\n' in own
    assert '    repo_name = "linkmode",\n' in own
    assert "repo_name" not in module("")
