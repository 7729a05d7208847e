"""Rust on real Bazel: examples/rust_native in every mode, by Zig and by GCC, and what is said of what cannot be built.

`make test` builds one static program with Bazel 4.2.3; all else is for LINKMODE_E2E_BAZEL (`make e2e-all`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import bazel, checks, rust, sandbox
from harness.bazel import everything_is_asked_for
from harness.built import Built
from harness.cases import Binary, Case
from harness.workspace import MissingToolchainsError

pytestmark = pytest.mark.e2e

_X86_MUSL, _ARM_MUSL, _GNU = "x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28"

PRINTS = r"""Answer of 42 bytes: false packed, fnv 64e32e34
Answer of 420 bytes: true packed, fnv 9d0a2b9d
Answer of 4200 bytes: true packed, fnv f6c94fb5
caught here true, from a thread true, backtrace true
asked the resolver (true|false), squares 506, rust_native
"""

ZIG = Case(
    name="rust_native",
    binaries=(
        Binary("//:service_as_static", "static", _X86_MUSL),
        Binary("//:service_as_mostly_static", "mostly_static", _GNU),
        Binary("//:service_as_dynamic", "dynamic", _GNU),
        Binary("//aarch64:service_static", "static", _ARM_MUSL),
    ),
    prints=PRINTS,
    sources=("zig=pypi", "zlib=pypi", "rust=pypi"),
)
GCC = Case(
    name="rust_native_gcc",
    example="rust_native",
    binaries=(
        Binary("//:service_as_static", "static", _X86_MUSL),
        Binary("//:service_as_mostly_static", "mostly_static", _X86_MUSL),
        Binary("//:service_as_dynamic", "dynamic", _X86_MUSL),
        Binary("//aarch64:service_static", "static", _ARM_MUSL),
    ),
    prints=PRINTS,
    sources=("zlib=pypi", "rust=pypi"),
    pins=("x86_64-linux-musl-cross.tgz", "aarch64-linux-musl-cross.tgz"),
)

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
load("@linkmode//rust:defs.bzl", "rust_binary", "rust_library", "rust_proc_macro")

MANUAL = ["manual"]

rust_binary(name = "asks", srcs = ["asks.rs"], tags = MANUAL)
link_modes(name = "asks_as", binary = ":asks", tags = MANUAL)

rust_binary(name = "undefined", srcs = ["undefined.rs"], tags = MANUAL)
link_mode_binary(name = "undefined_static", binary = ":undefined", link_mode = "static", tags = MANUAL)

cc_library(name = "fortified", srcs = ["fortified.c"], tags = MANUAL)
rust_binary(name = "mixed", srcs = ["mixed.rs"], deps = [":fortified"], tags = MANUAL)
link_mode_binary(name = "mixed_static", binary = ":mixed", link_mode = "static", tags = MANUAL)

cc_import(name = "shared", shared_library = "libshared.so", tags = MANUAL)
rust_binary(name = "shared_only", srcs = ["asks.rs"], deps = [":shared"], tags = MANUAL)
link_mode_binary(name = "shared_only_static", binary = ":shared_only", link_mode = "static", tags = MANUAL)

rust_library(name = "one", srcs = ["one.rs"], crate_name = "same", tags = MANUAL)
rust_library(name = "two", srcs = ["one.rs"], crate_name = "same", tags = MANUAL)
rust_binary(name = "twice", srcs = ["asks.rs"], deps = [":one", ":two"], tags = MANUAL)
link_mode_binary(name = "twice_static", binary = ":twice", link_mode = "static", tags = MANUAL)

rust_binary(name = "edition", srcs = ["asks.rs"], edition = "2020", tags = MANUAL)
link_mode_binary(name = "edition_static", binary = ":edition", link_mode = "static", tags = MANUAL)

rust_proc_macro(name = "macro", srcs = ["one.rs"], tags = MANUAL)
rust_binary(name = "macro_in_deps", srcs = ["asks.rs"], deps = [":macro"], tags = MANUAL)
link_mode_binary(name = "macro_in_deps_static", binary = ":macro_in_deps", link_mode = "static", tags = MANUAL)

rust_library(name = "cycle_a", srcs = ["one.rs"], deps = [":cycle_b"], tags = MANUAL)
rust_library(name = "cycle_b", srcs = ["one.rs"], deps = [":cycle_a"], tags = MANUAL)

rust_library(name = "rootless", srcs = ["asks.rs", "one.rs"], tags = MANUAL)
"""

SOURCES = {
    "BUILD.bazel": BUILD,
    "asks.rs": '#[link(name = "ssl")]\nunsafe extern "C" { fn SSL_new(); }\nfn main() { unsafe { SSL_new() } }\n',
    "undefined.rs": 'unsafe extern "C" { fn absent_one(); }\nfn main() { unsafe { absent_one() } }\n',
    "mixed.rs": 'unsafe extern "C" { fn fortified(); }\nfn main() { unsafe { fortified() } }\n',
    # what glibc's own headers make of a call, for a musl target: so an object that was compiled for glibc looks
    "fortified.c": "int __printf_chk(int flag, const char *format, ...);\n"
    'void fortified(void) { __printf_chk(1, "%d", 1); }\n',
    "one.rs": "pub fn one() -> u32 { 1 }\n",
    "libshared.so": "never read",
}

REFUSED = {
    "//wrong:asks_as_static": (
        r"linkmode: \S*//wrong:asks: cannot be linked static for x86_64-linux-musl:\n"
        r"  a crate asks for the library ssl .*, and no dependency gives it; a static binary takes none from .*\.\n"
        r"  Build ssl in the workspace by a cc_library named ssl and add it to the crate's deps"
    ),
    "//wrong:asks_as_mostly_static": r"cannot be linked mostly_static for .*:\n  a crate asks for the library ssl",
    "//wrong:undefined_static": (
        r"//wrong:undefined: cannot be linked static for x86_64-linux-musl:\n  no dependency defines absent_one.\n"
        r"  Add the cc_library that defines them to the deps"
    ),
    "//wrong:mixed_static": (
        r"//wrong:mixed: cannot be linked static for x86_64-linux-musl:\n  no dependency defines __printf_chk.\n"
        r"  These are glibc's own: some object or library among the dependencies was compiled for glibc"
    ),
    "//wrong:shared_only_static": (
        r"//wrong:shared_only: wrong/libshared.so is a shared library only, "
        r"and a static binary for x86_64-linux-musl cannot need it"
    ),
    "//wrong:twice_static": r"//wrong:twice: two dependencies are called same: \S*//wrong:one and \S*//wrong:two",
    "//wrong:edition_static": r'//wrong:edition: edition = "2020": there are 2015, .* 2024; did you mean "2021"\?',
    "//wrong:macro_in_deps_static": r"\S*//wrong:macro is a rust_proc_macro: it belongs to proc_macro_deps",
    "//wrong:cycle_a": r"cycle in dependency graph",
    "//wrong:rootless": r"//wrong:rootless: which of srcs is the crate's first file\?",
    "//wrong:asks": r"//wrong:asks: a program for a platform that names no libc",
}


def _prepared(name: str, case: Case, *, own_libc: bool = False) -> Built:
    try:
        builder = bazel.find(name)
        place = rust.prepare(case, name, own_libc=own_libc)
    except (bazel.NoBazelError, MissingToolchainsError, sandbox.MissingToolError) as error:
        pytest.skip(str(error))
    return Built(case, builder, place)


def _all() -> list[tuple[str, Case]]:
    return [(name, case) for name in bazel.requested() for case in (ZIG, GCC)] if everything_is_asked_for() else []


@pytest.fixture(scope="module", params=_all(), ids=lambda pair: f"{pair[1].name}-{pair[0].replace('/', '_')}")
def service(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the example, all of it."""
    found = _prepared(*request.param)
    try:
        found.bazel.run(found.workspace, "build", "//...")
        yield found
    finally:
        found.bazel.leave(found.workspace)


@pytest.mark.skipif(everything_is_asked_for(), reason="the whole of it is built below")
def test_a_static_service_on_bazel_4() -> None:
    found = _prepared("4.2.3", ZIG)
    binary = ZIG.binaries[0]
    try:
        found.bazel.run(found.workspace, "build", binary.label)
        checks.readelf_agrees(found.workspace / binary.path, binary)
        checks.runs_where_it_must(found.workspace, ZIG, binary)
    except sandbox.MissingToolError as error:
        pytest.skip(str(error))
    finally:
        found.bazel.leave(found.workspace)


def test_every_binary_is_what_it_says_and_runs_where_it_must(service: Built) -> None:
    for binary in service.case.binaries:
        report = json.loads(checks.audit(service.workspace, binary))
        assert report["files"][0]["failures"] == []
        checks.readelf_agrees(service.workspace / binary.path, binary)
        try:
            checks.runs_where_it_must(service.workspace, service.case, binary)
        except sandbox.MissingToolError as error:
            pytest.skip(str(error))


def test_the_crates_own_tests_pass_in_each_mode(service: Built) -> None:
    said = service.bazel.run(service.workspace, "test", "//...").stdout
    for mode in ("static", "mostly_static", "dynamic"):
        assert re.search(rf"//:pack_test_{mode} .*PASSED", said), said
        assert re.search(rf"//:service_{mode}_run_test .*PASSED", said), said


def test_a_second_build_changes_nothing(service: Built) -> None:
    again = service.bazel.run(service.workspace, "build", "//...")
    assert re.search(r"1 process: 1 internal", again.stderr), again.stderr


def test_std_is_built_once_for_a_target_and_not_for_each_mode(service: Built) -> None:
    if service.bazel.name == "4.2.3":
        pytest.skip("aquery of Bazel 4 does not follow toolchains")
    actions = service.bazel.run(service.workspace, "aquery", "mnemonic('RustStd', deps(//:service_as))").stdout
    outputs = re.findall(r"Outputs: \[(\S*libcore.rlib)\]", actions)
    assert len(outputs) == 1, outputs


def test_no_path_of_the_machine_is_in_a_binary(service: Built) -> None:
    for binary in service.case.binaries:
        content = (service.workspace / binary.path).read_bytes()
        for path in (service.workspace, service.bazel.output):
            assert str(path).encode() not in content, binary.label


def test_what_cannot_be_built_is_refused_with_the_target_the_mode_and_a_remedy(service: Built) -> None:
    folder = service.workspace / "wrong"
    folder.mkdir(exist_ok=True)
    for name, text in SOURCES.items():
        (folder / name).write_text(text, encoding="utf-8")
    for label, message in REFUSED.items():
        refused = service.bazel.run(service.workspace, "build", label, check=False)
        assert refused.returncode, label
        assert re.search(message, refused.stderr), f"{label}\n{refused.stderr}"


@pytest.mark.skipif(not everything_is_asked_for(), reason="for make e2e-all: it builds std again")
def test_nothing_of_the_machine_is_needed_where_rustc_has_a_libc_of_its_own() -> None:
    """/usr holds the machine's loader, libc and compilers (/lib and /lib64 are links into it): no action sees it."""
    if not Path("/lib64").is_symlink():
        pytest.skip("this machine keeps libraries outside of /usr")
    found = _prepared(bazel.requested()[0], ZIG, own_libc=True)
    try:
        flags = ("--sandbox_block_path=/usr", "--disk_cache=", "--strategy=RustUnpack=sandboxed")
        found.bazel.run(found.workspace, "build", *flags, "//:service_as_static")
        checks.runs_where_it_must(found.workspace, ZIG, ZIG.binaries[0])
    finally:
        found.bazel.leave(found.workspace)
