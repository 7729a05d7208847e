"""Which family an archive is of, and what its pin says."""

from pathlib import Path

import msgspec
import pytest
from packing import ZLIB, Tree, member, musl_cc, write
from test_measure_survey import read

from linkmode.catalog.measure import recognise
from linkmode.messages import ConfigError, UsageError
from linkmode.model.survey import Measured, label

ZIG_PROGRAM = b"\x7fELF\x02\x01".ljust(18, b"\0") + b"\x3e\0" + bytes(1 << 20) + b"0.15.2\0"


def measured(folder: Path, name: str, tree: Tree, family: str | None = None) -> Measured:
    return recognise(read(write(folder, name, tree), label(name)), family)


def test_musl_cc(tmp_path: Path) -> None:
    found = measured(tmp_path, "c.tgz", musl_cc())
    assert msgspec.structs.replace(found, tree_sha256="") == Measured(
        family="musl.cc",
        version="12.2.0",
        layout="cross",
        strip_prefix="x86_64-linux-musl-cross",
        exec="x86_64-linux",
        targets=("x86_64-linux-musl",),
        measured={"gcc": "12.2.0", "musl": "1.2.3", "binutils": "2.40", "host": "static"},
        tree_sha256="",
        remarks=(),
    )
    assert measured(tmp_path, "bare.tgz", musl_cc("")).strip_prefix == ""
    assert measured(tmp_path, "bare.tgz", musl_cc("")).tree_sha256 == found.tree_sha256


@pytest.mark.parametrize("name", ["version.o/", "version.lo/"])
@pytest.mark.parametrize("version", ["1.2.5", "1.2.2-git-50-gb76f37fd"])
def test_musls_version_is_that_of_its_libc(tmp_path: Path, name: str, version: str) -> None:
    assert measured(tmp_path, "c.tgz", musl_cc(libc=member(version, name))).measured["musl"] == version


def test_a_native_compiler_runs_on_its_own_cpu(tmp_path: Path) -> None:
    tree = {path.replace("bin/x86_64-linux-musl-gcc", "bin/gcc"): value for path, value in musl_cc().items()}
    tree = {path.replace("x86_64", "armv7l"): value for path, value in tree.items() if not path.startswith("=")}
    found = measured(tmp_path, "n.tgz", tree)
    assert (found.layout, found.exec, found.targets) == ("native", "armv7l-linux", ("armv7l-linux-musl",))


def test_dynamic_host_tools_are_said_to_be(tmp_path: Path) -> None:
    assert measured(tmp_path, "c.tgz", musl_cc(ld=b"ELF dynamic")).measured["host"] == "dynamic"


def test_what_is_not_found_is_left_out_and_said(tmp_path: Path) -> None:
    found = measured(tmp_path, "c.tgz", musl_cc(libc=b"!<arch>\nversion.lo/", ld=b"no program"))
    assert found.measured == {"gcc": "12.2.0", "host": "static"}
    assert found.remarks == ("no musl version was found in it", "no binutils version was found in it")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x86_64-linux-musl-cross/lib/gcc/x86_64-linux-musl/11.2.1/x.o": b""},
            "holds several compilers: .*11.2.1, .*12.2.0",
        ),
        (
            {"x86_64-linux-musl-cross/bin/x86_64-linux-musl-gcc*": b"#!/bin/sh"},
            "is no program whose ELF header can be read",
        ),
    ],
)
def test_a_compiler_that_contradicts_itself(tmp_path: Path, change: Tree, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        measured(tmp_path, "c.tgz", {**musl_cc(), **change})


def test_a_compiler_without_its_driver(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no x86_64-linux-musl-cross/bin/x86_64-linux-musl-gcc to go with"):
        measured(tmp_path, "c.tgz", musl_cc(gcc=None))


def test_zig(tmp_path: Path) -> None:
    tree = {"zig-x/zig*": ZIG_PROGRAM, "zig-x/lib/std/std.zig": b"", "zig-x/lib/zig": b""}
    found = measured(tmp_path, "zig-x86_64-linux-0.15.2.tar.xz", tree)
    assert (found.family, found.version, found.layout) == ("zig", "0.15.2", "zig")
    assert (found.exec, found.strip_prefix, found.targets) == ("x86_64-linux", "zig-x", ())
    assert (found.measured, found.remarks) == ({"zig": "0.15.2"}, ())
    wrong = measured(tmp_path, "zig-x86_64-linux-0.16.0.tar.xz", tree)
    assert (wrong.version, wrong.measured) == ("0.16.0", {})
    assert wrong.remarks == ("the program zig in it does not hold 0.16.0: is the file name right?",)
    with pytest.raises(ConfigError, match="the name has no version"):
        measured(tmp_path, "zig.tar.xz", tree)


def test_zlib_and_its_carriers(tmp_path: Path) -> None:
    found = measured(tmp_path, "z.tgz", ZLIB)
    assert (found.family, found.version, found.strip_prefix, found.exec) == ("zlib", "1.3.1", "z", None)
    carrier = {path.replace("z/", "pkg/third_party/zlib/"): value for path, value in ZLIB.items()}
    carrier |= {"pkg/include/zlib.h": b'#define ZLIB_VERSION "9"\n', "pkg/setup.py": b"raise SystemExit"}
    carried = measured(tmp_path, "p.tar.gz", carrier)
    assert (carried.strip_prefix, carried.tree_sha256) == ("pkg/third_party/zlib", found.tree_sha256)
    second = {path.replace("z/", "pkg/old/zlib-1.2/"): value for path, value in ZLIB.items()}
    assert measured(tmp_path, "q.zip", {**ZLIB, **second}).remarks == ("it holds another zlib in pkg/old/zlib-1.2/",)


@pytest.mark.parametrize("family", [None, "zig"])
def test_no_layout_that_is_known(tmp_path: Path, family: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        measured(tmp_path, "a.tgz", {"a/README": b""}, family)
    assert caught.value.problem.startswith(
        f"a.tgz: has not the layout of {family or 'musl.cc, zig, zlib'}: expected lib/gcc"
    )


def test_a_family_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot measure 'zlb'; did you mean 'zlib'"):
        measured(tmp_path, "z.tgz", ZLIB, "zlb")
