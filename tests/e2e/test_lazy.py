"""Nothing is downloaded but what a build uses, and what takes long says what it is."""

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import rows
from harness import bazel
from harness.built import Built
from harness.cases import CASES
from harness.places import STORE
from harness.shared import MissingToolchainsError
from harness.workspace import linkmode, prepare

_ZIG = """
[[toolchain]]
family = "zig"
version = "~=0.15.2"
targets = ["x86_64-linux-gnu.2.28"]
"""
_BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary")

cc_binary(name = "hello", srcs = ["hello.c"], tags = ["manual"])
link_mode_binary(name = "with_gcc", binary = ":hello", link_mode = "static", tags = ["manual"])
link_mode_binary(
    name = "with_zig",
    binary = ":hello",
    link_mode = "mostly_static",
    platform = "@linkmode//platforms:x86_64-linux-gnu.2.28",
    tags = ["manual"],
)
link_mode_binary(
    name = "for_arm",
    binary = ":hello",
    link_mode = "static",
    platform = "@linkmode//platforms:aarch64-linux-musl",
    tags = ["manual"],
)
"""


@pytest.mark.parametrize("name", rows.bazels(ci=("7.7.1",)))
def test_a_build_downloads_no_toolchain_that_it_does_not_use(name: str, tmp_path: Path) -> None:
    try:
        builder = bazel.find(name)
        place = prepare(CASES["c_zlib"], f"lazy-{name}")
    except (bazel.NoBazelError, MissingToolchainsError) as error:
        pytest.skip(str(error))
    config = place / "linkmode.toml"
    unreachable = re.sub(r'"file:[^"]*",?', "", config.read_text(encoding="utf-8"))
    config.write_text(_with_zig(unreachable), encoding="utf-8")
    linkmode(place, "lock", "--source=zig=pypi", "--source=zlib=pypi")
    linkmode(place, "generate")
    (place / "lazy").mkdir()
    (place / "lazy" / "BUILD.bazel").write_text(_BUILD, encoding="utf-8")
    (place / "lazy" / "hello.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")

    # Of four archives the store has one, and the others cannot be reached.
    only = "musl.cc-12.2.0-x86_64-linux-x86_64-linux-musl"
    lock = tomllib.loads((place / "linkmode.lock").read_text(encoding="utf-8"))
    sha256 = next(artifact["sha256"] for artifact in lock["artifact"] if artifact["name"] == only)
    store, kept = tmp_path / "store", f"content_addressable/sha256/{sha256}"
    shutil.copytree(STORE / kept, store / kept)
    nowhere = "http://127.0.0.1:9"
    builder = replace(builder.in_place(tmp_path), environment={"http_proxy": nowhere, "https_proxy": nowhere})
    flags = (f"--repository_cache={store}", "--disk_cache=")
    try:
        builder.run(place, "build", *flags, "//lazy:with_gcc")
        assert _fetched(builder, place) == {only}

        for target, missing in (("//lazy:with_zig", "zig-0.15.2"), ("//lazy:for_arm", "aarch64-linux-musl")):
            refused = builder.run(place, "build", *flags, target, check=False)
            assert refused.returncode
            said = re.search(r"linkmode: cannot get ([^ {]+) with integrity", refused.stderr)
            assert said, refused.stderr
            assert missing in said[1]
    finally:
        builder.leave(place)


def _with_zig(config: str) -> str:
    # pins come last in the file, and their tables end a [[toolchain]]
    first, mark, rest = config.partition("[[toolchain]]")
    return f"{first}{mark}{rest}{_ZIG}"


def _fetched(builder: bazel.Bazel, place: Path) -> set[str]:
    """Return the archives of the lock that Bazel has, by the file that it writes when a repository is whole."""
    external = Path(builder.run(place, "info", "output_base").stdout.strip()) / "external"
    return {path.stem.rpartition("linkmode_")[2] for path in external.glob("@*linkmode_*-*.marker")}


@pytest.mark.rows(cases=("cpp_zig",), bazel=("cpp_zig-7.7.1",))
def test_what_takes_minutes_says_what_it_is(built: Built) -> None:
    said = built.bazel.run(built.workspace, "aquery", 'mnemonic("(Zig|LinkMode).*", deps(//:census_as_static))').stdout
    found = set(re.findall(r"^action '(.*)'\n  Mnemonic: (\S+)$", said, re.MULTILINE))
    shown = {(re.sub(r" \[for (host|tool)\]$", "", message), mnemonic) for message, mnemonic in found}
    programs = ("driver", "launcher", "module_map", "runtime")
    assert shown == {
        *((f"Compiling zig's {program}", "ZigProgramCompile") for program in programs),
        *((f"Linking zig's {program}", "ZigProgramLink") for program in programs),
        ("Listing zig's headers", "ZigModuleMap"),
        ("Building the C run-time files of x86_64-linux-musl (once)", "ZigCRuntime"),
        ("Building the C++ run-time files of x86_64-linux-musl (once)", "ZigCxxRuntime"),
        ("Checking the link mode of //:census_as_static", "LinkModeCheck"),
    }
