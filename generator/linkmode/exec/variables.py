"""What becomes of each variable that steers a tool which `linkmode exec` sets up: the table of docs/reference/exec.md.

Set: names the locked toolchain. Cleared: makes a tool of the toolchain, or pkg-config, look for its parts, headers or
libraries elsewhere, write elsewhere, or put into a binary what nobody asked for on its command line; it was set for
another compiler. Always cleared: the compiler driver also clears it for each program of the toolchain that it starts,
since a build system or a script sets it for commands of its own. Passed: flags of this very build, which are the user's
to give, and the settings of tools that are the machine's own.
"""

from typing import Literal, NamedTuple

Fate = Literal["set", "put before", "cleared", "always cleared", "passed"]


class Row(NamedTuple):
    """Variables of one tool and one fate. ``*`` in a name stands for what varies: a target of Rust's, or more.

    What is set, put before or passed by its whole name is not cleared by a ``*``.
    """

    tool: str
    names: tuple[str, ...]
    fate: Fate
    why: str


TABLE = (
    Row("make, configure", ("CC", "CXX", "AR", "RANLIB", "LD", "STRIP"), "set", "the locked programs, by name"),
    Row("make, configure", ("PATH",), "put before", "the folder of these programs"),
    Row(
        "make, configure",
        ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS", "MAKEFLAGS"),
        "passed",
        "flags of this build; the compiler driver knows the mode",
    ),
    Row("make, configure", ("MAKEFILES", "GNUMAKEFLAGS", "CONFIG_SHELL"), "passed", "of this build as well"),
    Row("make, configure", ("CONFIG_SITE",), "cleared", "what configure would find out, of another compiler"),
    Row("CMake", ("CMAKE_PREFIX_PATH",), "put before", "the sysroot"),
    Row(
        "CMake",
        ("CMAKE_TOOLCHAIN_FILE",),
        "set",
        "a file that names the compiler, and lets nothing of the machine's own be found",
    ),
    Row("CMake", ("CMAKE_BUILD_*", "CMAKE_GENERATOR"), "passed", "flags of this build"),
    Row(
        "GCC",
        ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH"),
        "always cleared",
        "headers of another place, before the sysroot's",
    ),
    Row("GCC", ("LIBRARY_PATH",), "always cleared", "libraries and start-up files of another place"),
    Row(
        "GCC",
        ("COMPILER_PATH", "GCC_EXEC_PREFIX", "GCC_ROOT"),
        "always cleared",
        "another compiler, assembler or linker behind the driver",
    ),
    Row(
        "GCC",
        ("COLLECT_*",),
        "always cleared",
        "what the driver tells its own linker wrapper: options and programs",
    ),
    Row("GCC", ("DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES"), "always cleared", "files that each compilation writes"),
    Row("GCC", ("GCC_COMPARE_DEBUG",), "always cleared", "each file is compiled twice, with other flags"),
    Row("GCC", ("SOURCE_DATE_EPOCH",), "passed", "the time of `__DATE__`, meant for a build that can be repeated"),
    Row(
        "GCC",
        ("GCC_COLORS", "GCC_URLS", "LANG", "LC_*", "TMPDIR"),
        "passed",
        "how messages look, and where temporary files lie",
    ),
    Row(
        "clang, Zig",
        ("CCC_*", "QA_OVERRIDE_GCC3_OPTIONS"),
        "always cleared",
        "flags that are on no command line",
    ),
    Row(
        "clang, Zig",
        ("OBJCPLUS_INCLUDE_PATH",),
        "always cleared",
        "as GCC's; those that GCC reads too are cleared above",
    ),
    Row(
        "clang, Zig",
        ("CC_PRINT_*", "CC_LOG_*"),
        "always cleared",
        "files that each compilation writes",
    ),
    Row(
        "clang, Zig",
        ("AS_SECURE_LOG_FILE", "CLANG_MODULE_CACHE_PATH", "ZIG_LLVM_TIME_TRACE_*"),
        "always cleared",
        "files that a compilation writes, and compiled headers of another place",
    ),
    Row(
        "clang, Zig",
        ("LLVM_OVERRIDE_PRODUCER", "RC_DEBUG_*"),
        "always cleared",
        "texts in the debug information",
    ),
    Row("clang, Zig", ("CLANG_CRASH_DIAGNOSTICS_DIR",), "passed", "where what crashed is kept, as TMPDIR"),
    Row("clang, Zig", ("SDKROOT", "HIP_PATH", "ROCM_PATH"), "always cleared", "another sysroot"),
    Row(
        "clang, Zig",
        ("ZIG_LIB_DIR", "ZIG_LIBC"),
        "always cleared",
        "another libc and compiler library than the locked Zig's",
    ),
    Row("clang, Zig", ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), "passed", "where Zig keeps what it compiled"),
    Row("ld", ("LD_RUN_PATH",), "always cleared", "a RUNPATH in the binary"),
    Row(
        "ld",
        ("LDEMULATION", "LD_OPTIONS", "GNUTARGET", "LIBCTF_*"),
        "always cleared",
        "another format, which ar and strip take too, or flags that are on no command line",
    ),
    Row(
        "ld",
        ("LLD_*",),
        "always cleared",
        "a file that each link writes; a text in the binary",
    ),
    Row(
        "ld",
        ("LD_LIBRARY_PATH",),
        "passed",
        "programs of the machine need it to start; a native ld looks there for what shared libraries need, and puts it "
        "into no binary",
    ),
    Row(
        "pkg-config",
        ("PKG_CONFIG_LIBDIR",),
        "set",
        "the sysroot's: none of the machine's own libraries is found",
    ),
    Row(
        "pkg-config",
        ("PKG_CONFIG_*", "TARGET_PKG_CONFIG_*"),
        "cleared",
        "all others: `PKG_CONFIG_PATH`, another root, paths to leave out, `PKG_CONFIG_ZLIB_LIBDIR` and its kind, which "
        "replace a variable of one package, a log file, and what Rust's crate `pkg-config` reads for one target",
    ),
    Row(
        "pkg-config",
        ("PKG_CONFIG_ALL_STATIC", "PKG_CONFIG_ALLOW_CROSS"),
        "set",
        "what Rust's crate `pkg-config` asks before it looks for archives; the first not in mode dynamic",
    ),
    Row("pkg-config", ("PKG_CONFIG",), "passed", "which pkg-config is run"),
    Row(
        "Cargo, rustc",
        ("CARGO_TARGET_*_LINKER", "CC_*", "CXX_*", "AR_*"),
        "set",
        "the locked programs, for this target; the machine's own for build scripts",
    ),
    Row("Cargo, rustc", ("HOST_CC", "HOST_AR"), "set", "the machine's own, for build scripts"),
    Row(
        "Cargo, rustc", ("CARGO_BUILD_TARGET",), "set", "the target in Rust's notation, unless it is the machine's own"
    ),
    Row(
        "Cargo, rustc",
        ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_*_RUSTFLAGS", "CFLAGS_*"),
        "passed",
        "flags of this build",
    ),
    Row(
        "Cargo, rustc",
        ("RUSTC", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN", "CARGO_HOME"),
        "passed",
        "the machine's own Rust; none is locked here",
    ),
    Row(
        "Go",
        ("GOFLAGS",),
        "put before",
        "`-toolexec`, by which the driver sees Go's own link; in other modes than static also "
        "`-ldflags=-linkmode=external`",
    ),
    Row("Go", ("CGO_ENABLED",), "set", "1 unless it is set, also for another CPU"),
    Row("Go", ("GOOS", "GOARCH"), "set", "for another CPU"),
    Row(
        "Go",
        ("CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"),
        "passed",
        "flags of this build. cgo takes `CC` and `CXX`",
    ),
    Row("dune", ("LINK_MODE",), "set", "the mode, which the flags read that linkmode generates"),
    Row(
        "Go",
        ("GOROOT", "GOPATH", "GOENV", "GOTOOLCHAIN"),
        "passed",
        "the machine's own Go; none is locked here",
    ),
    Row(
        "OCaml",
        ("OCAMLPARAM", "OCAMLFIND_CONF", "OCAMLPATH"),
        "passed",
        "flags of this build, and its packages",
    ),
    Row(
        "OCaml",
        ("OCAMLLIB", "CAMLLIB", "CAML_LD_LIBRARY_PATH", "OPAM*"),
        "passed",
        "the machine's own OCaml, whose opam sets them; none is locked here",
    ),
)

ALWAYS_CLEARED = tuple(name for row in TABLE if row.fate == "always cleared" for name in row.names)
CLEARED = (*ALWAYS_CLEARED, *(name for row in TABLE if row.fate == "cleared" for name in row.names))
