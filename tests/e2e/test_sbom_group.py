"""The bill of materials of a link_mode_binary: every locked part inside, with its version, by the build alone."""

import json
import tomllib

import pytest
from harness.built import Built
from schemas import problem_of_cyclonedx


def bill(built: Built, target: str) -> set[tuple[str, str]]:
    built.bazel.run(built.workspace, "build", "--output_groups=linkmode_sbom", f"//:{target}")
    raw = (built.workspace / "bazel-bin" / f"{target}.cdx.json").read_text()
    assert problem_of_cyclonedx(raw) is None
    return {(part["name"], part["version"]) for part in json.loads(raw)["components"]}


@pytest.mark.rows(cases=("c_zlib",), bazels=("4.2.3", "7.7.1"), bazel=("c_zlib-4.2.3",))
def test_what_is_inside_depends_on_the_mode(built: Built) -> None:
    artifacts = tomllib.loads((built.workspace / "linkmode.lock").read_text())["artifact"]
    compiler = next(
        one["measured"] for one in artifacts if one["family"] == "musl.cc" and "-x86_64-linux-musl" in one["name"]
    )
    zlib = ("zlib", next(one["version"] for one in artifacts if one["family"] == "zlib"))
    libgcc = ("libgcc", compiler["gcc"])
    assert bill(built, "pack_as_static") == {zlib, libgcc, ("musl", compiler["musl"])}
    assert bill(built, "pack_as_mostly_static") == {zlib, libgcc}
    assert bill(built, "pack_as_dynamic") == {zlib}


@pytest.mark.rows(cases=("cpp_zig",), bazels=("7.7.1",), bazel=("cpp_zig-7.7.1",))
def test_libcxx_is_inside_what_has_a_cxx_source(built: Built) -> None:
    target = next(binary.label for binary in built.case.binaries if binary.mode == "static").removeprefix("//:")
    assert {name for name, _ in bill(built, target)} >= {"libc++", "musl", "compiler-rt"}
