"""The bill of materials of a link_mode_binary: every locked part inside, with its version, by the build alone."""

import json
import tomllib

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from harness.built import Built

_LIBRARIES = {
    "cpp_zig": "libc++",
    "go_http": "stdlib",
    "rust_native": "std",
    "ocaml_fserv": "OCaml runtime",
    "sbcl_tool": "SBCL runtime",
}


def bill(built: Built, target: str) -> set[tuple[str, str]]:
    built.bazel.run(built.workspace, "build", "--output_groups=linkmode_sbom", f"//:{target}")
    raw = (built.workspace / "bazel-bin" / f"{target}.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(raw) is None
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


@pytest.mark.rows(cases=tuple(_LIBRARIES), bazels=("7.7.1",))
def test_the_library_of_each_language_is_inside(built: Built) -> None:
    target = next(binary.label for binary in built.case.binaries if binary.mode == "static").removeprefix("//:")
    names = {name for name, _ in bill(built, target)}
    assert names >= {_LIBRARIES[built.case.name], "musl", "compiler-rt"}
