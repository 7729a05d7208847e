"""Common Lisp in every mode, by an SBCL that is built from its sources; and what is said of what cannot be built."""

import hashlib
import re
import subprocess
from collections.abc import Iterator

import languages
import pytest
import rows
from harness import lisp
from harness.built import Built
from harness.cases import Binary, Case
from link_words import pattern

_MUSL, _GNU = "x86_64-linux-musl", "x86_64-linux-gnu.2.28"
_MODES = ("static", "mostly_static", "dynamic")

PRINTS = r"""clients at once: 8
garbage: 200
compiled while it runs: 144
caught from C: damaged data \(zlib's -3\)
called from C: 42
deep: 4000
caught: an error
exhausted: the stack, and went on
process: T, user: T
square root of two: 1\.414214
factorial of 30: 265252859812191058636308480000000
shared object: .*(?:is linked static|No such file or directory).*
zlib 1\.3\.\d
"""

ZIG = Case(
    name="sbcl_tool",
    binaries=(
        Binary("//:lisptool_as_static", "static", _MUSL),
        Binary("//:lisptool_as_mostly_static", "mostly_static", _GNU),
        Binary("//:lisptool_as_dynamic", "dynamic", _GNU),
    ),
    prints=PRINTS,
    sources=("zig=pypi", "zlib=pypi"),
)
GCC = Case(
    name="sbcl_tool_gcc",
    example="sbcl_tool",
    binaries=tuple(Binary(f"//:lisptool_as_{mode}", mode, _MUSL) for mode in _MODES),
    prints=PRINTS,
    sources=("zlib=pypi",),
    pins=("x86_64-linux-musl-cross.tgz",),
)

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
load("@linkmode//lisp:defs.bzl", "lisp_library", "sbcl_binary")

MANUAL = ["manual"]

[sbcl_binary(name = name, srcs = [name + ".lisp"], main = "cl-user::main", tags = MANUAL)
 for name in ["contrib", "loads", "undefined", "broken", "raises"]]
[link_mode_binary(name = name + "_static", binary = name, link_mode = "static", tags = MANUAL)
 for name in ["contrib", "loads", "undefined", "broken", "raises", "mixed", "shared_only"] +
             ["absent", "round", "no_main", "no_package"]]

cc_library(name = "fortified", srcs = ["fortified.c"], tags = MANUAL)
sbcl_binary(name = "mixed", srcs = ["mixed.lisp"], main = "main", deps = [":fortified"], tags = MANUAL)

cc_import(name = "shared", shared_library = "libshared.so", tags = MANUAL)
sbcl_binary(name = "shared_only", srcs = ["main.lisp"], main = "main", deps = [":shared"], tags = MANUAL)

lisp_library(name = "needs", srcs = ["main.lisp"], asd = ["needs.asd"], tags = MANUAL)
sbcl_binary(name = "absent", srcs = ["main.lisp"], main = "main", deps = [":needs"], tags = MANUAL)

lisp_library(name = "circle", srcs = ["main.lisp"], asd = ["circle.asd"], tags = MANUAL)
sbcl_binary(name = "round", srcs = ["main.lisp"], main = "main", deps = [":circle"], tags = MANUAL)

sbcl_binary(name = "no_main", srcs = ["main.lisp"], main = "cl-user:start", tags = MANUAL)
sbcl_binary(name = "no_package", srcs = ["main.lisp"], main = "nowhere:main", tags = MANUAL)

link_mode_binary(name = "pie_static", binary = ":no_main", link_mode = "static", static_pie = True, tags = MANUAL)
"""

SOURCES = {
    "BUILD.bazel": BUILD,
    "main.lisp": "(defun main () (print 1))\n",
    "contrib.lisp": '(require "sb-none")\n(defun main ())\n',
    "loads.lisp": '(sb-alien:load-shared-object "libnone.so")\n(defun main ())\n',
    "undefined.lisp": '(sb-alien:define-alien-routine "absent_one" sb-alien:int)\n(defun main () (absent-one))\n',
    "broken.lisp": "(defun main () (car 1 2 3))\n",
    "raises.lisp": '(eval-when (:compile-toplevel) (error "an error of its own"))\n(defun main ())\n',
    "mixed.lisp": '(sb-alien:define-alien-routine "fortified" sb-alien:int)\n(defun main () (fortified))\n',
    # what glibc's own headers make of a call, for a musl target: so an object that was compiled for glibc looks
    "fortified.c": "int __printf_chk(int flag, const char *format, ...);\n"
    'int fortified(void) { return __printf_chk(1, "%d", 1); }\n',
    "libshared.so": "never read",
    "needs.asd": '(defsystem "needs" :depends-on ("nowhere") :components ((:file "main")))\n',
    "circle.asd": '(defsystem "circle" :components ((:file "main" :depends-on ("other"))\n'
    '                                (:file "other" :depends-on ("main"))))\n',
}

GMP = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_modes")
load("@linkmode//lisp:defs.bzl", "sbcl_binary")

sbcl_binary(
    name = "gmp",
    srcs = ["test-util.lisp", "tests.lisp", "main.lisp"],
    contribs = ["sb-gmp"],
    linked_libraries = ["libgmp.so"],
    main = "cl-user::main",
    tags = ["manual"],
    deps = ["@linkmode//lib:gmp"],
)
link_modes(name = "gmp_as", binary = ":gmp")
""",
    # what the contrib's own tests want of SBCL's test suite
    "test-util.lisp": """
(defpackage "TEST-UTIL" (:use "COMMON-LISP") (:export "DEFTEST" "RUN"))
(in-package "TEST-UTIL")
(defvar *tests* '())
(defmacro deftest (name form &rest values)
  `(push (list ',name (lambda () (equalp (multiple-value-list ,form) ',values))) *tests*))
(defun run ()
  (let ((failed (loop for (name test) in (reverse *tests*) unless (funcall test) collect name)))
    (format t "~d tests, failed: ~a~%" (length *tests*) failed)))
;; the tests make it when they are loaded, if GMP is there; it is there when the program starts
(defpackage "SB-GMP-TESTS" (:import-from "TEST-UTIL" "DEFTEST") (:use "COMMON-LISP" "SB-GMP"))
(defvar sb-gmp-tests::*state*)
""",
    "main.lisp": """
(defun main ()
  (format t "GMP ~a, used for multiplication: ~a~%" sb-gmp:*gmp-version* (not sb-gmp:*gmp-disabled*))
  (format t "~a~%" (= (sb-gmp:mpz-fac 30) 265252859812191058636308480000000))
  (sb-gmp:uninstall-gmp-funs) ; docs/how-to/sbcl.md says why
  (setf sb-gmp-tests::*state* (sb-gmp:make-gmp-rstate))
  (sb-gmp:rand-seed sb-gmp-tests::*state* 1234)
  (test-util:run))
""",
}


REFUSED = {
    "//wrong:contrib_static": (
        r'linkmode: \S*//wrong:contrib: \(require "sb-none"\): SBCL has no contrib of this name\.\n'
        r"  It has .*sb-posix.*\n"
        r"  What is no contrib is a lisp_library: add it to deps"
    ),
    "//wrong:loads_static": (
        r'linkmode: \S*//wrong:loads: a file of it calls \(load-shared-object "libnone\.so"\) while it is loaded.*\n'
        r"  Add the cc_library that defines its functions to deps"
    ),
    "//wrong:undefined_static": pattern(
        "symbols", "absent_one", label=r"\S*//wrong:undefined", mode="static", target=r"x86_64-linux-musl", asker="sbcl"
    ),
    "//wrong:broken_static": r"linkmode: \S*//wrong:broken: wrong/broken\.lisp does not compile: see the warnings",
    "//wrong:raises_static": r"linkmode: \S*//wrong:raises: wrong/raises\.lisp: an error of its own",
    "//wrong:mixed_static": pattern(
        "glibc", "__printf_chk", label=r"\S*//wrong:mixed", mode="static", target=r"x86_64-linux-musl", asker="sbcl"
    ),
    "//wrong:shared_only_static": (
        r"//wrong:shared_only: wrong/libshared\.so is a shared library only, "
        r"and a static binary for x86_64-linux-musl cannot need it"
    ),
    "//wrong:absent_static": (
        r'linkmode: \S*//wrong:needs: it depends on the system "nowhere", which no dependency has\.\n'
        r"  Add the lisp_library that has it to deps"
    ),
    "//wrong:round_static": (
        r"linkmode: \S*//wrong:circle: its components depend on each other in a circle: .*main.*\n"
        r"  Move what they share to a component of its own"
    ),
    "//wrong:no_main_static": r'//wrong:no_main: main = "cl-user:start": the package CL-USER has no function START',
    "//wrong:no_package_static": r'//wrong:no_package: main = "nowhere:main": nothing in srcs or deps defines',
    "//wrong:pie_static": r"//wrong:no_main: static_pie = True: SBCL's code is linked for one address",
}


@pytest.fixture(scope="module", params=rows.each(ZIG, GCC, ci=("sbcl_tool_gcc-4.2.3",)))
def tool(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Build the example, all of it."""
    yield from languages.built(request.param, lisp.prepare)


def test_every_binary_is_what_it_says_and_runs_where_it_must(tool: Built) -> None:
    languages.every_binary_holds(tool)


def test_a_static_program_says_that_it_loads_nothing(tool: Built) -> None:
    said = subprocess.run([tool.workspace / "bazel-bin/lisptool_as_static"], capture_output=True, text=True, check=True)
    assert "this program is linked static, and cannot load shared objects" in said.stdout


def test_its_arguments_are_its_own(tool: Built) -> None:
    for mode in _MODES:
        program = tool.workspace / f"bazel-bin/lisptool_as_{mode}"
        if not (mode == "static" or tool.case is ZIG):
            continue  # no loader of musl's lies where these look for it
        packed = subprocess.run([program, "pack", "a" * 1000], capture_output=True, text=True, check=True)
        assert int(packed.stdout) < 30
        for argument in ("--version", "--help", "--eval"):
            refused = subprocess.run([program, argument], capture_output=True, text=True, check=False)
            assert (refused.returncode, refused.stdout) == (2, ""), argument
            assert refused.stderr == f"lisptool: {argument} is no command: pack TEXT\n"


def test_its_tests_pass_in_each_mode(tool: Built) -> None:
    said = tool.bazel.run(tool.workspace, "test", "//...").stdout
    for mode in _MODES:
        assert re.search(rf"//:tool_test_{mode} .*PASSED", said), said
        assert re.search(rf"//:lisptool_{mode}_run_test .*PASSED", said), said


def test_a_second_build_changes_nothing(tool: Built) -> None:
    languages.nothing_is_built_again(tool)


def test_no_path_of_the_machine_is_in_a_binary(tool: Built) -> None:
    languages.no_path_of_the_machine_is_inside(tool, "utf-32-le")  # as Lisp keeps strings


@pytest.mark.tier("slow")  # Go shows the same sooner
def test_every_action_runs_in_an_empty_sandbox_and_gives_the_same_bytes(tool: Built) -> None:
    # SBCL itself is built there once more, where there is no /proc
    languages.every_action_runs_in_an_empty_sandbox_and_gives_the_same_bytes(tool)


def test_the_program_is_made_again_as_it_was_in_another_folder(tool: Built) -> None:
    source = tool.workspace / "lisptool.lisp"
    text = source.read_text(encoding="utf-8")

    def made(content: str, strategy: str) -> bytes:
        source.write_text(content, encoding="utf-8")
        tool.bazel.run(
            tool.workspace, "build", "//:lisptool_as_static", f"--spawn_strategy={strategy}", "--disk_cache="
        )
        return hashlib.sha256((tool.workspace / "bazel-bin/lisptool_as_static").read_bytes()).digest()

    try:
        before = made(text + "\n", "local")
        assert made(text.replace("garbage", "rubbish"), "local") != before
        # a sandbox has a longer name than the execution root, by which it is called where there is none
        assert made(text + "\n", "sandboxed") == before
    finally:
        source.write_text(text, encoding="utf-8")


def test_what_cannot_be_built_is_refused_with_the_target_and_a_remedy(tool: Built) -> None:
    languages.wrong_is_refused(tool, SOURCES, REFUSED)


@pytest.mark.tier("slow")
def test_the_contribs_tests_of_gmp_pass_with_gmp_inside(tool: Built) -> None:
    """The seed's own case: sb-gmp, whose library is linked from its sources."""
    languages.write(tool.workspace / "gmp", {**GMP, "tests.lisp": lisp.source("contrib/sb-gmp/tests.lisp")})
    tool.bazel.run(tool.workspace, "build", "//gmp:gmp_as_static")
    said = subprocess.run(
        [tool.workspace / "bazel-bin/gmp/gmp_as_static"], capture_output=True, text=True, check=True
    ).stdout
    assert re.match(r"GMP 6\.3\.0, used for multiplication: T\nT\n\d\d+ tests, failed: NIL\n", said), said
