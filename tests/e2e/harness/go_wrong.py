"""Go targets that cannot be built, and what is said of each: for the package `wrong` of examples/go_http."""

from link_words import pattern

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary")
load("@linkmode//go:defs.bzl", "go_binary", "go_library")

MANUAL = ["manual"]

go_library(name = "missing", srcs = ["missing.go"], importpath = "wrong/missing", deps = ["//greet"], tags = MANUAL)
go_library(name = "itself", srcs = ["itself.go"], importpath = "wrong/itself", tags = MANUAL)
go_library(name = "a", srcs = ["empty.go"], importpath = "wrong/a", deps = [":b"], tags = MANUAL)
go_library(name = "b", srcs = ["empty.go"], importpath = "wrong/b", deps = [":a"], tags = MANUAL)
go_library(name = "no_cgo", srcs = ["c.go"], importpath = "wrong/c", tags = MANUAL)
go_library(name = "half_cgo", srcs = ["c.go", "half.go"], importpath = "wrong/c", tags = MANUAL)
go_library(name = "cdeps", srcs = ["c.go"], cdeps = [":fortified"], importpath = "wrong/c", tags = MANUAL)
go_library(name = "c_file", srcs = ["empty.go", "fortified.c"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_library(name = "header", srcs = ["header.go"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_library(name = "config", srcs = ["config.go"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_library(name = "module", srcs = ["empty.go"], importpath = "wrong/m", module = "wrong@", tags = MANUAL)
go_library(name = "sum", srcs = ["empty.go"], importpath = "wrong/m", module_sum = "h1:", tags = MANUAL)
go_library(name = "shared_code", srcs = ["empty.go"], gc_goopts = ["-shared"], importpath = "wrong/m", tags = MANUAL)
go_library(
    name = "m1",
    srcs = ["m.go"],
    importpath = "wrong/m1",
    module = "wrong@v1.0.0",
    tags = MANUAL,
    x_defs = {"wrong/m2.V": "1"},
)
go_library(name = "m2", srcs = ["m.go"], importpath = "wrong/m2", module = "wrong@v2.0.0", tags = MANUAL)
go_library(name = "x2", srcs = ["m.go"], importpath = "wrong/m2", x_defs = {"V": "2"}, tags = MANUAL)
go_library(name = "assembly", srcs = ["c.go", "go.s"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_library(name = "excluded", srcs = ["excluded.go"], importpath = "wrong/excluded", tags = MANUAL)
go_library(name = "unembedded", srcs = ["embed.go"], importpath = "wrong/embed", tags = MANUAL)
go_library(name = "fmt", srcs = ["empty.go"], importpath = "fmt", tags = MANUAL)
go_library(name = "no_path", srcs = ["empty.go"], importpath = "wrong/a=b", tags = MANUAL)
go_library(name = "nothing", importpath = "wrong/nothing", tags = MANUAL)
go_library(name = "elsewhere", srcs = ["empty.go"], embedsrcs = ["//:server.go"], importpath = "wrong/a", tags = MANUAL)
go_library(name = "cc", srcs = ["c.go"], cdeps = [":fortified"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_library(name = "other_cc", srcs = ["c.go"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_library(name = "ssl", srcs = ["ssl.go"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_library(name = "shared", srcs = ["c.go"], cdeps = [":import"], cgo = True, importpath = "wrong/c", tags = MANUAL)
platform(name = "no_libc", constraint_values = ["@platforms//cpu:aarch64", "@platforms//os:linux"])
cc_library(name = "fortified", srcs = ["fortified.c"], tags = MANUAL)
cc_import(name = "import", shared_library = "libshared.so", tags = MANUAL)

go_binary(name = "pure", srcs = ["main.go"], deps = [":other_cc"], pure = True, tags = MANUAL)
go_binary(name = "really_pure", srcs = ["empty_main.go"], pure = True, tags = MANUAL)
go_binary(name = "mixed", srcs = ["main.go"], deps = [":cc"], tags = MANUAL)
go_binary(name = "undefined", srcs = ["main.go"], deps = [":other_cc"], tags = MANUAL)
go_binary(name = "dropped", srcs = ["main.go"], deps = [":ssl"], tags = MANUAL)
go_binary(name = "only_shared", srcs = ["main.go"], deps = [":shared"], tags = MANUAL)
go_binary(name = "twice", srcs = ["main.go"], deps = [":cc", ":other_cc"], tags = MANUAL)
go_binary(name = "no_main", srcs = ["empty.go"], tags = MANUAL)
go_binary(name = "buildmode", srcs = ["empty_main.go"], linkmode = "c-shared", tags = MANUAL)
go_binary(name = "option", srcs = ["empty_main.go"], gc_linkopts = ["-buildmode=pie"], tags = MANUAL)
go_binary(name = "debug", srcs = ["debug.go"], tags = MANUAL)
go_binary(name = "linkmode", srcs = ["empty_main.go"], linkmode = "static", tags = MANUAL)
go_binary(name = "versions", srcs = ["main_m.go"], deps = [":m1", ":m2"], tags = MANUAL)
go_binary(name = "texts", srcs = ["main_m.go"], deps = [":m1", ":x2"], tags = MANUAL)
go_binary(name = "archive", srcs = ["main.go"], deps = [":archive_lib"], tags = MANUAL)
go_library(name = "archive_lib", srcs = ["archive.go"], cgo = True, importpath = "wrong/c", tags = MANUAL)
go_binary(name = "stamp", srcs = ["empty_main.go"], x_defs = {"v": "{ABSENT}"}, stamp = 1, tags = MANUAL)
[
    link_mode_binary(name = "%s_%s" % (name, mode), binary = ":" + name, link_mode = mode, tags = MANUAL)
    for name, modes in {
        "archive": ["static"],
        "dropped": ["static"],
        "mixed": ["static"],
        "no_main": ["static"],
        "only_shared": ["static", "mostly_static"],
        "pure": ["static"],
        "really_pure": ["static", "mostly_static"],
        "stamp": ["static"],
        "twice": ["static"],
        "undefined": ["static", "mostly_static"],
    }.items()
    for mode in modes
]
link_mode_binary(name = "pie", binary = ":really_pure", link_mode = "static", static_pie = True, tags = MANUAL)
"""

SOURCES = {
    "BUILD.bazel": BUILD,
    "missing.go": 'package missing\n\nimport _ "example.com/absent"\n',
    "itself.go": 'package itself\n\nimport _ "wrong/itself"\n',
    "empty.go": "package empty\n",
    "empty_main.go": 'package main\n\nvar v = ""\n\nfunc main() {}\n',
    "debug.go": "//go:debug panicnil=1\n//go:debug madvdontneed=1\npackage main\n\nfunc main() {}\n",
    "main.go": 'package main\n\nimport "wrong/c"\n\nfunc main() { c.Call() }\n',
    "c.go": 'package c\n\n// void fortified(void);\nimport "C"\n\nfunc Call() { C.fortified() }\n',
    "half.go": "package c\n\nfunc Half() { Call() }\n",
    # what glibc's own headers make of a call, for a musl target: so an object that was compiled for glibc looks
    "fortified.c": "int __printf_chk(int flag, const char *format, ...);\n"
    'void fortified(void) { __printf_chk(1, "%d", 1); }\n',
    "header.go": 'package c\n\n// #include <zlib.h>\nimport "C"\n\nfunc Call() string { return C.ZLIB_VERSION }\n',
    "config.go": 'package c\n\n// #cgo pkg-config: zlib\nimport "C"\n',
    "m.go": "package m\n\nvar V string\n",
    "main_m.go": 'package main\n\nimport _ "wrong/m1"\nimport _ "wrong/m2"\n\nfunc main() {}\n',
    "archive.go": "package c\n\n// #cgo LDFLAGS: ${SRCDIR}/lib/libx.a\n// void x(void);\n"
    'import "C"\n\nfunc Call() { C.x() }\n',
    "go.s": "TEXT ·f(SB), 4, $0-0\n\tRET\n",
    "excluded.go": "//go:build plan9\n\npackage excluded\n",
    "embed.go": 'package embed\n\nimport _ "embed"\n\n//go:embed absent.txt\nvar text string\n',
    "ssl.go": "package c\n\n// #cgo LDFLAGS: -lssl\n// void SSL_new(void);\n"
    'import "C"\n\nfunc Call() { C.SSL_new() }\n',
    "libshared.so": "never read",
}

REFUSED = {
    "missing": r'//wrong:missing: wrong/missing.go:3 imports "example.com/absent", which is neither in the standard '
    r'library nor among deps; add the go_library with importpath = "example.com/absent" to deps\n'
    r"  deps provide: example.com/http/greet",
    "itself": r"//wrong:itself: import cycle: the package wrong/itself imports itself \(wrong/itself.go:3\)",
    "a": r"cycle in dependency graph",
    "no_cgo": r'//wrong:no_cgo: all of this package imports "C" \(c.go\), and cgo = True is not set; set cgo = True',
    "half_cgo": r'undefined: Call\n\(left out, as they import "C" and cgo = True is not set: c.go\)',
    "cdeps": r"//wrong:cdeps: cdeps are for C code, and cgo = True is not set",
    "c_file": r'//wrong:c_file: C files in a Go package that has no file importing "C": wrong/fortified.c; move',
    "header": r"//wrong:header: C code of this package includes zlib.h, which neither its srcs nor its cdeps have; add",
    "config": r"//wrong:config: #cgo pkg-config: zlib: cdeps answer for pkg-config here, and there are none; name the",
    "module": r'//wrong:module: module = "wrong@" is not path@version, such as',
    "sum": r'//wrong:sum: module_sum = "h1:" is not the h1:… that go.sum has of a module = "path@version"',
    "shared_code": r"//wrong:shared_code: gc_goopts: -shared: the standard library is not compiled with it",
    "buildmode": r"//wrong:buildmode: -buildmode=c-shared asks for position-independent code.* Use go_binary of",
    "option": r"//wrong:option: -buildmode=pie asks for position-independent code, which the standard library is not",
    "debug": r"//wrong:debug: wrong/debug.go:1: //go:debug is not for a compiler to read, and the rules do not pass it "
    r'on; say it in x_defs of the program: \{"runtime.godebugDefault": "panicnil=1,madvdontneed=1"\}',
    "linkmode": r'//wrong:linkmode: linkmode = "static" is no build mode of Go: leave it out, and see link_mode of',
    "versions": r"//wrong:versions: a program has one version of a module, and of wrong it has v\d\.0\.0 "
    r"\(\S*//wrong:m\d\) and v\d\.0\.0 \(\S*//wrong:m\d\)",
    "texts": r"//wrong:texts: x_defs: \S*//wrong:\w\d and \S*//wrong:\w\d set wrong/m2.V to different texts; set",
    "archive_static": pattern(
        "library",
        "wrong/lib/libx.a",
        label=r"\S*//wrong:archive",
        mode="static",
        target=r"x86_64-linux-musl",
        asker="go",
    ),
    "assembly": r"//wrong:assembly: wrong/go.s is assembly for Go's assembler, in a package with cgo",
    "excluded": r"//wrong:excluded: no Go file is left for linux/amd64: build constraints exclude wrong/excluded.go",
    "unembedded": r"//wrong:unembedded: //go:embed absent.txt matches no file of embedsrcs: there are none",
    "fmt": r'//wrong:fmt: importpath = "fmt" is that of a package of the standard library, which a program has already',
    "no_path": r'//wrong:no_path: importpath = "wrong/a=b" is no import path, such as "example.com/module/package"',
    "nothing": r"//wrong:nothing: a Go package has Go files, and there are none in srcs, nor in what it embeds",
    "elsewhere": r"//wrong:elsewhere: embedsrcs: server.go does not lie below wrong, the folder of the Go files",
    "pure_static": r"//wrong:pure: pure = True asks.* without C, and cgo = True is set on \S*//wrong:other_cc",
    "really_pure_mostly_static": r'//wrong:really_pure: pure = True .*: link_mode = "mostly_static" would be a lie',
    "mixed_static": pattern(
        "glibc", "__printf_chk", label=r"\S*//wrong:mixed", mode="static", target=r"x86_64-linux-musl", asker="go"
    ),
    "undefined_static": pattern(
        "symbols", "fortified", label=r"\S*//wrong:undefined", mode="static", target=r"x86_64-linux-musl", asker="go"
    ),
    "undefined_mostly_static": pattern(
        "symbols", "fortified", label=r"\S*//wrong:undefined", mode="mostly_static", target=r"\S+", asker="go"
    ),
    "dropped_static": pattern(
        "library", "ssl", label=r"\S*//wrong:dropped", mode="static", target=r"x86_64-linux-musl", asker="go"
    ),
    "only_shared_static": r"//wrong:only_shared: wrong/libshared.so is a shared library only, "
    r"and a static binary for x86_64-linux-musl cannot need it",
    "only_shared_mostly_static": r"//wrong:only_shared: wrong/libshared.so is a shared library only, "
    r"and a mostly_static binary for \S+ cannot need it",
    "twice_static": r"//wrong:twice: two packages have the import path wrong/c: \S*//wrong:\w+ and \S*//wrong:\w+",
    "no_main_static": r"//wrong:no_main: a program is made of package main, and this is package empty; make it",
    "stamp_static": r"//wrong:stamp: x_defs: main.v: the workspace status has no ABSENT; it has: BUILD_EMBED_LABEL, ",
    "pie": r"//wrong:really_pure: static_pie = True is for C and C\+\+: Go code is linked at fixed addresses here",
}

STAND_IN = {
    "WORKSPACE": """
local_repository(name = "io_bazel_rules_go", path = "rules_go")
local_repository(name = "linkmode", path = "third_party/linkmode")
load("@linkmode//:repositories.bzl", "linkmode_register_toolchains", "linkmode_repositories")
linkmode_repositories()
linkmode_register_toolchains()
""",
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
load(":probe.bzl", "probe")
probe(name = "it")
link_modes(name = "probe", binary = ":it")
link_mode_binary(name = "probe_pie", binary = ":it", link_mode = "static", static_pie = True)
""",
    "probe.bzl": """
load("@io_bazel_rules_go//go/config:settings.bzl", "Setting")

def _probe_impl(ctx):
    read = [ctx.attr._static[Setting].value, ctx.attr._linkmode[Setting].value]
    fail("rules_go reads static={} linkmode={}".format(*read))

probe = rule(
    implementation = _probe_impl,
    attrs = {
        "_linkmode": attr.label(default = "@io_bazel_rules_go//go/config:linkmode"),
        "_static": attr.label(default = "@io_bazel_rules_go//go/config:static"),
    },
    executable = True,
)
""",
    "rules_go/WORKSPACE": "",
    "rules_go/go/config/settings.bzl": """
Setting = provider(fields = ["value"])

def _impl(ctx):
    return [Setting(value = ctx.build_setting_value)]

bool_setting = rule(implementation = _impl, build_setting = config.bool(flag = True))
string_setting = rule(implementation = _impl, build_setting = config.string(flag = True))
""",
    "rules_go/go/config/BUILD.bazel": """
load(":settings.bzl", "bool_setting", "string_setting")
bool_setting(name = "static", build_setting_default = False, visibility = ["//visibility:public"])
string_setting(name = "linkmode", build_setting_default = "normal", visibility = ["//visibility:public"])
""",
}
"""A workspace with a repository that has the name of rules_go and two of its settings, and a rule that reads them."""

STAND_IN_SAYS = {
    "static": "static=True linkmode=normal",
    "pie": "static=True linkmode=pie",
    "mostly_static": "static=False linkmode=pie",
    "dynamic": "static=False linkmode=pie",
}
