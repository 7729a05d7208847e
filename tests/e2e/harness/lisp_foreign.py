"""Foreign names of Lisp programs that no call refers to, and those that may be nowhere.

They are variables, names found by a string, and libraries known by a canary; without CFFI, and with CFFI itself, whose
sources Debian's packages hold.
"""

from pathlib import Path

from harness import debian
from harness.places import WORK

PLAIN = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_modes")
load("@linkmode//lisp:defs.bzl", "lisp_library", "sbcl_binary")

cc_library(name = "own", srcs = ["own.c", "old.c"])
lisp_library(
    name = "names",
    srcs = ["names.lisp"],
    foreign_names = ["own_hidden"],
    optional_foreign_names = ["own_absent", "own_old"],
    deps = [":own"],
)
sbcl_binary(
    name = "plain",
    srcs = ["plain.lisp"],
    contribs = ["uiop"],
    main = "main",
    optional_foreign_names = ["own_absent_too"],
    tags = ["manual"],
    deps = [":names"],
)
link_modes(name = "plain_as", binary = ":plain", tags = ["manual"])
""",
    "own.c": "int own_counter = 41;\nint own_hidden(void) { return 7; }\n",
    # optional, and here: alone in its object file, which an archive must give for it
    "old.c": "int own_old(void) { return 8; }\n",
    "names.lisp": """
(sb-alien:define-alien-variable "own_counter" sb-alien:int)
(sb-alien:define-alien-routine "own_old" sb-alien:int)
(sb-alien:define-alien-routine "own_absent" sb-alien:int)
(defun by-name (name)
  (let ((address (sb-sys:find-foreign-symbol-address name)))
    (and address
         (sb-alien:alien-funcall (sb-alien:sap-alien (sb-sys:int-sap address) (function sb-alien:int))))))
""",
    "plain.lisp": """
(sb-alien:define-alien-routine "own_absent_too" sb-alien:int)
(defvar *restored* 0)
(uiop:register-image-restore-hook (lambda () (incf *restored*)) nil)
(defun main ()
  (format t "~d ~d ~d ~a~%" (incf own-counter) (by-name "own_hidden") (own-old) (by-name "own_absent"))
  (format t "~a ~a~%" (handler-case (own-absent) (error () :absent)) (handler-case (own-absent-too) (error () :absent)))
  (format t "~d ~s ~a~%" *restored* uiop:*command-line-arguments* (pathname-name (uiop:argv0))))
""",
}

PLAIN_SAYS = '42 7 8 NIL\nABSENT ABSENT\n1 ("one" "two") plain_as_{mode}\n'

CFFI = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_modes")
load("@linkmode//lisp:defs.bzl", "lisp_library", "sbcl_binary")

lisp_library(name = "alexandria", srcs = glob(["alexandria/**/*.lisp"]), asd = ["alexandria/alexandria.asd"])
lisp_library(
    name = "trivial-features",
    srcs = glob(["trivial-features/src/*.lisp"]),
    asd = ["trivial-features/trivial-features.asd"],
)
lisp_library(
    name = "babel",
    srcs = glob(["babel/src/*.lisp"]),
    asd = ["babel/babel.asd"],
    deps = [":alexandria", ":trivial-features"],
)
lisp_library(
    name = "cffi",
    srcs = glob(["cl-cffi/src/**/*.lisp"]),
    asd = ["cl-cffi/cffi.asd"],
    contribs = ["asdf"],
    deps = [":alexandria", ":babel", ":trivial-features"],
)
cc_library(name = "own", srcs = ["own.c"])
sbcl_binary(
    name = "bound",
    srcs = ["bound.lisp"],
    main = "main",
    optional_foreign_names = ["own_old"],
    tags = ["manual"],
    deps = [":cffi", ":own"],
)
link_modes(name = "bound_as", binary = ":bound", tags = ["manual"])
sbcl_binary(
    name = "without",
    srcs = ["bound.lisp"],
    main = "main",
    optional_foreign_names = ["own_old"],
    tags = ["manual"],
    deps = [":cffi"],
)
link_modes(name = "without_as", binary = ":without", link_modes = ["static"], tags = ["manual"])
""",
    "own.c": "int own_counter = 41;\nint own_answer(void) { return 42; }\n",
    "bound.lisp": """
(cffi:define-foreign-library (libown :canary "own_answer") (t (:default "libown")))
(cffi:use-foreign-library libown)
(cffi:define-foreign-library (libunused :canary "unused_canary") (t (:default "libunused")))
(cffi:defcfun "own_answer" :int)
(cffi:defcfun "own_old" :int)
(cffi:defcvar "own_counter" :int)
(cffi:defcvar "environ" :pointer)
(defun main ()
  (format t "~d ~d ~a~%" (own-answer) (incf *own-counter*) (cffi:null-pointer-p *environ*))
  (format t "~a ~a~%" (cffi:foreign-symbol-pointer "own_old") (handler-case (own-old) (error () :absent)))
  (format t "~a~%" (handler-case (cffi:load-foreign-library 'libunused) (error () :not-loaded))))
""",
}

CFFI_SAYS = "42 42 NIL\nNIL ABSENT\nNOT-LOADED\n"

_PACKAGES = {
    ("cl-alexandria", "cl-alexandria_20240125.git8514d8e-1_all.deb"): (
        "37eefecbf8d6a45f13cec17c661b9a77d2a01fc73e06ab3ef9ecf33f1870a6f5"
    ),
    ("cl-babel", "cl-babel_20240605.git23c1440-2_all.deb"): (
        "1c41d2a34058f80610112e61e852e4742c81e91cce18ef4b338352556191cf59"
    ),
    ("cl-cffi", "cl-cffi_1%3a0.24.1-3_all.deb"): "ebf8479dd1c5a35139d93bb2fa27f2e8a884a60737105cc9e0a1b5288131aaa2",
    ("cl-trivial-features", "cl-trivial-features_20250129.git18a5cfa-2_all.deb"): (
        "35946633aaa9c14ae9d6d286f81126de160406811fe8de87621a82ee3b759614"
    ),
}


def cffi() -> dict[str, str]:
    """Return a package with CFFI, what it depends on, and a program. Raises MissingToolchainsError without Debian's."""
    folder = WORK / "sbcl" / "cffi"
    files: dict[str, str] = dict(CFFI)
    for (package, file), sha256 in _PACKAGES.items():
        deb: Path = debian.binary(folder, "trixie", package, file, sha256)
        found = debian.files(deb, r"usr/share/common-lisp/source/((?!.*tests?[/.-]).*\.(?:lisp|asd))")
        files |= {path: content.decode() for path, content in found.items()}
    return files
