"""Rust targets that cannot be built, and what is said of each: for the package `wrong` of examples/rust_native.

Below them, what the how-to says of crates: for its package `more`.
"""

from link_words import pattern

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
load("@linkmode//rust:defs.bzl", "rust_binary", "rust_library", "rust_proc_macro")

MANUAL = ["manual"]

rust_binary(name = "asks", srcs = ["asks.rs"], tags = MANUAL)
link_modes(name = "asks_as", binary = ":asks", tags = MANUAL)

rust_library(name = "ssl_sys", srcs = ["bundles.rs"], tags = MANUAL)
rust_binary(name = "bundles", srcs = ["asks.rs"], deps = [":ssl_sys"], tags = MANUAL)
link_mode_binary(name = "bundles_static", binary = ":bundles", link_mode = "static", tags = MANUAL)

rust_binary(name = "undefined", srcs = ["undefined.rs"], tags = MANUAL)
link_mode_binary(name = "undefined_static", binary = ":undefined", link_mode = "static", tags = MANUAL)

cc_library(name = "fortified", srcs = ["fortified.c"], tags = MANUAL)
rust_binary(name = "mixed", srcs = ["mixed.rs"], deps = [":fortified"], tags = MANUAL)
link_mode_binary(name = "mixed_static", binary = ":mixed", link_mode = "static", tags = MANUAL)

cc_import(name = "shared", shared_library = "libshared.so", tags = MANUAL)
rust_binary(name = "shared_only", srcs = ["asks.rs"], deps = [":shared"], tags = MANUAL)
link_mode_binary(name = "shared_only_static", binary = ":shared_only", link_mode = "static", tags = MANUAL)

rust_library(name = "one", srcs = ["one.rs"], crate_name = "same", tags = MANUAL)
rust_library(name = "two", srcs = ["one.rs"], crate_name = "same", tags = MANUAL)
rust_binary(name = "twice", srcs = ["asks.rs"], deps = [":one", ":two"], tags = MANUAL)
link_mode_binary(name = "twice_static", binary = ":twice", link_mode = "static", tags = MANUAL)

rust_binary(name = "edition", srcs = ["asks.rs"], edition = "2020", tags = MANUAL)
link_mode_binary(name = "edition_static", binary = ":edition", link_mode = "static", tags = MANUAL)

rust_proc_macro(name = "macro", srcs = ["one.rs"], tags = MANUAL)
rust_binary(name = "macro_in_deps", srcs = ["asks.rs"], deps = [":macro"], tags = MANUAL)
link_mode_binary(name = "macro_in_deps_static", binary = ":macro_in_deps", link_mode = "static", tags = MANUAL)
rust_binary(name = "crate_in_macros", srcs = ["asks.rs"], proc_macro_deps = [":one"], tags = MANUAL)
link_mode_binary(name = "crate_in_macros_static", binary = ":crate_in_macros", link_mode = "static", tags = MANUAL)

rust_library(name = "cycle_a", srcs = ["one.rs"], deps = [":cycle_b"], tags = MANUAL)
rust_library(name = "cycle_b", srcs = ["one.rs"], deps = [":cycle_a"], tags = MANUAL)

rust_library(name = "rootless", srcs = ["asks.rs", "one.rs"], tags = MANUAL)
"""

SOURCES = {
    "BUILD.bazel": BUILD,
    "asks.rs": '#[link(name = "ssl")]\nunsafe extern "C" { fn SSL_new(); }\nfn main() { unsafe { SSL_new() } }\n',
    "bundles.rs": '#[link(name = "ssl", kind = "static")]\nunsafe extern "C" { pub fn SSL_new(); }\n',
    "undefined.rs": 'unsafe extern "C" { fn absent_one(); }\nfn main() { unsafe { absent_one() } }\n',
    "mixed.rs": 'unsafe extern "C" { fn fortified(); }\nfn main() { unsafe { fortified() } }\n',
    # what glibc's own headers make of a call, for a musl target: so an object that was compiled for glibc looks
    "fortified.c": "int __printf_chk(int flag, const char *format, ...);\n"
    'void fortified(void) { __printf_chk(1, "%d", 1); }\n',
    "one.rs": "pub fn one() -> u32 { 1 }\n",
    "libshared.so": "never read",
}

REFUSED = {
    **{
        f"//wrong:asks_as_{mode}": pattern(
            "library", "ssl", label=r"\S*//wrong:asks", mode=mode, target=r"\S+", asker="rust"
        )
        for mode in ("static", "mostly_static", "dynamic")
    },
    "//wrong:bundles_static": (
        r"linkmode: \S*//wrong:ssl_sys: the crate asks for the static library ssl .*, and neither its deps nor .*\n"
        r"  Build ssl in the workspace by a cc_library named ssl and add it to the deps of this very crate"
    ),
    "//wrong:undefined_static": pattern(
        "symbols", "absent_one", label=r"\S*//wrong:undefined", mode="static", target=r"x86_64-linux-musl", asker="rust"
    ),
    "//wrong:mixed_static": pattern(
        "glibc", "__printf_chk", label=r"\S*//wrong:mixed", mode="static", target=r"x86_64-linux-musl", asker="rust"
    ),
    "//wrong:shared_only_static": (
        r"//wrong:shared_only: wrong/libshared.so is a shared library only, "
        r"and a static binary for x86_64-linux-musl cannot need it"
    ),
    "//wrong:twice_static": r"//wrong:twice: two dependencies are called same: \S*//wrong:one and \S*//wrong:two",
    "//wrong:edition_static": r'//wrong:edition: edition = "2020": there are 2015, .* 2024; did you mean "2021"\?',
    "//wrong:macro_in_deps_static": r"\S*//wrong:macro is a rust_proc_macro: it belongs to proc_macro_deps",
    "//wrong:crate_in_macros_static": r"\S*//wrong:one is no rust_proc_macro: it belongs to deps",
    "//wrong:cycle_a": r"cycle in dependency graph",
    "//wrong:rootless": r"//wrong:rootless: which of srcs is the crate's first file\?",
    "//wrong:asks": r"//wrong:asks: a program for a platform that names no libc",
}

MORE = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_mode_binary")
load("@linkmode//rust:defs.bzl", "rust_binary", "rust_library", "rust_test")

MANUAL = ["manual"]

cc_library(name = "count-1.2", srcs = ["count.c"], tags = MANUAL)
rust_library(name = "count_sys", srcs = ["count_sys.rs"], deps = [":count-1.2"], tags = MANUAL)

rust_library(name = "old", srcs = ["old.rs"], rustc_flags = ["--cap-lints=allow"], tags = MANUAL)
rust_library(name = "new", srcs = ["new.rs"], crate_name = "old", tags = MANUAL)

rust_binary(
    name = "program",
    srcs = ["program.rs"],
    aliases = {":new": "newer"},
    deps = [":count_sys", ":new", ":old"],
    tags = MANUAL,
)
link_mode_binary(name = "plain", binary = ":program", link_mode = "static", tags = MANUAL)
link_mode_binary(
    name = "pie",
    binary = ":program",
    link_mode = "static",
    static_pie = True,
    strip = True,
    tags = MANUAL,
)

rust_library(name = "reads", srcs = ["reads.rs"], data = ["data.txt"], tags = MANUAL)
rust_test(name = "reads_test", crate = ":reads", link_modes = ["static"], size = "small", tags = MANUAL)
""",
    "count.c": "int count(void) { return 7; }\n",
    "count_sys.rs": '#[link(name = "count-1.2", kind = "static")]\nunsafe extern "C" { pub fn count() -> i32; }\n',
    "old.rs": "#![deny(warnings)]\nfn unused() {}\npub fn number() -> i32 { 1 }\n",
    "new.rs": "pub fn number() -> i32 { 2 }\n",
    "program.rs": "fn main() {\n"
    '    println!("{} {} {}", unsafe { count_sys::count() }, old::number(), newer::number());\n}\n',
    "reads.rs": '#[test]\nfn reads() { assert_eq!(std::fs::read("more/data.txt").unwrap(), b"here\\n"); }\n'
    "#[test]\nfn other() {}\n",
    "data.txt": "here\n",
}
"""A -sys crate that bundles its C library, two crates of one name, one that warns, and one whose tests read a file."""
