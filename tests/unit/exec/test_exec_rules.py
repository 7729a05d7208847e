"""The flags that `exec` takes from the generated rules."""

import pytest
from resolving import CATALOG, config

from linkmode.exec import rules
from linkmode.exec.rules import Flags
from linkmode.families import FAMILIES
from linkmode.lock.resolve import resolve


def flags(family: str, version: str, target: str) -> Flags:
    lock = resolve(config((family, version, [target])), CATALOG)
    (toolchain,) = (one for one in lock.toolchains if one.purpose == "target")
    (artifact,) = (one for one in lock.artifacts if one.name == toolchain.artifact)
    return rules.flags(toolchain, artifact, FAMILIES[family].compiler())


def at(given: Flags, name: str) -> str:
    places = {"root": "/zig", "runtime": "/c", "cxx_runtime": "/cxx", "lld": "/lld"}
    return " ".join(given.at(name, places))


@pytest.mark.parametrize(
    ("target", "word", "loader"),
    [
        ("x86_64-linux-musl", "--target=x86_64-unknown-linux-musl", "/lib/ld-musl-x86_64.so.1"),
        ("aarch64-linux-gnu.2.28", "--target=aarch64-unknown-linux-gnu2.28", "/lib/ld-linux-aarch64.so.1"),
    ],
)
def test_zig_s_are_those_of_the_target(target: str, word: str, loader: str) -> None:
    given = flags("zig", "~=0.15.1", target)
    assert word in at(given, "compile_flags").split()
    assert loader in " ".join(at(given, name) for name in given.words)


def test_gcc_s_are_those_of_its_archive() -> None:
    given = flags("musl.cc", ">=11", "x86_64-linux-musl")
    assert "-static" in at(given, "static_flags")
    assert "mostly_static_libraries" in given.words
