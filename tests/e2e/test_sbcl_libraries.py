"""Libraries in Common Lisp: in order or by ASDF, of each other, with generated files and odd names; what is refused."""

import re
import subprocess
from collections.abc import Iterator

import languages
import pytest
import rows
from harness import lisp, lisp_foreign, sandbox
from harness.built import Built
from harness.cases import Binary, Case
from harness.shared import MissingToolchainsError

MADE = """
def _made_impl(ctx):
    file = ctx.actions.declare_file(ctx.attr.path)
    ctx.actions.write(file, ctx.attr.content)
    return [DefaultInfo(files = depset([file]))]

made = rule(implementation = _made_impl, attrs = {"content": attr.string(), "path": attr.string()})
"""

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary")
load("@linkmode//lisp:defs.bzl", "lisp_library", "sbcl_binary")
load(":made.bzl", "made")

package(default_visibility = ["//visibility:public"])

lisp_library(name = "words", srcs = ["package.lisp", "a/b.lisp", "a_b.lisp"], lisp_features = ["of-words"])

lisp_library(name = "dep", srcs = ["dep.lisp"], asd = ["dep.asd"], contribs = ["asdf"])
lisp_library(
    name = "web",
    srcs = ["web/web.lisp", ":web_made"],
    asd = ["web.asd"],
    compile_data = ["web/page.txt"],
    deps = [":dep", ":words"],
)
made(name = "web_made", content = "(defun made () :made)", path = "web/made.lisp")
lisp_library(name = "of_made", srcs = ["of.lisp"], asd = [":of_asd"])
made(name = "of_asd", content = '(defsystem "of" :components ((:file "of")))', path = "of.asd")

lisp_library(name = "foo", srcs = ["foo.lisp"], asd = ["foo.asd"])
lisp_library(name = "foo_tests", srcs = ["tests.lisp"], asd = ["foo.asd"], systems = ["foo/tests"], deps = [":foo"])

lisp_library(name = "odd", srcs = ["with space.lisp", "[x]*.lisp", "ü.lisp"])

cc_library(name = "twice_c", srcs = ["twice.c"])
lisp_library(name = "twice", srcs = ["twice.lisp"], linked_libraries = ["libtwice.so"], deps = [":twice_c"])

lisp_library(name = "careless", srcs = ["careless.lisp"], asd = ["careless.asd"])

sbcl_binary(
    name = "all",
    srcs = ["all.lisp"],
    control_stack_size = 3,
    data = ["data.txt"],
    dynamic_space_size = 700,
    main = "all:main",
    deps = [":foo_tests", ":odd", ":of_made", ":twice", ":web"],
    tags = ["manual"],
)
link_mode_binary(name = "all_static", binary = ":all", link_mode = "static")
link_mode_binary(name = "all_stripped", binary = ":all", link_mode = "static", strip = True)
"""

SOURCES = {
    "made.bzl": MADE,
    "BUILD.bazel": BUILD,
    "package.lisp": '(defpackage "WORDS" (:use "CL") (:export "ONE" "TWO" "FEATURE"))\n',
    "a/b.lisp": '(in-package "WORDS")\n(defun one () 1)\n(defun feature () #+of-words :on #-of-words :off)\n',
    "a_b.lisp": '(in-package "WORDS")\n(defun two () (1+ (one)))\n',
    "dep.asd": '(defsystem "dep" :version "1.2" :components ((:file "dep")))\n',
    # common: a library that asks for its own system while it is loaded
    "dep.lisp": '(defparameter cl-user::*dep* (asdf:component-version (asdf:find-system "dep")))\n',
    "web.asd": """
(defsystem "web"
  :depends-on ("words" (:version "dep" "1.1") (:feature :sbcl (:require "sb-posix")) (:feature :abcl "nowhere"))
  :pathname "web" :serial t :components ((:file "made") (:file "web") (:static-file "page.txt")))
""",
    "web/web.lisp": """
(defparameter *page*
  #.(with-open-file (in (merge-pathnames "page.txt" (or *compile-file-truename* *load-truename*))) (read-line in)))
(defun place () #.(namestring *compile-file-truename*))
(defun web () (list (words:one) (words:two) (words:feature) *page* (made) cl-user::*dep* (plusp (sb-posix:getpid))))
""",
    "web/page.txt": "a page\n",
    "of.lisp": "(defun of () :of)\n",
    "foo.asd": """
(defsystem "foo" :components ((:file "foo")))
(defsystem "foo/tests" :depends-on ("foo") :components ((:file "tests")))
""",
    "foo.lisp": "(defun foo () :foo)\n",
    "tests.lisp": "(defun foo-tests () (list (foo) :tested))\n",
    "with space.lisp": "(defun odd-1 () 1)\n",
    "[x]*.lisp": "(defun odd-2 () 2)\n",
    "ü.lisp": '(defun odd-3 () "ü")\n',
    "twice.c": "int twice(int value) { return 2 * value; }\n",
    "twice.lisp": '(sb-alien:load-shared-object "libtwice.so")\n'
    '(sb-alien:define-alien-routine "twice" sb-alien:int (value sb-alien:int))\n',
    "careless.asd": '(defsystem "careless" :components ((:file "careless")))\n',
    "careless.lisp": "(defun careless () (there-is-no-such-function))\n",
    "data.txt": "some data\n",
    "all.lisp": """
(defpackage "ALL" (:use "CL" "SB-ALIEN") (:export "MAIN"))
(in-package "ALL")
(defun threads ()
  "Let threads start others that end at once, so that any of them joins what another has just made."
  (flet ((some-threads (function)
           (mapcar #'sb-thread:join-thread (loop repeat 4 collect (sb-thread:make-thread function)))))
    (reduce #'+ (some-threads (lambda () (loop repeat 500 sum (reduce #'+ (some-threads (lambda () 1)))))))))
(defun main ()
  (let ((arguments (rest sb-ext:*posix-argv*)) (*print-pretty* nil))
    (cond ((equal arguments '("fail")) (error "nobody handles this"))
          ((equal arguments '("threads")) (format t "~d~%" (threads)))
          (t (format t "~s~%" (list (cl-user::web) (cl-user::foo-tests) (cl-user::of)
                                    (list (cl-user::odd-1) (cl-user::odd-2) (cl-user::odd-3))
                                    (cl-user::twice 21) (floor (sb-ext:dynamic-space-size) 1048576)
                                    (floor (extern-alien "thread_control_stack_size" unsigned) 1048576)
                                    arguments))))))
""",
}

SAYS = '((1 2 :ON "a page" :MADE "1.2" T) (:FOO :TESTED) :OF (1 2 "ü") 42 700 3 ({}))\n'

WRONG_BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary")
load("@linkmode//lisp:defs.bzl", "lisp_library", "sbcl_binary")

lisp_library(name = "broken", srcs = ["broken.lisp"], asd = ["broken.asd"])
lisp_library(name = "newer", srcs = ["main.lisp"], asd = ["newer.asd"], deps = ["//libraries:dep"])
lisp_library(name = "again", srcs = ["main.lisp"], asd = ["dep.asd"], deps = ["//libraries:dep"])
lisp_library(name = "other_dep", srcs = ["main.lisp"], asd = ["dep.asd"])
lisp_library(name = "both", srcs = ["main.lisp"], deps = [":other_dep", "//libraries:dep"])
lisp_library(name = "no_srcs", asd = ["dep.asd"])
lisp_library(name = "no_asd", srcs = ["main.lisp"], systems = ["dep"])
lisp_library(name = "ends", srcs = ["ends.lisp"])
lisp_library(name = "needs_asdf", srcs = ["needs_asdf.lisp"], asd = ["needs_asdf.asd"])

[sbcl_binary(name = name, srcs = [name + ".lisp"], main = "main", tags = ["manual"])
 for name in ["macro", "thread", "ends_too"]]
sbcl_binary(name = "no_stack", srcs = ["main.lisp"], control_stack_size = 0, main = "main", tags = ["manual"])
sbcl_binary(name = "without_asdf", srcs = ["main.lisp"], main = "main", deps = [":needs_asdf"], tags = ["manual"])
[link_mode_binary(name = name + "_static", binary = name, link_mode = "static", tags = ["manual"])
 for name in ["macro", "thread", "ends_too", "no_stack", "without_asdf"]]
"""

WRONG = {
    "BUILD.bazel": WRONG_BUILD,
    "main.lisp": "(defun main () (print 1))\n",
    "broken.asd": '(defsystem "broken" :components ((:file "broken")))\n',
    "broken.lisp": "(defun broken () (car 1 2 3))\n",
    "newer.asd": '(defsystem "newer" :depends-on ((:version "dep" "2.0")) :components ((:file "main")))\n',
    "dep.asd": '(defsystem "dep" :components ((:file "main")))\n',
    "ends.lisp": "(sb-ext:exit)\n",
    "needs_asdf.asd": '(defsystem "needs_asdf" :components ((:file "needs_asdf")))\n',
    "needs_asdf.lisp": '(defparameter *own* (asdf:find-system "needs_asdf"))\n',
    "macro.lisp": "(defmacro main () 1)\n",
    "thread.lisp": '(sb-thread:make-thread (lambda () (sleep 600)) :name "a worker")\n(defun main ())\n',
    "ends_too.lisp": "(defun main ())\n(main)\n(sb-ext:exit)\n",
}

REFUSED = {
    "//wrong:broken": r"The function CAR is called with three arguments[\s\S]*"
    r"linkmode: \S*//wrong:broken: .*: see the warnings and errors above",
    "//wrong:newer": r'it depends on version 2\.0 of the system "dep"\.\n  \S*//libraries:dep has 1\.2',
    "//wrong:again": r'its system "dep" is in \S*//libraries:dep already, a dependency\.\n  Name the systems',
    "//wrong:both": r'have the system "dep" twice: \S*//wrong:other_dep and \S*//libraries:dep\.',
    "//wrong:no_srcs": r"//wrong:no_srcs: srcs is empty: name the \.lisp files",
    "//wrong:no_asd": r'//wrong:no_asd: systems = \["dep"\], and asd is empty: name the \.asd file',
    "//wrong:ends": r"linkmode: \S*//wrong:ends: a file of it ends the process while it is compiled or loaded",
    "//wrong:ends_too_static": r"linkmode: \S*//wrong:ends_too: a file of it ends the process",
    "//wrong:macro_static": r'main = "main": the package CL-USER has no function MAIN',
    "//wrong:thread_static": r"//wrong:thread: threads run when it is loaded, and cannot be saved: a worker\.",
    "//wrong:no_stack_static": r"//wrong:no_stack: control_stack_size = 0: expected megabytes, 1 or more",
    "//wrong:without_asdf_static": r"//wrong:needs_asdf cannot be loaded: [\s\S]*contribs = \[\"asdf\"\]",
}


CASE = Case(
    name="sbcl_tool_libraries",
    example="sbcl_tool",
    binaries=(Binary("//libraries:all_static", "static", "x86_64-linux-musl"),),
    prints="",
    sources=("zlib=pypi",),
    pins=("x86_64-linux-musl-cross.tgz",),
)


# a library that no link_mode_binary is around is built for a platform
MUSL = "--platforms=@linkmode//platforms:x86_64-linux-musl"
LOCAL = ("--spawn_strategy=local", MUSL)


@pytest.fixture(scope="module", params=rows.each(CASE, ci=("sbcl_tool_libraries-4.2.3",)))
def place(request: pytest.FixtureRequest) -> Iterator[Built]:
    """Prepare a workspace with SBCL and libraries."""
    found = languages.prepared(*request.param, lisp.prepare)
    sources = SOURCES
    if found.bazel.name != "4.2.3":
        # the Bazel 7 of the tests, in a system without locales, says: missing input file '//libraries:ü.lisp'
        sources = {name.replace("ü", "u"): text.replace("ü.lisp", "u.lisp") for name, text in SOURCES.items()}
    languages.write(found.workspace / "libraries", sources)
    try:
        yield found
    finally:
        found.bazel.leave(found.workspace)


def test_libraries_of_every_kind_are_in_a_program(place: Built) -> None:
    place.bazel.run(place.workspace, "build", "//libraries:all_static", "//libraries:all_stripped")
    whole, stripped = (place.workspace / f"bazel-bin/libraries/all_{name}" for name in ("static", "stripped"))
    assert b"/proc/self/cwd" in whole.read_bytes()  # which web.lisp asks for: the folder of an action has no other name
    for program in (whole, stripped):
        for arguments, heard in (((), "NIL"), (("--version",), '("--version")'), (("--", "-x"), '("--" "-x")')):
            done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
            assert done.stdout == SAYS.replace("({})", heard)
        failed = subprocess.run([program, "fail"], capture_output=True, text=True, check=False)
        assert failed.returncode == 1
        assert "nobody handles this" in failed.stderr
    assert stripped.stat().st_size < whole.stat().st_size
    assert list((whole.parent / "all_static.runfiles").rglob("data.txt"))


def test_threads_may_end_before_the_one_that_started_them_goes_on(place: Built) -> None:
    """With musl's own pthread_create(3) this crashes: private/lisp/runtime/threads.c."""
    place.bazel.run(place.workspace, "build", "//libraries:all_static")
    program = place.workspace / "bazel-bin/libraries/all_static"
    done = subprocess.run([program, "threads"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "8000\n"), done.stderr


def test_what_the_compiler_warns_of_is_shown(place: Built) -> None:
    said = place.bazel.run(place.workspace, "build", "//libraries:careless", MUSL).stderr
    assert re.search(r"undefined function: \S*THERE-IS-NO-SUCH-FUNCTION", said, re.IGNORECASE), said


def test_nothing_that_a_failed_build_has_left_is_taken_up(place: Built) -> None:
    sources = {
        "BUILD.bazel": 'load("@linkmode//lisp:defs.bzl", "lisp_library")\n'
        'lisp_library(name = "stale", srcs = ["one.lisp", "two.lisp"], asd = ["stale.asd"])\n',
        "stale.asd": '(defsystem "stale" :serial t :components ((:file "one") (:file "two")))\n',
    }
    built = place.workspace / "bazel-bin/stale/stale.fasl"
    languages.write(
        place.workspace / "stale",
        {**sources, "one.lisp": "(defun one () :before)\n", "two.lisp": "(defun two () (car 1 2))\n"},
    )
    assert place.bazel.run(place.workspace, "build", "//stale", *LOCAL, check=False).returncode
    languages.write(place.workspace / "stale", {"one.lisp": "(defun one () :behind)\n", "two.lisp": "(defun two ())\n"})
    place.bazel.run(place.workspace, "build", "//stale", *LOCAL)
    assert b"BEHIND" in built.read_bytes()
    assert b"BEFORE" not in built.read_bytes()


def test_no_system_of_the_machine_is_found(place: Built) -> None:
    languages.write(
        place.workspace / "machine",
        {
            "BUILD.bazel": 'load("@linkmode//lisp:defs.bzl", "lisp_library")\n'
            'lisp_library(name = "asks", srcs = ["asks.lisp"], contribs = ["asdf"])\n'
            'lisp_library(name = "beside", srcs = ["beside.lisp"], asd = ["beside.asd"])\n',
            "asks.lisp": '(eval-when (:compile-toplevel) (asdf:load-system "hidden"))\n',
            "beside.lisp": "(defun beside ())\n",
            "beside.asd": '(defsystem "beside" :depends-on ("hidden") :components ((:file "beside")))\n',
            "hidden.asd": '(defsystem "hidden" :components ((:file "hidden")))\n',
            "hidden.lisp": "(defun hidden ())\n",
        },
    )
    for label, message in (
        ("//machine:asks", r'Component "hidden" not found'),
        ("//machine:beside", r'depends on the system "hidden", which no dependency has'),
    ):
        said = place.bazel.run(place.workspace, "build", label, *LOCAL, check=False)
        assert said.returncode, label
        assert re.search(message, said.stderr), said.stderr


def test_names_that_no_call_refers_to_are_linked_and_some_may_be_nowhere(place: Built) -> None:
    languages.write(place.workspace / "foreign", lisp_foreign.PLAIN)
    for mode in ("static", "mostly_static"):
        said = lisp_foreign.PLAIN_SAYS.format(mode=mode)
        languages.prints(place, f"//foreign:plain_as_{mode}", said, "one", "two")
    # UIOP looks for a home when the program starts, and an empty root has none
    alone = place.workspace / "bazel-bin/foreign/plain_as_static"
    said = sandbox.run_alone(alone, {}, name="plain_as_static", arguments=["one", "two"])
    assert said == lisp_foreign.PLAIN_SAYS.format(mode="static")
    build = lisp_foreign.PLAIN["BUILD.bazel"].replace('    optional_foreign_names = ["own_absent_too"],\n', "")
    (place.workspace / "foreign/BUILD.bazel").write_text(build, encoding="utf-8")
    refused = place.bazel.run(place.workspace, "build", "//foreign:plain_as_static", check=False)
    assert refused.returncode
    # the name that is missing, and not those that may be
    assert re.search(
        r"cannot be linked static for \S+: nothing that is linked defines own_absent_too\n", refused.stderr
    )


@pytest.mark.tier("slow")
def test_cffi_finds_variables_and_takes_a_library_with_a_canary_for_linked(place: Built) -> None:
    try:
        languages.write(place.workspace / "cffi", lisp_foreign.cffi())
    except MissingToolchainsError as error:
        pytest.skip(str(error))
    for mode in ("static", "mostly_static"):
        languages.prints(place, f"//cffi:bound_as_{mode}", lisp_foreign.CFFI_SAYS)
    refused = place.bazel.run(place.workspace, "build", "//cffi:without_as_static", check=False)
    either = r"own_answer, own_counter|own_counter, own_answer"
    assert re.search(rf"nothing that is linked defines ({either})\n", refused.stderr), refused.stderr


def test_what_cannot_be_built_is_refused_in_our_words(place: Built) -> None:
    languages.wrong_is_refused(place, WRONG, REFUSED, MUSL, never="Backtrace")
