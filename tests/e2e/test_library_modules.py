"""A module that uses linkmode, and others that depend on it: by the root's lock, by its own, and without linkmode."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import bazel
from harness.bazel import Bazel
from harness.modules import project, publish
from harness.places import PROJECTS, WORK
from harness.shared import MissingToolchainsError

pytestmark = pytest.mark.tier("slow")  # four workspaces, six minutes

_ROOT, _OWN = "x86_64-linux-musl-cross.tgz", "x86_64-linux-musl-native.tgz"
_WORDS = 'module(\n    name = "words",\n    version = "1.0.0",\n)\n\nbazel_dep(name = "rules_cc", version = "0.2.14")\n'
_USER = (
    'module(name = "user")\n\n'
    'bazel_dep(name = "rules_cc", version = "0.2.14")\nbazel_dep(name = "words", version = "1.0.0")\n'
)
_LOAD = 'load("@linkmode//:defs.bzl", "link_modes")\n'
_WRAPPED = 'link_modes(\n    name = "app_as",\n    binary = ":app",\n)\n'
_OWN_MODULE = {"name": "words_linkmode", "version": "1.0.0"}


@dataclass(frozen=True)
class Place:
    """Where the modules of one test lie, and the Bazel that builds them with a registry of their own."""

    bazel: Bazel
    folder: Path

    def words(self, **own: str) -> Path:
        """Make and publish the library, and the rule library that it brings along if it has a name of its own."""
        folder = project(self.folder / "words", "words", archive=_OWN, module=_WORDS, own=own)
        publish(self.folder / "registry", "words", "1.0.0", folder)
        if own:
            publish(self.folder / "registry", own["name"], own["version"], folder / "third_party/linkmode")
        return folder

    def build(self, user: Path, *targets: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        registry = f"--registry={(self.folder / 'registry').as_uri()}"
        return self.bazel.run(user, "build", registry, *targets, check=check)

    def compilers(self, user: Path, label: str) -> set[str]:
        """Return which of the two archives compile ``label`` and what it is made of."""
        registry = f"--registry={(self.folder / 'registry').as_uri()}"
        said = self.bazel.run(user, "aquery", registry, f'mnemonic("CppCompile", deps({label}))').stdout
        named = {"-musl-cross": "/x86_64-linux-musl-gcc ", "-musl-native": "/bin/gcc "}
        return {name for name, program in named.items() if program in said.replace("\\\n", " \n")}


@pytest.fixture
def place() -> Iterator[Place]:
    try:
        builder = bazel.find("7.7.1")
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    folder = WORK / "e2e" / "modules"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = Place(builder, folder)
    try:
        yield made
    except MissingToolchainsError as error:
        pytest.skip(str(error))
    finally:
        for user in folder.glob("user*"):
            builder.leave(user)


def test_the_roots_lock_holds_for_a_module_that_names_linkmode(place: Place) -> None:
    place.words()
    user = _user(place)
    place.build(user, "//...", "@words//...")
    assert place.compilers(user, "//:app_as_static") == {"-musl-cross"}
    assert place.compilers(user, "@words//:count_static") == {"-musl-cross"}
    assert (user / "bazel-bin/counted.txt").read_text() == "3\n"


def test_a_rule_library_of_another_name_keeps_its_own_lock(place: Place) -> None:
    place.words(**_OWN_MODULE)
    user = _user(place)
    place.build(user, "//...", "@words//...")
    assert place.compilers(user, "//:app_as_static") == {"-musl-cross"}, (
        "the root's toolchains win in what the root builds"
    )
    assert place.compilers(user, "@words//:count_static") == {"-musl-native"}
    assert (user / "bazel-bin/counted.txt").read_text() == "3\n"
    said = subprocess.run([user / "bazel-bin/app_as_static"], capture_output=True, text=True, check=True).stdout
    assert said == "4\n"


def test_it_can_be_depended_on_by_a_repository_without_linkmode(place: Place) -> None:
    place.words(**_OWN_MODULE)
    user = place.folder / "user"
    shutil.copytree(PROJECTS / "words_user", user)
    build = (user / "BUILD.bazel").read_text(encoding="utf-8")
    (user / "BUILD.bazel").write_text(build.replace(_LOAD, "").replace(_WRAPPED, ""), encoding="utf-8")
    (user / "MODULE.bazel").write_text(_USER, encoding="utf-8")
    place.build(user, "//:app", "//:counted", "@words//...")
    assert (user / "bazel-bin/counted.txt").read_text() == "3\n"
    assert place.compilers(user, "@words//:count_static") == {"-musl-native"}


def test_a_module_that_names_linkmode_needs_one_in_the_root(place: Place) -> None:
    place.words()
    user = place.folder / "user"
    user.mkdir()
    (user / "MODULE.bazel").write_text(_USER, encoding="utf-8")
    done = place.build(user, "@words//:words", check=False)
    assert done.returncode != 0
    assert "linkmode@1" in done.stderr


def _user(place: Place) -> Path:
    return project(place.folder / "user", "words_user", archive=_ROOT, module=_USER)
