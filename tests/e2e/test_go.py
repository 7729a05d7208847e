"""Go on real Bazel: examples/go_http in every mode, by Zig and by GCC, and what is said of what cannot be built."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import languages
import pytest
import rows
from harness import go_strange, go_wrong, golang, readelf, sandbox
from harness.built import Built
from harness.cases import Binary, Case
from harness.workspace import linkmode

_X86_MUSL, _ARM_MUSL, _GNU = "x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28"

PRINTS = r"""HELLO, static world!
version 1\.2, sum 42, user (known|unknown), zlib 1\.3\.\d: \d+ bytes packed
"""

ZIG = Case(
    name="go_http",
    binaries=(
        Binary("//:server_as_static", "static", _X86_MUSL),
        Binary("//:server_as_mostly_static", "mostly_static", _GNU),
        Binary("//:server_as_dynamic", "dynamic", _GNU),
        Binary("//aarch64:server_static", "static", _ARM_MUSL),
    ),
    prints=PRINTS,
    sources=("zig=pypi", "zlib=pypi", "go=pypi"),
)
GCC = Case(
    name="go_http_gcc",
    example="go_http",
    binaries=(
        Binary("//:server_as_static", "static", _X86_MUSL),
        Binary("//:server_as_mostly_static", "mostly_static", _X86_MUSL),
        Binary("//:server_as_dynamic", "dynamic", _X86_MUSL),
        Binary("//aarch64:server_static", "static", _ARM_MUSL),
    ),
    prints=PRINTS,
    sources=("zlib=pypi", "go=pypi"),
    pins=("x86_64-linux-musl-cross.tgz", "aarch64-linux-musl-cross.tgz"),
)

# The seed's program, which has no C of its own.
HELLO = Case(
    name="go_http",
    binaries=(
        Binary("//hello:hello_as_static", "static", _X86_MUSL),
        Binary("//hello:hello_as_mostly_static", "mostly_static", _GNU),
        Binary("//hello:hello_as_dynamic", "dynamic", _GNU),
        Binary("//aarch64:hello_static", "static", _ARM_MUSL),
    ),
    prints="Hello!\n",
    sources=ZIG.sources,
)


@pytest.fixture(scope="module", params=rows.each(ZIG, GCC, ci=("go_http-7.7.1",)))
def server(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the example, all of it."""
    yield from languages.built(request.param, golang.prepare)


@pytest.fixture(scope="module")
def by_gcc() -> Iterator[Built]:
    """What CI asks of GCC, and of WORKSPACE: nothing is built yet."""
    case = replace(GCC, name="go_http_by_gcc", binaries=GCC.binaries[:3])
    found = languages.prepared("4.2.3", case, golang.prepare)
    yield found
    found.bazel.leave(found.workspace)


@pytest.fixture
def zig(server: Built) -> Built:
    """Only where Zig is the C compiler: what is tested does not depend on it."""
    if server.case is not ZIG:
        pytest.skip("the same with GCC")
    return server


def test_every_binary_is_what_it_says_and_runs_where_it_must(server: Built) -> None:
    for case in (server.case, *([HELLO] if server.case is ZIG else [])):
        languages.every_binary_holds(server, case)


@pytest.mark.tier("bazel")
def test_gcc_compiles_and_links_cgo_in_each_mode(by_gcc: Built) -> None:
    by_gcc.bazel.run(by_gcc.workspace, "build", *(binary.label for binary in by_gcc.case.binaries))
    languages.every_binary_holds(by_gcc)


def test_the_seeds_experiment_net_http_needs_libc_with_cgo_and_nothing_without(zig: Built) -> None:
    """ "How to Build Statically Linked Go Programs": ldd on a program with net/http, with cgo and without."""
    without, with_cgo = (zig.workspace / binary.path for binary in HELLO.binaries[:2])
    assert readelf.read(without).needed == frozenset()
    assert "not a dynamic executable" in _ldd(without)
    assert "libc.so.6" in readelf.read(with_cgo).needed
    assert re.search(r"libc\.so\.6 => /\S+", _ldd(with_cgo))


def _ldd(path: object) -> str:
    done = subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_packages_own_tests_pass_in_each_mode(server: Built) -> None:
    said = server.bazel.run(server.workspace, "test", "//...").stdout
    for mode in ("static", "mostly_static", "dynamic"):
        assert re.search(rf"//greet:greet_test_{mode} .*PASSED", said), said
        assert re.search(rf"//:server_{mode}_run_test .*PASSED", said), said


def test_a_failing_test_fails_and_a_filter_leaves_it_out(zig: Built) -> None:
    test = zig.workspace / "greet" / "failing_test.go"
    test.write_text('package greet\n\nimport "testing"\n\nfunc TestFails(t *testing.T) { t.Error("meant to fail") }\n')
    try:
        options = ("--test_output=errors", "//greet:greet_test_static")
        failed = zig.bazel.run(zig.workspace, "test", *options, check=False)
        assert failed.returncode == 3, failed.stderr
        assert "--- FAIL: TestFails" in failed.stdout
        assert "meant to fail" in failed.stdout
        zig.bazel.run(zig.workspace, "test", "--test_filter=TestP", *options)
    finally:
        test.unlink()


def test_a_second_build_changes_nothing(server: Built) -> None:
    server.bazel.run(server.workspace, "build", "//...")
    languages.nothing_is_built_again(server)


def test_the_library_is_compiled_once_and_for_cgo_once_for_each_mode(zig: Built) -> None:
    said = zig.bazel.run(zig.workspace, "aquery", "mnemonic('GoStd', deps(//:server_as))").stdout
    for output, times in (("std_without_cgo", 1), ("std_with_cgo", 3)):
        assert len(set(re.findall(rf"Outputs: \[(\S*/{output})[ \]]", said))) == times, said


def test_a_change_in_a_function_compiles_its_package_alone(zig: Built) -> None:
    source = zig.workspace / "vendor/example.com/shout/shout.go"
    text = source.read_text()
    try:
        for word in ("one", "two"):  # in a function that is too large to be inlined, which importers do not see
            body = f'{{\n\tdefer func() {{ _ = recover() }}()\n\tif text == "" {{\n\t\tpanic("{word}")\n\t}}\n'
            source.write_text(text.replace("{\n", body, 1))
            said = zig.bazel.run(zig.workspace, "build", "//:server_as_static", "--subcommands").stderr
    finally:
        source.write_text(text)
    compiled = re.findall(r"# \S*//(\S+) \[action 'Compiling Go package", said)
    assert compiled == ["vendor/example.com/shout:shout"], said


def test_stamps_come_from_the_workspace_status(zig: Built) -> None:
    text = 'package main\n\nvar v = ""\n\nfunc main() { print(v) }\n'
    stamped = ', x_defs = {"v": "<{BUILD_EMBED_LABEL}>"}'
    for options, expected in ((("--nostamp",), "<unstamped>"), (("--stamp", "--embed_label=r1"), "<r1>")):
        program = _program(zig, "stamps", text, "static", *options, attributes=stamped)
        assert subprocess.run([program], capture_output=True, text=True, check=True).stderr == expected


def test_a_module_keeps_its_folders_its_variables_and_its_version(server: Built) -> None:
    languages.write(server.workspace / "strange", go_strange.SOURCES)
    server.bazel.run(server.workspace, "build", "//strange:app_as_static")
    assert sandbox.run_here(server.workspace / "bazel-bin/strange/app_as_static", server.workspace) == go_strange.SAYS
    server.bazel.run(server.workspace, "test", "//strange:lib_test_static")
    if server.case is ZIG:
        return  # Zig has no runtime for coverage, and is refused first
    covered = server.bazel.run(server.workspace, "coverage", "//strange:lib_test_static", check=False)
    assert covered.returncode
    assert "the coverage of Go code is not measured here, and a report would say" in covered.stderr, covered.stderr


@pytest.mark.tier("slow")
def test_a_cpu_level_and_a_profile_are_those_of_all_that_is_compiled(zig: Built) -> None:
    """The standard library is compiled for both, which takes a minute."""
    text = (
        'package main\n\nimport (\n\t"fmt"\n\t"os"\n\t"runtime/debug"\n\t"runtime/pprof"\n)\n\n'
        "func main() {\n\tif len(os.Args) > 1 {\n\t\t_ = pprof.StartCPUProfile(os.Stdout)\n\t\tpprof.StopCPUProfile()\n"
        "\t\treturn\n\t}\n\tinfo, _ := debug.ReadBuildInfo()\n\tfmt.Print(info)\n}\n"
    )
    program = _program(zig, "levels", text, "static")
    profile = subprocess.run([program, "profile"], capture_output=True, check=True).stdout
    assert "GOAMD64=v1" in sandbox.run_here(program, zig.workspace)
    languages.write(zig.workspace / "profile", {"BUILD.bazel": 'exports_files(["cpu.pprof"])\n'})
    (zig.workspace / "profile/cpu.pprof").write_bytes(profile)
    options = ("--@linkmode//go:amd64=v3", "--@linkmode//go:pgo=//profile:cpu.pprof")
    said = sandbox.run_here(_program(zig, "levels", text, "static", *options), zig.workspace)
    assert "build\t-pgo=profile/cpu.pprof\n" in said
    assert "build\tGOAMD64=v3\n" in said
    asked = zig.bazel.run(zig.workspace, "aquery", "mnemonic('GoStd', deps(//levels:it_static))", *options).stdout
    assert "profile/cpu.pprof" in asked, asked
    refused = zig.bazel.run(zig.workspace, "build", "//levels:it", "--@linkmode//go:amd64=v9", check=False)
    assert "--@linkmode//go:amd64=v9: GOAMD64 is v1, v2, v3 or v4" in refused.stderr, refused.stderr


def test_tags_of_a_build_reach_every_package(zig: Built) -> None:
    zig.bazel.run(zig.workspace, "build", "//:server", *_BY_FLAGS)
    said = sandbox.run_here(zig.workspace / "bazel-bin/server", zig.workspace)
    assert said.startswith("HELLO, static world.\n"), said


def test_no_path_of_the_machine_is_in_a_binary(server: Built) -> None:
    languages.no_path_of_the_machine_is_inside(server)


def test_what_cannot_be_built_is_refused_with_the_target_the_mode_and_a_remedy(server: Built) -> None:
    languages.write(server.workspace / "wrong", go_wrong.SOURCES)
    for name, message in go_wrong.REFUSED.items():
        refused = server.bazel.run(server.workspace, "build", f"//wrong:{name}", *_BY_FLAGS, check=False)
        assert refused.returncode, name
        assert re.search(message, refused.stderr), f"{name}\n{refused.stderr}"
    raced = ("--@linkmode//go:race", "//wrong:really_pure_static")
    refused = server.bazel.run(server.workspace, "build", *raced, check=False)
    assert re.search(
        r'//wrong:really_pure: the race detector needs glibc, and this is link_mode = "static"', refused.stderr
    )
    refused = server.bazel.run(server.workspace, "build", "//pack", "--platforms=//wrong:no_libc", check=False)
    # Bazel speaks for itself: 4 knows no optional toolchains, and 7 looks for the C++ toolchain on its own account
    of_4 = r"No matching toolchains found for types @bazel_tools//tools/cpp:toolchain_type"
    of_7 = r"Unable to find a CC toolchain using toolchain resolution"
    assert re.search(of_4 if server.bazel.name == "4.2.3" else of_7, refused.stderr), refused.stderr


def test_a_module_of_an_old_go_keeps_the_meaning_that_its_loops_had(server: Built) -> None:
    body = (
        "\tvar all []func() int\n\tfor i := 0; i < 3; i++ {\n\t\tall = append(all, func() int { return i })\n\t}\n"
        '\tfor _, one := range all {\n\t\tprint(one(), " ")\n\t}\n'
    )
    text = f"package main\n\nfunc main() {{\n{body}}}\n"
    for attributes, printed in (("", "0 1 2 "), (', gc_goopts = ["-lang=go1.20"]', "3 3 3 ")):
        program = _program(server, "loops", text, "static", attributes=attributes)
        assert subprocess.run([program], capture_output=True, text=True, check=True).stderr == printed


def test_a_plugin_is_not_opened_and_says_so(server: Built) -> None:
    text = (
        'package main\n\nimport "plugin"\n\nfunc main() {\n\t_, err := plugin.Open("x.so")\n\tprint(err.Error())\n}\n'
    )
    program = _program(server, "plugins", text, "static")
    assert subprocess.run([program], capture_output=True, text=True, check=True).stderr == "plugin: not implemented"


def _program(found: Built, name: str, text: str, mode: str, *options: str, attributes: str = "") -> Path:
    """Build a program of one file in a package of its own, and return its path."""
    folder = found.workspace / name
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text(text, encoding="utf-8")
    (folder / "BUILD.bazel").write_text(
        'load("@linkmode//:defs.bzl", "link_mode_binary")\n'
        'load("@linkmode//go:defs.bzl", "go_binary")\n'
        f'go_binary(name = "it", srcs = ["main.go"], tags = ["manual"]{attributes})\n'
        f'link_mode_binary(name = "it_{mode}", binary = ":it", link_mode = "{mode}", tags = ["manual"])\n',
        encoding="utf-8",
    )
    found.bazel.run(found.workspace, "build", f"//{name}:it_{mode}", *options)
    return found.workspace / "bazel-bin" / name / f"it_{mode}"


def test_every_action_runs_in_an_empty_sandbox_and_gives_the_same_bytes(server: Built) -> None:
    """Go's library is compiled again for each mode that has cgo: `make remote CASE=go_http` asks the other two."""
    languages.every_action_runs_in_an_empty_sandbox_and_gives_the_same_bytes(server, "static")


@pytest.mark.tier("slow")
def test_the_sdk_that_a_go_proxy_serves_compiles_the_same() -> None:
    case = replace(GCC, name="go_http_goproxy", sources=("zlib=pypi", "go=goproxy"))
    found = languages.prepared("4.2.3", case, golang.prepare)
    try:
        found.bazel.run(found.workspace, "build", "//hello:hello_as_static")
        assert sandbox.run_here(found.workspace / "bazel-bin/hello/hello_as_static", found.workspace) == "Hello!\n"
    finally:
        found.bazel.leave(found.workspace)


def test_the_bill_of_materials_names_gos_own_library(server: Built) -> None:
    server.bazel.run(server.workspace, "build", "--output_groups=linkmode_sbom", "//hello:hello_as_static")
    bill = json.loads((server.workspace / "bazel-bin/hello/hello_as_static.cdx.json").read_text(encoding="utf-8"))
    assert "pkg:golang/stdlib" in {part["purl"].partition("@")[0] for part in bill["components"]}


@pytest.mark.tier("bazel")
def test_the_adapter_for_rules_go_sets_what_it_reads(by_gcc: Built) -> None:
    """rules_go cannot be had here: a repository of its name stands in, which has its two settings and nothing else."""
    folder = by_gcc.workspace / "adapter"
    shutil.rmtree(folder, ignore_errors=True)
    languages.write(folder, go_wrong.STAND_IN)
    for name in (".bazelrc", "linkmode.lock"):
        shutil.copy(by_gcc.workspace / name, folder)
    config = (by_gcc.workspace / "linkmode.toml").read_text(encoding="utf-8")
    (folder / "linkmode.toml").write_text(f"{config}\n[adapters]\nrules_go = true\n", encoding="utf-8")
    linkmode(folder, "lock", *(f"--source={source}" for source in by_gcc.case.sources))
    linkmode(folder, "generate")
    try:
        for mode, expected in go_wrong.STAND_IN_SAYS.items():
            said = by_gcc.bazel.run(folder, "build", f"//:probe_{mode}", check=False).stderr
            assert f"rules_go reads {expected}" in said, said
    finally:
        by_gcc.bazel.leave(folder)


_BY_FLAGS = ("--platforms=@linkmode//platforms:x86_64-linux-musl", "--@linkmode//go:tags=calm")
"""A whole build by flags, for which Go's library is compiled again: the same flags in all tests that have some."""
