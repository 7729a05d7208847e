"""A binary that is not what its mode says does not pass: not the build, not the test, not the analysis."""

import re
from pathlib import Path

import pytest
from harness.built import Built
from link_words import pattern

from linkmode.model.link_errors import Fault

pytestmark = pytest.mark.rows(cases=("c_zlib", "cpp_zig"), bazel=("c_zlib-7.7.1", "cpp_zig-7.7.1"))

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_mode_test")
load(":prebuilt.bzl", "prebuilt")

# what comes out of {dynamic} stays dynamic, whatever is asked of this one
link_mode_binary(name = "not_static", binary = "{dynamic}", link_mode = "static", tags = ["manual"])
link_mode_test(name = "not_static_test", binary = "{dynamic}", link_mode = "static", tags = ["manual"])
link_mode_test(name = "is_dynamic_test", binary = "{dynamic}", link_mode = "dynamic", tags = ["manual"])

prebuilt(name = "prebuilt", src = "prebuilt.elf", tags = ["manual"])
link_mode_binary(name = "prebuilt_static", binary = ":prebuilt", link_mode = "static", tags = ["manual"])

link_mode_binary(
    name = "prebuilt_libc",
    binary = ":prebuilt",
    link_mode = "mostly_static",
    platform = "@linkmode//platforms:x86_64-linux-musl",
    tags = ["manual"],
)
link_mode_binary(
    name = "prebuilt_cpu",
    binary = ":prebuilt",
    link_mode = "mostly_static",
    platform = "@linkmode//platforms:aarch64-linux-musl",
    tags = ["manual"],
)
genrule(name = "use", outs = ["used.txt"], cmd = "echo > $@", tags = ["manual"], tools = [":prebuilt_static"])

link_mode_binary(name = "text", binary = ":prebuilt_text", link_mode = "dynamic", tags = ["manual"])
prebuilt(name = "prebuilt_text", src = "prebuilt.txt", tags = ["manual"])

cc_binary(name = "undefined", srcs = ["undefined.c"], tags = ["manual"])
link_mode_binary(name = "undefined_static", binary = ":undefined", link_mode = "static", tags = ["manual"])
cc_binary(name = "mixed", srcs = ["mixed.c"], tags = ["manual"])
link_mode_binary(name = "mixed_static", binary = ":mixed", link_mode = "static", tags = ["manual"])
cc_binary(name = "asks", srcs = ["empty.c"], linkopts = ["-lssl"], tags = ["manual"])
link_mode_binary(name = "asks_static", binary = ":asks", link_mode = "static", tags = ["manual"])

link_mode_binary(name = "pie", binary = "{source}", link_mode = "dynamic", static_pie = True, tags = ["manual"])
"""

PREBUILT = """
def _prebuilt_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = out, target_file = ctx.file.src, is_executable = True)
    return [DefaultInfo(executable = out)]

prebuilt = rule(
    implementation = _prebuilt_impl,
    attrs = {"src": attr.label(allow_single_file = True)},
    executable = True,
)
"""


@pytest.fixture
def wrong(built: Built) -> Built:
    """Add a package whose targets are wrong, and tagged so that `//...` leaves them out."""
    folder = built.workspace / "wrong"
    folder.mkdir(exist_ok=True)
    dynamic = next(binary.label for binary in built.case.binaries if binary.mode == "dynamic")
    source = {"c_zlib": "//:pack", "cpp_zig": "//:census"}[built.case.folder]
    (folder / "BUILD.bazel").write_text(BUILD.format(dynamic=dynamic, source=source))
    (folder / "prebuilt.bzl").write_text(PREBUILT)
    (folder / "prebuilt.elf").write_bytes(Path("/bin/true").read_bytes())
    (folder / "prebuilt.txt").write_text("no ELF file\n")
    (folder / "undefined.c").write_text("int absent_one(void);\nint main(void) { return absent_one(); }\n")
    (folder / "mixed.c").write_text(
        "int __printf_chk(int, const char *, ...);\nint main(void) { return __printf_chk(1, 0); }\n"
    )
    (folder / "empty.c").write_text("int main(void) { return 0; }\n")
    for file in folder.glob("prebuilt.*"):
        file.chmod(0o755)
    return built


def _fails(built: Built, verb: str, target: str, *expected: str, flags: tuple[str, ...] = ()) -> None:
    said = built.bazel.run(built.workspace, verb, target, "--test_output=errors", *flags, check=False)
    text = said.stdout + said.stderr
    assert said.returncode in (1, 3), text
    for words in expected:
        assert words in text, text


def test_dynamic_binary_does_not_build_as_static(wrong: Built) -> None:
    _fails(wrong, "build", "//wrong:not_static", "//wrong:not_static", "static", "interpreter")


def test_prebuilt_dynamic_program_does_not_build_as_static(wrong: Built) -> None:
    _fails(wrong, "build", "//wrong:prebuilt_static", "//wrong:prebuilt_static", "interpreter", "ld-linux-x86-64.so.2")


def test_the_check_runs_without_validation_actions_and_for_tools(wrong: Built) -> None:
    without = ("--noexperimental_run_validations",)
    _fails(wrong, "build", "//wrong:prebuilt_static", "//wrong:prebuilt_static", "interpreter", flags=without)
    _fails(wrong, "build", "//wrong:use", "//wrong:prebuilt_static", "interpreter", flags=without)


def test_binary_of_another_libc_or_cpu_does_not_build(wrong: Built) -> None:
    _fails(wrong, "build", "//wrong:prebuilt_libc", "expected: musl", "glibc")
    _fails(wrong, "build", "//wrong:prebuilt_cpu", "aarch64", "x86_64")


@pytest.mark.parametrize(
    ("target", "fault", "names"),
    [("undefined", "symbols", "absent_one"), ("mixed", "glibc", "__printf_chk"), ("asks", "library", "ssl")],
)
def test_a_link_that_fails_is_explained_as_in_every_language(
    wrong: Built, target: str, fault: Fault, names: str
) -> None:
    """By Zig's launcher. Bazel calls GCC itself, and shows what GNU ld says."""
    said = wrong.bazel.run(wrong.workspace, "build", f"//wrong:{target}_static", check=False).stderr
    told = pattern(fault, names, label=rf"\S*/wrong/{target}", mode="static", target="x86_64-linux-musl", asker="cc")
    assert names in said
    assert bool(re.search(told, said)) == (wrong.case.folder == "cpp_zig"), said


def test_text_file_is_not_a_binary(wrong: Built) -> None:
    _fails(wrong, "build", "//wrong:text", "ELF")


def test_link_mode_test_fails_for_the_wrong_mode(wrong: Built) -> None:
    _fails(wrong, "test", "//wrong:not_static_test", "FAILED", "interpreter")


def test_link_mode_test_passes_for_the_right_mode(wrong: Built) -> None:
    wrong.bazel.run(wrong.workspace, "test", "//wrong:is_dynamic_test")


def test_static_pie_is_for_static_only(wrong: Built) -> None:
    _fails(wrong, "build", "//wrong:pie", 'static_pie = True goes with link_mode = "static" only')
