"""A toolchain `without` C++ and LTO: the parts are no inputs, nothing of what they make is missing, C is the same."""

import re
import tomllib
from collections.abc import Iterator

import pytest
import tomli_w
from harness import spawns, workspace
from harness.built import Built
from harness.cases import CASES
from harness.reproduce import digest

# a program in C; with Zig it is measured by benchmarks/cost.py
pytestmark = pytest.mark.rows(cases=("c_zlib",), bazels=("4.2.3", "7.7.1"))

_CXX = """
load("@linkmode//:defs.bzl", "link_mode_binary")
cc_binary(name = "throws", srcs = ["throws.cc"], tags = ["manual"])
link_mode_binary(name = "throws_static", binary = ":throws", link_mode = "static", tags = ["manual"])
"""


@pytest.fixture
def lean(built: Built) -> Iterator[Built]:
    """Give the case with toolchains that do without what they can."""
    place = workspace.prepare(CASES["c_zlib"], f"{built.bazel.name}-without")
    config = tomllib.loads((place / "linkmode.toml").read_text(encoding="utf-8"))
    for toolchain in config["toolchain"]:
        toolchain["without"] = ["c++", "lto"]
    (place / "linkmode.toml").write_text(tomli_w.dumps(config), encoding="utf-8")
    workspace.linkmode(place, "lock")
    workspace.linkmode(place, "generate")
    try:
        yield Built(built.case, built.bazel, place)
    finally:
        built.bazel.leave(place)


def test_c_is_the_same_and_the_parts_are_not_there(built: Built, lean: Built) -> None:
    inputs = _inputs(lean, *(binary.label for binary in lean.case.binaries))
    for binary in lean.case.binaries:
        whole, without = (digest((place / binary.path).read_bytes()) for place in (built.workspace, lean.workspace))
        assert whole == without, binary.label
    parts = re.compile(r"/(cc1plus|lto1|lto-wrapper|libstdc\+\+\S*|libsupc\+\+\.a|include/c\+\+/.*)$")
    assert [path for path in inputs if path.endswith("/cc1")]
    assert not [path for path in inputs if parts.search(path)]
    whole_inputs = _inputs(built, "//:pack_as_static", "--copt=-DANEW", "--linkopt=-Wl,-O1")
    found = {match[1].split("/c++/")[0] for path in whole_inputs if (match := parts.search(path))}
    assert {"cc1plus", "lto1", "lto-wrapper", "libstdc++.a", "libsupc++.a", "include"} <= found

    folder = lean.workspace / "cxx"
    folder.mkdir()
    (folder / "BUILD.bazel").write_text(_CXX, encoding="utf-8")
    (folder / "throws.cc").write_text("int main() { throw 1; }\n", encoding="utf-8")
    refused = lean.bazel.run(lean.workspace, "build", "//cxx:throws_static", check=False)
    assert "cannot execute 'cc1plus'" in refused.stderr


def _inputs(found: Built, *arguments: str) -> set[str]:
    """Build, with nothing cached, and return what the actions that ran had as inputs: files, also those of folders."""
    log = found.workspace / "spawns.json"
    found.bazel.run(found.workspace, "build", "--disk_cache=", f"--execution_log_json_file={log}", *arguments)
    return {path for spawn in spawns.read(log) for path in spawn.inputs}
