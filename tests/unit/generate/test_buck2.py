"""The cell of Buck2: Bazel's own values, beside Bazel's tree, and refused where Buck2 could not check an archive."""

import pytest
from msgspec.structs import replace
from resolving import CATALOG, catalog, config, entry, pin

from linkmode.generate import render as renders
from linkmode.generate.buck2 import buck2_context
from linkmode.generate.context import bazel_context
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.values import Lock, Tree

ZIG = ("zig", "~=0.15.1", ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"])
GCC = ("musl.cc", "~=11.2.1", ["x86_64-linux-musl", "aarch64-linux-musl"])


def lock(*requests: tuple[str, str, list[str]], more: str = "", execs: str = '["x86_64-linux"]') -> Lock:
    return resolve(config(*requests, more=more, execs=execs), CATALOG)


def tree(systems: str) -> Tree:
    wanted = config(ZIG, more="")
    wanted = replace(wanted, build_systems=tuple(systems.split()))
    return renders.render(wanted, resolve(wanted, CATALOG), resources.templates())


def test_beside_bazel_is_the_sum_of_both() -> None:
    bazel, buck2, both = tree("bazel"), tree("buck2"), tree("bazel buck2")
    assert both == bazel | buck2
    assert set(bazel) & set(buck2) == {".gitattributes"}
    assert {path.split("/")[0] for path in buck2} == {".gitattributes", "buck2"}


def test_the_cell_for_c_with_zlib_is_small() -> None:
    wanted = replace(config(GCC, more='[library]\nzlib = "~=1.3.1"\n'), build_systems=("buck2",))
    assert len(renders.render(wanted, resolve(wanted, CATALOG), resources.templates())) <= 30


def test_what_explains_a_failed_link_comes_with_the_compiler_that_does() -> None:
    explains = {"buck2/private/cc/BUCK", "buck2/private/cc/explain.h", "buck2/private/cc/link_errors.h"}
    assert explains <= set(tree("buck2"))
    wanted = replace(config(GCC, more=""), build_systems=("buck2",))
    assert explains.isdisjoint(renders.render(wanted, resolve(wanted, CATALOG), resources.templates()))


def test_what_both_have_is_the_same_to_the_byte() -> None:
    bazel, buck2 = tree("bazel"), tree("buck2")
    shared = {path for path in bazel if f"buck2/{path}" in buck2 and path.startswith(("private/", "tools/"))}
    assert {
        "private/cc/common_flags.bzl",
        "private/link_mode/link_mode_values.bzl",
        "private/zig/zig_tables.bzl",
        "private/zig/zig_lines.bzl",
        "tools/elfcheck/elfcheck.c",
        "private/zig/launcher.c",
    } <= shared
    assert {path: bazel[path] for path in shared} == {path: buck2[f"buck2/{path}"] for path in shared}


def test_the_values_are_bazels() -> None:
    locked = lock(GCC, ZIG)
    bazel, buck2 = bazel_context(locked), buck2_context(locked)
    for same in ("toolchains", "cpus", "link_modes", "releases"):
        assert bazel[same] == buck2[same]


def choices(locked: Lock) -> dict[str, dict[str, str]]:
    found = buck2_context(locked)["compiler_choices"]
    assert isinstance(found, list)
    return {choice["target"]: choice["select"] for choice in found}


def test_the_compiler_of_a_target_is_the_first_that_fits() -> None:
    x86 = "prelude//cpu:x86_64"
    assert choices(lock(GCC, ZIG))["x86_64-linux-musl"] == {x86: ":musl.cc_x86_64-linux_to_x86_64-linux-musl"}
    assert choices(lock(ZIG, GCC))["x86_64-linux-musl"] == {x86: ":zig_x86_64-linux_to_x86_64-linux-musl"}


def test_each_machine_that_builds_has_a_compiler_and_a_check_of_its_own() -> None:
    locked = lock(ZIG, execs='["x86_64-linux", "aarch64-linux"]')
    assert choices(locked)["x86_64-linux-musl"] == {
        "prelude//cpu:x86_64": ":zig_x86_64-linux_to_x86_64-linux-musl",
        "prelude//cpu:arm64": ":zig_aarch64-linux_to_x86_64-linux-musl",
    }
    assert buck2_context(locked)["elfcheck_compilers"] == {
        "prelude//cpu:x86_64": "//toolchains:zig_x86_64-linux_to_x86_64-linux-musl",
        "prelude//cpu:arm64": "//toolchains:zig_aarch64-linux_to_aarch64-linux-musl",
    }


def test_an_archive_that_buck2_cannot_check_is_refused() -> None:
    only_sha512 = entry("zlib", "library", pin("zlib", "9.9", None, sha256=None, sha512="5" * 128))
    wanted = config(ZIG, more='[library]\nzlib = "9.9"\n')
    locked = resolve(wanted, catalog(CATALOG.families["zig"], only_sha512))
    with pytest.raises(ConfigError, match=r"zlib-9\.9: Buck2 checks archives by sha256, and this one"):
        buck2_context(locked)
    assert bazel_context(locked)


def test_an_archive_of_no_url_that_a_build_can_ask_has_none() -> None:
    index = entry(
        "zlib", "library", pin("zlib", "9.9", None, urls=("pypi:carrier/z.tgz", "file:///z.tgz"), file="z.tgz")
    )
    locked = resolve(config(ZIG, more='[library]\nzlib = "9.9"\n'), catalog(CATALOG.families["zig"], index))
    artifacts = buck2_context(locked)["artifacts"]
    assert isinstance(artifacts, dict)
    found = artifacts[locked.libraries["zlib"]]
    assert found["url"] == ""
    assert found["mirrored"] == f"sha256/{found['sha256']}/z.tgz"
