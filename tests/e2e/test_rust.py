"""Rust on real Bazel: examples/rust_native in every mode, by Zig and by GCC, and what is refused."""

import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import languages
import pytest
import rows
from harness import bazel, checks, readelf, rust, rust_scripts, rust_wrong, sandbox
from harness.built import Built
from harness.cases import Binary, Case
from harness.places import PROJECTS, WORK
from harness.shared import MissingToolchainsError
from harness.workspace import linkmode

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


@pytest.fixture(scope="module", params=rows.each(ZIG, GCC, ci=("rust_native-7.7.1",)))
def service(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the example, all of it."""
    yield from languages.built(request.param, rust.prepare)


def test_every_binary_is_what_it_says_and_runs_where_it_must(service: Built) -> None:
    languages.every_binary_holds(service)


def test_the_crates_own_tests_pass_in_each_mode(service: Built) -> None:
    said = service.bazel.run(service.workspace, "test", "//...").stdout
    for mode in ("static", "mostly_static", "dynamic"):
        assert re.search(rf"//:pack_test_{mode} .*PASSED", said), said
        assert re.search(rf"//:service_{mode}_run_test .*PASSED", said), said


def test_a_second_build_changes_nothing(service: Built) -> None:
    languages.nothing_is_built_again(service)


def test_std_is_built_once_for_a_target_and_not_for_each_mode(service: Built) -> None:
    if service.bazel.name == "4.2.3":
        pytest.skip("aquery of Bazel 4 does not follow toolchains")
    actions = service.bazel.run(service.workspace, "aquery", "mnemonic('RustStd', deps(//:service_as))").stdout
    outputs = re.findall(r"Outputs: \[(\S*/lib\w+.rlib)\]", actions)
    assert len(outputs) == len(set(map(os.path.basename, outputs))) == 25, outputs


def test_macros_are_for_the_compiler_on_a_platform_of_a_users_own(service: Built) -> None:
    if service.bazel.name == "4.2.3":
        pytest.skip("providers() in cquery is newer")
    shutil.copytree(PROJECTS / "own_platform", service.workspace / "own_platform", dirs_exist_ok=True)
    worker = "//own_platform:red_worker"
    run_on_it = (f"--host_platform={worker}", f"--extra_execution_platforms={worker}")
    triples = "' '.join([info.triple for name, info in providers(target).items() if name.endswith('CrateInfo')])"
    shown = ("--output=starlark", f"--starlark:expr=target.label.name + ' ' + {triples}")
    crates = "kind(rust_proc_macro, deps(//:service_as)) + //:macros + filter('^//:pack$', deps(//:service_as))"
    for asked in (("--platforms=//own_platform:red_musl",), (f"--platforms={worker}",), run_on_it):
        found = set(service.bazel.run(service.workspace, "cquery", *asked, *shown, crates).stdout.splitlines())
        macros = {line for line in found if line.startswith("macros ")}
        assert macros == {"macros x86_64-unknown-linux-gnu"}, found
        assert "pack x86_64-unknown-linux-musl" in found, found
        service.bazel.run(service.workspace, "build", "--nobuild", *asked, "//:macros", "//:service_as")


def test_no_path_of_the_machine_is_in_a_binary(service: Built) -> None:
    languages.no_path_of_the_machine_is_inside(service)


def test_what_cannot_be_built_is_refused_with_the_target_the_mode_and_a_remedy(service: Built) -> None:
    languages.wrong_is_refused(service, rust_wrong.SOURCES, rust_wrong.REFUSED)


def test_crates_bundle_c_libraries_have_other_names_and_data_and_are_linked_as_c_is(service: Built) -> None:
    languages.write(service.workspace / "more", rust_wrong.MORE)
    service.bazel.run(service.workspace, "build", "//more:plain", "//more:pie")
    plain, pie = (service.workspace / "bazel-bin/more" / name for name in ("plain", "pie"))
    for program in (plain, pie):
        assert sandbox.run_here(program, service.workspace) == "7 1 2\n"
    assert (readelf.read(plain).type, readelf.read(pie).type) == ("EXEC", "DYN")
    assert b".symtab" in plain.read_bytes()
    assert b".symtab" not in pie.read_bytes()
    arguments = ("//more:reads_test_static", "--test_output=all", "--test_arg=reads")
    assert (
        "1 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out"
        in service.bazel.run(service.workspace, "test", *arguments).stdout
    )


def test_build_scripts_say_how_crates_are_compiled_and_c_has_rust_inside(service: Built) -> None:
    languages.write(service.workspace / "scripted", rust_scripts.OURS)
    glibc = service.case is ZIG
    for mode in ("static", "mostly_static"):
        expected = rust_scripts.OURS_SAYS.format(libc="gnu" if glibc and mode == "mostly_static" else "musl")
        languages.prints(service, f"//scripted:user_as_{mode}", expected)
        languages.prints(service, f"//scripted:outside_as_{mode}", "8 -1\n")
    refused = service.bazel.run(service.workspace, "build", "//scripted:asker_static", check=False)
    assert re.search(rust_scripts.ASKS, refused.stderr), refused.stderr


def test_link_time_optimisation_makes_a_smaller_program(service: Built) -> None:
    languages.write(service.workspace / "scripted", rust_scripts.OURS)
    sizes = []
    for lto in ("off", "fat"):
        options = ("-c", "opt", f"--@linkmode//rust:lto={lto}")
        service.bazel.run(service.workspace, "build", "//scripted:user_as_static", *options)
        program = service.workspace / "bazel-bin/scripted/user_as_static"
        assert sandbox.run_here(program, service.workspace).startswith("7 7 1/2/3 musl\n")
        sizes.append(program.stat().st_size)
    assert sizes[1] < sizes[0]
    refused = service.bazel.run(service.workspace, "build", "//scripted:user", "--@linkmode//rust:lto=yes", check=False)
    assert "--@linkmode//rust:lto=yes: there are off, thin and fat" in refused.stderr, refused.stderr


@pytest.mark.tier("slow")
def test_the_build_scripts_of_published_crates_run(service: Built) -> None:
    try:
        languages.write(service.workspace / "crates", rust_scripts.crates())
    except MissingToolchainsError as error:
        pytest.skip(str(error))
    for mode in ("static", "mostly_static"):
        languages.prints(service, f"//crates:app_as_{mode}", rust_scripts.CRATES_SAY)


@pytest.mark.tier("bazel")
def test_a_build_script_without_a_musl_target_is_refused_by_name() -> None:
    try:
        found = bazel.find(bazel.KNOWN[0])
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    folder = WORK / "e2e" / found.name / "rust_gnu_only"
    shutil.rmtree(folder, ignore_errors=True)
    toolchain = f'[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["{_GNU}"]\n'
    build = (
        'load("@linkmode//rust:defs.bzl", "rust_build_script")\nrust_build_script(name = "say", srcs = ["build.rs"])\n'
    )
    files = {
        "linkmode.toml": f'{toolchain}[language]\nrust = "~=1.98.0"\n',
        "BUILD.bazel": build,
        "build.rs": "",
        "WORKSPACE": "",
    }
    languages.write(folder, files)
    linkmode(folder, "lock")
    linkmode(folder, "generate")
    try:
        refused = found.run(folder, "build", "--nobuild", "//:all", check=False)
        assert "say: it is a program that runs while others are built, linked static, and no target" in refused.stderr
        assert "Add x86_64-linux-musl to a [[toolchain]]" in refused.stderr, refused.stderr
    finally:
        found.leave(folder)


def test_nothing_of_the_machine_is_needed_where_rustc_has_a_libc_of_its_own() -> None:
    """/usr holds the machine's loader, libc and compilers (/lib and /lib64 are links into it): no action sees it."""
    if not Path("/lib64").is_symlink():
        pytest.skip("this machine keeps libraries outside of /usr")
    found = languages.prepared(bazel.KNOWN[0], ZIG, partial(rust.prepare, own_libc=True))
    try:
        flags = ("--sandbox_block_path=/usr", "--disk_cache=", "--strategy=RustUnpack=sandboxed")
        found.bazel.run(found.workspace, "build", *flags, "//:service_as_static")
        checks.runs_where_it_must(found.workspace, ZIG, ZIG.binaries[0])
    finally:
        found.bazel.leave(found.workspace)
