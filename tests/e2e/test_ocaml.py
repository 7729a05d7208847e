"""OCaml in every mode, by a compiler that is built from its sources; and what is said of what cannot be built."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import languages
import pytest
import rows
from harness import ocaml, ocaml_sources
from harness.built import Built
from harness.cases import Binary, Case
from link_words import pattern

_MUSL, _ARM_MUSL, _GNU = "x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28"

PRINTS = r"""/: 200, 10 bytes
/verse.txt: 200, 13892 bytes
/%76erse.txt\?x: 200, 13892 bytes
/none: 404, 10 bytes
/../passwd: 403, 10 bytes
/%4: 400, 12 bytes
the same after packing: true, smaller: true
clients at once: 8
in two domains: 2498500
caught from C: gzip: damaged data
deep: 200000
zlib 1\.3\.\d
"""

ZIG = Case(
    name="ocaml_fserv",
    binaries=(
        Binary("//:fserv_as_static", "static", _MUSL),
        Binary("//:fserv_as_mostly_static", "mostly_static", _GNU),
        Binary("//:fserv_as_dynamic", "dynamic", _GNU),
        Binary("//:fserv_static_pie", "static", _MUSL),
        Binary("//aarch64:fserv_static", "static", _ARM_MUSL),
    ),
    prints=PRINTS,
    sources=("zig=pypi", "zlib=pypi"),
)
GCC = Case(
    name="ocaml_fserv_gcc",
    example="ocaml_fserv",
    binaries=(
        Binary("//:fserv_as_static", "static", _MUSL),
        Binary("//:fserv_as_mostly_static", "mostly_static", _MUSL),
        Binary("//:fserv_as_dynamic", "dynamic", _MUSL),
        Binary("//:fserv_static_pie", "static", _MUSL),
        Binary("//aarch64:fserv_static", "static", _ARM_MUSL),
    ),
    prints=PRINTS,
    sources=("zlib=pypi",),
    pins=("x86_64-linux-musl-cross.tgz", "aarch64-linux-musl-cross.tgz"),
)
# the lines of releases beside that of the other two; the file that needs OCaml 5 is another one for 4.14
ZIG_4_14 = replace(ZIG, name="ocaml_fserv_4_14", example="ocaml_fserv", prints=PRINTS.replace("domains", "threads"))
GCC_5_4 = replace(GCC, name="ocaml_fserv_gcc_5_4")

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
load("@linkmode//ocaml:defs.bzl", "ocaml_binary", "ocaml_library", "ocaml_ppx")

MANUAL = ["manual"]

ocaml_binary(name = "absent", srcs = ["absent.ml"], tags = MANUAL)
link_mode_binary(name = "absent_static", binary = ":absent", link_mode = "static", tags = MANUAL)

ocaml_library(name = "circle", srcs = ["circle/a.ml", "circle/b.ml", "circle/c.ml"], tags = MANUAL)
ocaml_binary(name = "round", srcs = ["none.ml"], deps = [":circle"], tags = MANUAL)
link_mode_binary(name = "round_static", binary = ":round", link_mode = "static", tags = MANUAL)

ocaml_binary(name = "undefined", srcs = ["undefined.ml"], tags = MANUAL)
link_modes(name = "undefined_as", binary = ":undefined", tags = MANUAL)

cc_library(name = "fortified", srcs = ["fortified.c"], deps = ["@linkmode//ocaml:headers"], tags = MANUAL)
ocaml_binary(name = "mixed", srcs = ["mixed.ml"], deps = [":fortified"], tags = MANUAL)
link_mode_binary(name = "mixed_static", binary = ":mixed", link_mode = "static", tags = MANUAL)

cc_import(name = "shared", shared_library = "libshared.so", tags = MANUAL)
ocaml_binary(name = "shared_only", srcs = ["none.ml"], deps = [":shared"], tags = MANUAL)
link_mode_binary(name = "shared_only_static", binary = ":shared_only", link_mode = "static", tags = MANUAL)

ocaml_binary(name = "twice", srcs = ["none.ml", "circle/none.ml"], tags = MANUAL)
link_mode_binary(name = "twice_static", binary = ":twice", link_mode = "static", tags = MANUAL)

ocaml_library(name = "util", srcs = ["util.ml"], tags = MANUAL)
ocaml_library(name = "other_util", library_name = "util", srcs = ["circle/none.ml"], tags = MANUAL)
ocaml_library(name = "near", srcs = ["none.ml"], deps = [":util"], tags = MANUAL)
ocaml_library(name = "far", srcs = ["none.ml"], deps = [":other_util"], tags = MANUAL)
ocaml_binary(name = "clash", srcs = ["none.ml"], deps = [":far", ":near"], tags = MANUAL)
link_mode_binary(name = "clash_static", binary = ":clash", link_mode = "static", tags = MANUAL)

ocaml_ppx(name = "text_one", kind = "text", srcs = ["none.ml"])
ocaml_ppx(name = "text_two", kind = "text", srcs = ["none.ml"])
ocaml_binary(name = "texts", srcs = ["none.ml"], preprocess = [":text_one", ":text_two"], tags = MANUAL)
link_mode_binary(name = "texts_static", binary = ":texts", link_mode = "static", tags = MANUAL)

ocaml_binary(name = "loader", srcs = ["loader.ml"], tags = MANUAL)
link_mode_binary(name = "loader_static", binary = ":loader", link_mode = "static", tags = MANUAL)

ocaml_binary(name = "empty", tags = MANUAL)
link_mode_binary(name = "empty_static", binary = ":empty", link_mode = "static", tags = MANUAL)
"""

SOURCES = {
    "BUILD.bazel": BUILD,
    "absent.ml": "let () = Nowhere.start ()\n",
    "circle/a.ml": "let x = B.x\n",
    "circle/b.ml": "let x = C.x\n",
    "circle/c.ml": "let x = A.x\n",
    "circle/none.ml": "",
    "none.ml": "",
    "util.ml": "",
    "loader.ml": "let () = Dynlink.allow_unsafe_modules true\n",
    "undefined.ml": 'external absent : unit -> unit = "absent_one"\nlet () = absent ()\n',
    "mixed.ml": 'external fortified : unit -> unit = "fortified"\nlet () = fortified ()\n',
    # what glibc's own headers make of a call, for a musl target: so an object that was compiled for glibc looks
    "fortified.c": "#include <caml/mlvalues.h>\nint __printf_chk(int flag, const char *format, ...);\n"
    'value fortified(value unit) { __printf_chk(1, "%d", 1); return unit; }\n',
    "libshared.so": "never read",
}

REFUSED = {
    "//wrong:absent_static": (
        r"linkmode: \S*//wrong:absent: no dependency has the module Nowhere, and no file of srcs is called nowhere.ml"
        r"\.\n"
        r"  Add the file to srcs, or the ocaml_library that has it to deps"
    ),
    "//wrong:round_static": (
        r"linkmode: \S*//wrong:circle: its modules use each other in a circle: A -> B -> C -> A.\n"
        r"  Move what they share to a module of its own"
    ),
    "//wrong:undefined_as_static": pattern(
        "symbols",
        "absent_one",
        label=r"\S*//wrong:undefined",
        mode="static",
        target=r"x86_64-linux-musl",
        asker="ocaml",
    ),
    "//wrong:undefined_as_dynamic": pattern(
        "symbols", "absent_one", label=r"\S*//wrong:undefined", mode="dynamic", target=r"\S+", asker="ocaml"
    ),
    "//wrong:mixed_static": pattern(
        "glibc", "__printf_chk", label=r"\S*//wrong:mixed", mode="static", target=r"x86_64-linux-musl", asker="ocaml"
    ),
    "//wrong:shared_only_static": (
        r"//wrong:shared_only: wrong/libshared.so is a shared library only, "
        r"and a static binary for x86_64-linux-musl cannot need it"
    ),
    "//wrong:twice_static": r"//wrong:twice: two files are the module None: wrong/\S*none.ml and wrong/\S*none.ml",
    "//wrong:clash_static": (
        r"//wrong:clash: two libraries have the module Util: \S*//wrong:\w*util and \S*//wrong:\w*util, and a "
        r"program can hold one\. Give one of them another library_name"
    ),
    "//wrong:texts_static": (
        r"//wrong:texts: preprocess: OCaml reads each file through one preprocessor of text, and \S*//wrong:text_two is"
    ),
    "//wrong:loader_static": (
        r"//wrong:loader: Dynlink loads bytecode or shared libraries into a program, and no link mode makes either:"
    ),
    "//wrong:empty_static": r"//wrong:empty: srcs is empty: a program has a module of its own",
}


SHAPES = {
    "BUILD.bazel": """
load("@linkmode//ocaml:defs.bzl", "ocaml_binary", "ocaml_library", "ocaml_test")
load("@linkmode//:defs.bzl", "link_mode_binary")

MANUAL = ["manual"]

ocaml_library(name = "plain", srcs = ["right.ml", "left.ml"], tags = MANUAL, wrapped = False)
ocaml_library(name = "front-door", srcs = ["front.ml", "hidden.ml"], library_name = "front", tags = MANUAL)
ocaml_library(name = "tower", srcs = ["floor.ml"], tags = MANUAL, deps = [":front-door", ":plain"])
ocaml_test(name = "shapes_test", srcs = ["shapes_test.ml"], deps = [":plain", ":tower"])

ocaml_binary(name = "behind", srcs = ["behind.ml"], tags = MANUAL, deps = [":front-door"])
link_mode_binary(name = "behind_static", binary = ":behind", link_mode = "static", tags = MANUAL)
""",
    "left.ml": 'let name = "left"\n',
    "right.ml": 'let name = "right of " ^ Left.name\n',
    "front.ml": 'let shown = Hidden.value ^ "!"\n',
    "hidden.ml": 'let value = "hidden"\n',
    "floor.ml": 'let text = String.concat ", " [ Right.name; Front.shown ]\n',
    "shapes_test.ml": 'let () = if Tower.Floor.text <> "right of left, hidden!" || Left.name <> "left" then exit 1\n',
    "behind.ml": "let () = print_string Hidden.value\n",
}


RELEASES = {ZIG: ocaml.OCAML_5_3, GCC: ocaml.OCAML_5_3, ZIG_4_14: ocaml.OCAML_4_14, GCC_5_4: ocaml.OCAML_5_4}


def _prepare(case: Case, name: str) -> Path:
    return ocaml.prepare(case, name, RELEASES[case])


@pytest.fixture(scope="module", params=rows.each(*RELEASES, ci=("ocaml_fserv_gcc-7.7.1",)))
def server(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the example, all of it."""
    yield from languages.built(request.param, _prepare)


def test_every_binary_is_what_it_says_and_runs_where_it_must(server: Built) -> None:
    languages.every_binary_holds(server)


def test_its_tests_pass_in_each_mode(server: Built) -> None:
    said = server.bazel.run(server.workspace, "test", "//...").stdout
    for mode in ("static", "mostly_static", "dynamic"):
        assert re.search(rf"//:web_test_{mode} .*PASSED", said), said
        assert re.search(rf"//:fserv_{mode}_run_test .*PASSED", said), said


def test_a_second_build_changes_nothing(server: Built) -> None:
    languages.nothing_is_built_again(server)


def test_no_path_of_the_machine_is_in_a_binary(server: Built) -> None:
    languages.no_path_of_the_machine_is_inside(server)


@pytest.mark.tier("slow")  # Go shows the same sooner
def test_every_action_runs_in_an_empty_sandbox_and_gives_the_same_bytes(server: Built) -> None:
    languages.every_action_runs_in_an_empty_sandbox_and_gives_the_same_bytes(server)


def test_modules_are_seen_as_their_library_says(server: Built) -> None:
    languages.write(server.workspace / "shapes", SHAPES)
    said = server.bazel.run(server.workspace, "test", "//shapes:all").stdout
    for mode in ("static", "mostly_static", "dynamic"):
        assert re.search(rf"//shapes:shapes_test_{mode} .*PASSED", said), said
    refused = server.bazel.run(server.workspace, "build", "//shapes:behind_static", check=False)
    assert refused.returncode
    assert re.search(r"//shapes:behind: no dependency has the module Hidden", refused.stderr), refused.stderr


def test_sources_are_generated_rewritten_and_registered(server: Built) -> None:
    """compiler_libs is compiled for that, and a driver with it for the machine that builds."""
    languages.write(server.workspace / "made", ocaml_sources.SOURCES)
    said = server.bazel.run(server.workspace, "test", "//made:made_test", "--test_output=errors").stdout
    for mode in ("static", "mostly_static", "dynamic"):
        assert re.search(rf"//made:made_test_{mode} .*PASSED", said), said


def test_what_cannot_be_built_is_refused_with_the_target_and_a_remedy(server: Built) -> None:
    languages.wrong_is_refused(server, SOURCES, REFUSED)
