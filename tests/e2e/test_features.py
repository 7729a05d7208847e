"""What users expect of a C++ toolchain beside compiling: features, user flags, strict warnings, shared libraries."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from harness.built import Built

# how repositories are declared makes no difference to a compiler, nor does the other kind of archive
pytestmark = pytest.mark.rows(cases=("c_zlib", "cpp_zig"), bazels=("4.2.3", "7.7.1"), bazel=("c_zlib-7.7.1",))

MUSL = "--platforms=@linkmode//platforms:x86_64-linux-musl"

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")

STRICT = ["-Werror", "-Wextra", "-Wpedantic"]

cc_binary(name = "strict_c", srcs = ["strict.c"], copts = STRICT, tags = ["manual"])
cc_binary(name = "strict_cc", srcs = ["strict.cc"], copts = STRICT + ["-std=c++17"], tags = ["manual"])
link_modes(name = "c", binary = ":strict_c", tags = ["manual"])
link_modes(name = "cc", binary = ":strict_cc", tags = ["manual"])

cc_library(name = "answer", srcs = ["answer.c"], tags = ["manual"])
cc_library(name = "shared_answer", srcs = ["answer.c"], linkstatic = False, tags = ["manual"])
cc_binary(name = "ask", srcs = ["ask.c"], deps = [":answer"], tags = ["manual"])
cc_binary(name = "ask_shared", srcs = ["ask.c"], deps = [":shared_answer"], tags = ["manual"])
cc_binary(name = "ask_whole", srcs = ["ask.c", "answer.c"], tags = ["manual"])
link_mode_binary(name = "whole_static", binary = ":ask_whole", link_mode = "static", tags = ["manual"])
link_modes(name = "shared", binary = ":ask_shared", tags = ["manual"])
link_mode_binary(name = "stripped", binary = ":ask", link_mode = "static", strip = True, tags = ["manual"])
link_mode_binary(name = "kept", binary = ":ask", link_mode = "static", tags = ["manual"])

cc_binary(name = "overflow", srcs = ["overflow.c"], tags = ["manual"])
link_mode_binary(name = "overflow_static", binary = ":overflow", link_mode = "static", tags = ["manual"])

cc_binary(
    name = "flags",
    srcs = ["flags.c"],
    copts = ["-DFROM_COPTS=1", "-UNDEBUG"],
    linkopts = ["-Wl,--defsym=from_linkopts=7"],
    local_defines = ["FROM_DEFINES=2"],
    tags = ["manual"],
)
link_mode_binary(name = "flags_static", binary = ":flags", link_mode = "static", tags = ["manual"])
cc_binary(
    name = "which",
    srcs = ["which.c"],
    local_defines = select({
        "@linkmode//:is_static": ["MODE=1"],
        "@linkmode//:is_mostly_static": ["MODE=2"],
        "@linkmode//:is_dynamic": ["MODE=3"],
        "//conditions:default": ["MODE=0"],
    }),
    tags = ["manual"],
)
link_modes(name = "mode", binary = ":which", tags = ["manual"])
"""

SOURCES = {
    "BUILD.bazel": BUILD,
    "strict.c": """
#include <math.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) { printf("%s %.1f %s\\n", argv[0] ? "c" : "", sqrt(4.0 * argc), __DATE__); return 0; }
""",
    "strict.cc": """
#include <atomic>
#include <filesystem>
#include <iostream>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
int main() {
    std::string caught;
    std::thread([&] {
        try { throw std::runtime_error("thrown"); } catch (const std::exception &e) { caught = e.what(); }
    }).join();
    std::cout << caught << " " << std::regex_match("ab", std::regex("a.")) << " "
              << std::filesystem::path("/x/y").filename().string() << std::endl;
}
""",
    "answer.c": "int answer(int x) { return x + 41; }\n",
    "ask.c": "int answer(int);\nint main(int argc, char **argv) { (void)argv; return answer(argc) == 42 ? 0 : 1; }\n",
    "overflow.c": "int main(int argc, char **argv) { (void)argv; int x = 2147483647; return x + argc > 0; }\n",
    "flags.c": """
extern char from_linkopts[];
int main(void) { return FROM_COPTS + FROM_DEFINES + (int)(long)from_linkopts; }
""",
    "which.c": "int main(void) { return MODE; }\n",
}


@pytest.fixture
def features(built: Built) -> Built:
    folder = built.workspace / "features"
    folder.mkdir(exist_ok=True)
    for name, text in SOURCES.items():
        if name != "BUILD.bazel" or built.bazel.name == "4.2.3":
            (folder / name).write_text(text)
        else:
            (folder / name).write_text('load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")\n' + text)
    return built


def _build(built: Built, *arguments: str) -> Path:
    built.bazel.run(built.workspace, "build", *arguments)
    return built.workspace / "bazel-bin" / "features"


def _status(binary: Path) -> int:
    return subprocess.run([str(binary)], check=False, capture_output=True, timeout=60).returncode


def _symbols(binary: Path) -> str:
    return subprocess.run(["nm", str(binary)], check=False, capture_output=True, text=True).stdout


@pytest.mark.parametrize("mode", ["fastbuild", "opt", "dbg"])
def test_headers_are_clean_under_strict_warnings_as_errors(features: Built, mode: str) -> None:
    out = _build(features, "-c", mode, "//features:c", "//features:cc")
    said = subprocess.run([str(out / "c_static")], check=True, capture_output=True, text=True).stdout
    assert said == "c 2.0 redacted\n"
    said = subprocess.run([str(out / "cc_static")], check=True, capture_output=True, text=True).stdout
    assert said == "thrown 1 y\n"


def test_libraries_that_are_shared_in_dynamic_mode_are_inside_in_the_others(features: Built) -> None:
    out = _build(features, "//features:shared")
    assert _status(out / "shared_static") == 0
    for mode in ("static", "mostly_static"):
        assert " T answer" in _symbols(out / f"shared_{mode}")


def test_full_lto_inlines_across_sources(features: Built) -> None:
    assert " T answer" in _symbols(_build(features, "-c", "opt", "//features:whole_static") / "whole_static")
    binary = _build(features, "-c", "opt", "--features=full_lto", "//features:whole_static") / "whole_static"
    assert "answer" not in _symbols(binary)
    assert _status(binary) == 0


def test_ubsan_traps_and_is_off_unless_asked_for(features: Built) -> None:
    assert _status(_build(features, "//features:overflow_static") / "overflow_static") in (0, 1)
    trapped = _status(_build(features, "--features=ubsan", "//features:overflow_static") / "overflow_static")
    assert trapped < 0, trapped  # a signal: SIGILL or SIGTRAP


def test_strip(features: Built) -> None:
    out = _build(features, "//features:stripped", "//features:kept")
    assert " T main" in _symbols(out / "kept")
    assert _symbols(out / "stripped") == ""
    assert _status(out / "stripped") == 0


def test_stripped_outputs_of_cc_binary(features: Built) -> None:
    out = _build(features, "-c", "dbg", MUSL, "//features:ask.stripped", "//features:ask")
    assert ".debug_info" in _sections(out / "ask")
    assert ".debug_info" not in _sections(out / "ask.stripped")
    assert " T main" in _symbols(out / "ask.stripped")
    assert _status(out / "ask.stripped") == 0


def _sections(binary: Path) -> str:
    return subprocess.run(["readelf", "-SW", str(binary)], check=True, capture_output=True, text=True).stdout


def test_the_users_flags_come_after_the_toolchains(features: Built) -> None:
    assert _status(_build(features, "-c", "opt", "//features:flags_static") / "flags_static") == 1 + 2 + 7


def test_select_reads_the_link_mode(features: Built) -> None:
    out = _build(features, "//features:mode")
    assert _status(out / "mode_static") == 1
    if features.case.name == "cpp_zig":
        assert [_status(out / f"mode_{mode}") for mode in ("mostly_static", "dynamic")] == [2, 3]


def test_coverage_counters_where_the_archive_has_the_profile_library(features: Built) -> None:
    instrumented = ("--collect_code_coverage", "--instrumentation_filter=//features", "//features:whole_static")
    if features.case.name == "cpp_zig":
        said = features.bazel.run(features.workspace, "build", *instrumented, check=False)
        assert said.returncode == 1
        assert "linkmode: no feature coverage with Zig" in said.stderr
    else:
        assert "__gcov_" in _symbols(_build(features, *instrumented) / "whole_static")


def test_actions_have_few_inputs_no_shell_and_nothing_of_the_machine(features: Built) -> None:
    mnemonics = "CppCompile|CppLink|CppArchive|LinkModeCheck|Zig.*"
    said = features.bazel.run(
        features.workspace, "aquery", "--output=text", f'mnemonic("{mnemonics}", deps(//features:c_static))'
    ).stdout
    actions = [block for block in said.split("\n\n") if "Mnemonic:" in block]
    kinds = {_field(action, "Mnemonic") for action in actions}
    assert {"CppCompile", "CppLink", "LinkModeCheck"} <= kinds
    for action in actions:
        environment = _field(action, "Environment")
        # constants, whoever builds: the toolchain's own, or what --incompatible_strict_action_env puts in their place
        assert re.fullmatch(
            r"\[((PATH=(/nonexistent|/bin:/usr/bin:/usr/local/bin)?|PWD=/proc/self/cwd)(, )?)*\]|", environment
        )
        command = action.partition("Command Line:")[2]
        assert command
        for word in ("/bin/sh", "bash", "/usr/", os.environ["HOME"], str(features.workspace)):
            assert word not in command, command
    compiles = [action for action in actions if "strict.c" in _field(action, "Inputs") and "CppCompile" in action]
    assert compiles
    for action in compiles:
        # with clang a module map for each dependency, for layering_check
        inputs = [path for path in _field(action, "Inputs").strip("[]").split(", ") if not path.endswith(".cppmap")]
        assert len(inputs) <= 15, action


def test_a_linker_that_the_archive_does_not_have_is_not_taken_from_the_machine(features: Built) -> None:
    arguments = ("build", MUSL, "--linkopt=-fuse-ld=gold", "//features:ask")
    said = features.bazel.run(features.workspace, *arguments, check=False)
    if features.case.name == "cpp_zig":  # --ld-path wins
        assert said.returncode == 0, said.stderr
    else:
        assert said.returncode == 1
        assert "collect2: fatal error: cannot find 'ld'" in said.stderr


def _field(action: str, name: str) -> str:
    found = re.search(rf"^\s*{name}: (.*)$", action, re.MULTILINE)
    return found[1].strip() if found else ""
