"""The toolchains as other people's rules see them: shared objects, names of libraries, features, Make variables."""

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomli_w
from harness import bazel, readelf, workspace
from harness.bazel import Bazel
from harness.cases import CASES
from harness.places import PROJECTS

_GLIBC = "x86_64-linux-gnu.2.28"
_MUSL = "x86_64-linux-musl"
_NAMES = ("c", "gcc", "gcc_eh", "gcc_s", "stdc++", "pthread", "m", "dl", "rt", "util", "resolv", "crypt", "atomic")
_LLVM_NAMES = ("unwind", "c++", "c++abi")
_NOT_THERE = ("asan", "tsan", "msan", "thin_lto", "fdo_instrument", "address_sanitizer", "lto", "undefined_sanitizer")


@dataclass(frozen=True)
class Seen:
    """The package tests/e2e/projects/seen, in a workspace with one compiler."""

    bazel: Bazel
    is_zig: bool
    folder: Path

    @property
    def platform(self) -> str:
        """Where a plain cc_binary is linked by this compiler, dynamic with Zig and static with GCC."""
        return f"--platforms=@linkmode//platforms:{_GLIBC if self.is_zig else _MUSL}"

    def run(self, verb: str, *arguments: str) -> str:
        """Run Bazel and return all that it says. Raises AssertionError when it fails."""
        done = self.bazel.run(self.folder, verb, *arguments)
        return done.stdout + done.stderr

    def fails(self, *arguments: str) -> str:
        """Build what does not build, all of it, and return all that Bazel says."""
        done = self.bazel.run(self.folder, "build", "--keep_going", *arguments, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        return said

    def built(self, name: str) -> Path:
        return self.folder / "bazel-bin/seen" / name

    def prints(self, name: str) -> str:
        return subprocess.run([self.built(name)], capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("cpp_zig", marks=pytest.mark.tier("slow")),
        pytest.param("c_zlib", marks=pytest.mark.tier("bazel")),
    ],
)
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    case = CASES[request.param]
    workspace.need(case.pins)
    try:
        builder = bazel.find("7.7.1")
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    is_zig = case.name == "cpp_zig"
    folder = workspace.prepare(case, "seen-7.7.1")
    if is_zig:  # each target has run-time files of its own, which take minutes
        config = tomllib.loads((folder / "linkmode.toml").read_text(encoding="utf-8"))
        config["toolchain"][0]["targets"] = [_MUSL, _GLIBC]
        config["link-modes"] = dict.fromkeys(("mostly_static", "dynamic"), _GLIBC)
        (folder / "linkmode.toml").write_text(tomli_w.dumps(config), encoding="utf-8")
        workspace.linkmode(folder, "lock", *(f"--source={source}" for source in case.sources))
        workspace.linkmode(folder, "generate")
    shutil.copytree(PROJECTS / "seen", folder / "seen")
    names = [f"-l{name}" for name in (*_NAMES, *(_LLVM_NAMES if is_zig else ()))]
    (folder / "seen/names.bzl").write_text(f"NAMES = {names}\n", encoding="utf-8")
    try:
        yield Seen(builder, is_zig, folder)
    finally:
        builder.leave(folder)


def test_a_cxx_exception_out_of_a_shared_object_is_caught_or_its_build_fails(seen: Seen) -> None:
    ways = ("dynamic_deps", "linkshared", "import", "dlopen")
    programs = [f"//seen:caught_by_{way}" for way in ways]
    if not seen.is_zig:
        seen.run("build", *programs)
        for way in ways:
            assert seen.run("run", f"//seen:run_by_{way}").count("caught: thrown in the library\n") == 1
        return
    said = seen.fails(seen.platform, *programs, "//seen:libpasses_on.so")
    refused = re.findall(r"linkmode: error: a C\+\+ runtime \(libc\+\+abi\) lies in \S+/seen/(\S+) and another", said)
    assert sorted(refused) == ["by_dynamic_deps", "by_import", "by_linkshared", "libpasses_on.so"], said
    assert re.search(r"caught_by_dlopen: --beside does not hold\n.*\n.*\S+/libthrows_linked\.so", said)
    assert said.count('features = ["two_cxx_runtimes"]') == 5
    assert 'family "musl.cc"' in said


def test_a_plugin_under_any_usual_name_counts(seen: Seen) -> None:
    programs = ["//seen:caught_by_addon", "//seen:caught_by_library"]
    if not seen.is_zig:
        seen.run("build", *programs)
        return
    said = seen.fails(*programs)
    assert re.search(r"caught_by_addon: --beside does not hold\n.*\n.*\S+/throws\.node", said), said
    assert re.search(r"caught_by_library: --beside does not hold\n.*\n.*throws_library/libthrows_linked\.so", said), (
        said
    )


def test_two_cxx_runtimes_are_for_who_says_so_and_c_has_none(seen: Seen) -> None:
    seen.run("build", "//seen:caught_by_itself", "//seen:c_calls")
    if seen.is_zig:
        assert "caught: thrown at home\n" in seen.run("run", "//seen:caught_by_itself")
        assert "caught: 1\n" in seen.run("run", "//seen:c_calls")
        # only for what says so: the same feature is not on for others
        assert "--beside does not hold" in seen.fails("//seen:caught_by_dlopen")


def test_static_names_the_shared_library_that_it_cannot_take(seen: Seen) -> None:
    said = seen.fails(*(f"//seen:{way}_in_static" for way in ("dynamic_deps", "linkshared", "import")))
    named = re.findall(r"lib\S*(throws_\w+)\.so:_link_mode_static_takes_no_shared_library", said)
    assert sorted(set(named)) == ["throws_linked", "throws_shared"], said
    assert "put_it_into_deps_and_not_dynamic_deps" in said


def test_names_that_are_put_into_every_link_are_found(seen: Seen) -> None:
    archives = "named_archives_as" if seen.is_zig else "named_archives_as_static"
    seen.run("build", "//seen:named_as", f"//seen:{archives}")
    assert seen.prints("named_as_static") == "2.0\n"
    assert seen.prints("named_archives_as_static") == "caught: thrown at home\n"
    for name in ("named_as_static", "named_archives_as_static"):
        assert readelf.read(seen.built(name)).needed == frozenset()
    mostly = readelf.read(seen.built("named_as_mostly_static")).needed
    assert mostly <= {"libc.so", "libc.so.6", "libm.so.6", "libpthread.so.0"}, mostly


def test_a_name_that_no_toolchain_has_is_not_found(seen: Seen) -> None:
    said = seen.fails(seen.platform, "--linkopt=-lnothing_has_this", "//seen:layered")
    assert re.search(r"(find|library) -lnothing_has_this", said)


@pytest.mark.parametrize("feature", _NOT_THERE)
def test_a_feature_that_is_not_there_fails_by_its_name(seen: Seen, feature: str) -> None:
    said = seen.fails(seen.platform, "--nobuild", f"--features={feature}", "//seen:layered")
    assert f"linkmode: no feature {feature} with {'Zig' if seen.is_zig else 'GCC'}: " in said
    assert "; try: " in said


def test_fission_and_coverage_fail_where_they_are_not_there(seen: Seen) -> None:
    fission = (seen.platform, "--nobuild", "--fission=yes", "//seen:layered")
    assert "linkmode: no --fission" in seen.fails(*fission)
    coverage = (seen.platform, "--nobuild", "--collect_code_coverage", "//seen:layered")
    if seen.is_zig:
        assert "linkmode: no feature coverage with Zig" in seen.fails(*coverage)
    else:
        seen.run("build", *coverage)


def test_a_feature_that_is_switched_off_is_no_request(seen: Seen) -> None:
    off = [f"--features=-{feature}" for feature in (*_NOT_THERE, "layering_check", "parse_headers")]
    seen.run("build", "--nobuild", seen.platform, *off, "//seen:layered")


def test_headers_are_parsed_and_layers_are_checked(seen: Seen) -> None:
    headers = "--process_headers_in_dependencies"
    seen.run("build", headers, seen.platform, "//seen:whole_headers", "//seen:layered")
    said = seen.fails(headers, seen.platform, "//seen:half_header", "//seen:reaches_through")
    assert "Compiling seen/half.h failed" in said
    assert ("does not depend on a module exporting 'seen/deep.h'" in said) == seen.is_zig
    if not seen.is_zig:
        said = seen.fails("--features=layering_check", seen.platform, "//seen:layered")
        assert "linkmode: no feature layering_check with GCC" in said


def test_header_modules_are_for_packages_to_ask_and_not_for_a_build(seen: Seen) -> None:
    """Abseil's packages ask for them, with layering_check and parse_headers, and its programs are the same without."""
    seen.run("build", "--nobuild", seen.platform, "//seen:modular")
    said = seen.fails("--nobuild", "--features=header_modules", seen.platform, "//seen:layered")
    assert "linkmode: no feature header_modules with " in said


def test_warnings_are_errors_where_that_is_asked_for(seen: Seen) -> None:
    seen.run("build", seen.platform, "//seen:warns")
    assert "Werror" in seen.fails(seen.platform, "--features=treat_warnings_as_errors", "//seen:warns")


def test_a_name_with_a_blank_is_one_word_of_every_link(seen: Seen) -> None:
    seen.run("build", "//seen:asks a blank as")
    assert seen.prints("asks a blank as_static") == "42\n"


def test_debug_information_goes_as_strip_says(seen: Seen) -> None:
    for option, has_it in (("--strip=sometimes", False), ("--strip=never", True)):
        seen.run("build", "--copt=-g", option, "//seen:asks a blank as_static")
        assert (".debug_info" in readelf.sections(seen.built("asks a blank as_static"))) == has_it, option


def test_a_map_of_the_link_is_there_where_it_is_asked_for(seen: Seen) -> None:
    asked = ("build", seen.platform, "--output_groups=+linkmap", "//seen:asks a blank", "//seen:libthrows_linked.so")
    if seen.is_zig:  # C++ takes minutes
        asked = asked[:-1]
    seen.run(*asked)
    assert not seen.built("asks a blank.map").exists()
    seen.run(*asked, "--features=generate_linkmap")
    assert "answers" in seen.built("asks a blank.map").read_text()


def test_flags_of_a_build_are_not_those_of_the_check(seen: Seen) -> None:
    flags = ("--copt=-DOF_THE_BUILD", "--linkopt=-Wl,--defsym=of_the_build=1", "--per_file_copt=.*@-DOF_FILES")
    query = 'mnemonic("CppCompile|CppLink|CppArchive", deps("//seen:asks a blank as_static"))'
    actions = seen.run("aquery", "--include_param_files", *flags, query).split("\n\n")
    of_check = [action for action in actions if "tools/elfcheck/elfcheck" in action]
    of_program = [action for action in actions if "//seen:asks a blank" in action]
    assert of_check
    assert not [action for action in of_check if re.search("of_the_build|of_files", action, re.IGNORECASE)]
    for word in ("OF_THE_BUILD", "of_the_build=1", "OF_FILES"):
        assert [action for action in of_program if word in action], word
    archives = [action for action in actions if "Mnemonic: CppArchive" in action]
    assert archives
    assert all("Params File Content" in action for action in archives), archives[0]


def test_an_extractor_of_compile_commands_finds_the_driver_and_its_headers(seen: Seen) -> None:
    """As hedron_compile_commands does it for clangd: a command of aquery, asked for headers, in the execution root."""
    program = "//seen:asks a blank as_static"
    seen.run("build", program)
    query = f'mnemonic("CppCompile", deps("{program}"))'
    actions = json.loads(seen.bazel.run(seen.folder, "aquery", "--output=jsonproto", query).stdout)["actions"]
    commands = [action["arguments"] for action in actions if "seen/asks.c" in action["arguments"]]
    root = (seen.folder / "bazel-bin").resolve().parents[2]
    assert commands
    for command in commands:
        asked = [*command[: command.index("-c")], "-M", "seen/asks.c"]
        asked = [word for word in asked if word != "-MD" and word != "-MF" and not word.endswith(".d")]
        said = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=True, timeout=60).stdout
        headers = said.replace("\\\n", " ").split()[2:]
        assert any(header.endswith("/stdio.h") for header in headers), said
        assert all(header.startswith("external/") and (root / header).is_file() for header in headers), said
    if not seen.is_zig:  # clangd --query-driver; clang's own folders are in its command
        asked = [commands[0][0], "-E", "-v", "-x", "c", "/dev/null"]
        said = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=True, timeout=60).stderr
        folders = said.partition("search starts here:\n")[2].partition("End of search list")[0].split("\n ")
        assert any((root / folder.strip() / "stdio.h").is_file() for folder in folders), said


def test_openmp_is_there_or_named(seen: Seen) -> None:
    if seen.is_zig:
        said = seen.fails(seen.platform, "//seen:parallel")
        assert "linkmode: error: -fopenmp: Zig has no run-time library for it" in said
    else:
        seen.run("build", "//seen:parallel_as_static", "//seen:parallel_as_mostly_static")
        assert seen.prints("parallel_as_static") == "55 1\n"


def test_make_variables_name_programs_that_run_from_any_folder(seen: Seen) -> None:
    seen.run("build", seen.platform, "//seen:by_make_variables")
    if seen.is_zig:
        assert [seen.prints(name) for name in ("made_c", "made_elsewhere")] == ["2.0\n", "2.0\n"]
        assert {seen.prints(name) for name in ("made_cc", "made_stripped", "made_copy")} == {"caught: thrown at home\n"}
        sizes = [seen.built(name).stat().st_size for name in ("made_stripped", "made_copy")]
        assert sizes[0] < sizes[1]
        assert readelf.read(seen.built("made_c")).needed <= {"libc.so.6", "libm.so.6", "libpthread.so.0"}


def test_the_libc_is_named_in_the_words_of_rules_cc(seen: Seen) -> None:
    seen.run("build", seen.platform, "//seen:which_libc")
    assert seen.built("which_libc").read_text() == ("glibc 2.28\n" if seen.is_zig else "musl \n")


def test_select_chooses_by_the_libc_of_each_link_mode(seen: Seen) -> None:
    seen.run("build", "//seen:chosen_by_libc_as")
    libcs = {"static": "musl", "mostly_static": "glibc", "dynamic": "glibc"} if seen.is_zig else {"static": "musl"}
    for mode, libc in libcs.items():
        assert seen.prints(f"chosen_by_libc_as_{mode}") == f"{libc} {libc}\n"
