"""Real C++ libraries as roots that adopt linkmode: their own tests pass by a platform alone, and in every link mode."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import bazel, libraries
from harness.bazel import Bazel
from harness.libraries import LIBRARIES, TARGET, Library
from harness.shared import MissingToolchainsError
from harness.workspace import linkmode

_MODES = ("static", "mostly_static", "dynamic")
_PLATFORM = f"--platforms=@linkmode//platforms:{TARGET}"


@dataclass(frozen=True)
class Root:
    """A library in a workspace of its own, and how it is built."""

    library: Library
    bazel: Bazel
    folder: Path
    flags: list[str]

    def run(self, verb: str, *arguments: str) -> str:
        return self.bazel.run(self.folder, verb, *self.flags, *arguments).stdout


@pytest.fixture(scope="module", params=LIBRARIES)
def root(request: pytest.FixtureRequest) -> Iterator[Root]:
    try:
        builder = bazel.find("7.7.1")
        folder, flags = libraries.root(request.param)
    except (bazel.NoBazelError, MissingToolchainsError) as error:
        pytest.skip(str(error))
    try:
        yield Root(LIBRARIES[request.param], builder, folder, flags)
    finally:
        builder.leave(folder)


def test_its_own_tests_pass_by_a_platform_alone(root: Root) -> None:
    tests = root.library.tests
    if not tests:
        root.run("build", _PLATFORM, root.library.program)
        _round_trip(root.folder / "bazel-bin" / root.library.program.removeprefix("//:"))
        return
    root.run("build", _PLATFORM, *tests)  # a test that is cached leaves no program behind
    said = root.run("test", _PLATFORM, *tests)
    assert _passed(said) == set(tests)
    for test in tests:
        linkmode(root.folder, "audit", "--expect", "static", f"bazel-bin/{test.removeprefix('//').replace(':', '/')}")


def test_it_passes_in_every_link_mode(root: Root) -> None:
    library = root.library
    rule, argument = ("link_modes_test", "test") if library.tests else ("link_modes", "binary")
    package, _, wrapped = (library.tests[0] if library.tests else library.program).removeprefix("//").partition(":")
    # where the test stands, its args are read, and nothing needs to be visible
    [build] = (root.folder / package).glob("BUILD*")
    words = f'load("@linkmode//:defs.bzl", "{rule}")\n\n{rule}(name = "linkmode_own", {argument} = ":{wrapped}")\n'
    build.write_text(f"{build.read_text(encoding='utf-8')}\n{words}", encoding="utf-8")
    own = f"//{package}:linkmode_own"
    if library.tests:
        assert _passed(root.run("test", own)) == {f"{own}_{mode}" for mode in _MODES}
        return
    root.run("build", own)
    for mode in _MODES:
        linkmode(root.folder, "audit", "--expect", mode, f"bazel-bin/{package}/linkmode_own_{mode}")
    _round_trip(root.folder / f"bazel-bin/{package}/linkmode_own_static")


def _passed(said: str) -> set[str]:
    return set(re.findall(r"^(//\S+) +(?:\(cached\) )?PASSED", said, re.MULTILINE))


def _round_trip(brotli: Path) -> None:
    text = b"to be compressed " * 1000
    packed = subprocess.run([brotli, "--stdout"], input=text, capture_output=True, check=True).stdout
    assert len(packed) < 100
    assert (
        subprocess.run([brotli, "--decompress", "--stdout"], input=packed, capture_output=True, check=True).stdout
        == text
    )
