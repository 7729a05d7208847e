"""A Go program as real modules are written, for the package `strange` of examples/go_http.

Its sources lie below its BUILD file, its C has folders of headers, and it says of itself what it is made of.
"""

SOURCES = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_modes")
load("@linkmode//go:defs.bzl", "go_binary", "go_library", "go_test")

genrule(name = "generated", outs = ["lib/inc/generated.h"], cmd = "echo '#define GENERATED 3' > $@")
go_library(
    name = "lib",
    srcs = [
        "lib/a/same.h",
        "lib/answer.go",
        "lib/b/same.h",
        "lib/inc/one.h",
        ":generated",
    ],
    cdeps = ["@linkmode//lib:zlib"],
    cgo = True,
    embedsrcs = ["lib/texts/text.txt"],
    importpath = "example.com/strange/lib",
    module = "example.com/strange@v1.2.3",
    module_sum = "h1:0123=",
    textual_hdrs = [
        "beside/beside.h",
        "lib/src/all.c",
    ],
    x_defs = {"Name": "by name", "example.com/strange/lib.Path": "by path", "Stamp": "<{BUILD_EMBED_LABEL}>"},
)
go_binary(
    name = "app",
    srcs = ["main.go"],
    deps = [":lib"],
    importpath = "example.com/app/cmd",
    module = "example.com/app",
    x_defs = {"example.com/app/cmd.own": "its own"},
    tags = ["manual"],
)
link_modes(name = "app_as", binary = ":app", tags = ["manual"])
go_test(
    name = "lib_test",
    srcs = ["lib/answer_test.go"],
    embed = [":lib"],
    x_defs = {"Name": "by a test"},
    tags = ["manual"],
)
""",
    "lib/answer.go": """package lib

// #cgo CFLAGS: -I${SRCDIR}/inc -Ia
// #cgo CPPFLAGS: -I b -DTWO=2
// #cgo pkg-config: zlib
// #include <zlib.h>
// #include "one.h"
// #include "generated.h"
// #include "same.h"
// #include "../beside/beside.h"
// #include "src/all.c"
// static int answer(void) { return zlibVersion()[0] == '1' ? ONE * 100 + TWO * 10 + GENERATED + A + none() : 0; }
import "C"
import _ "embed"

//go:embed texts/*.txt
var Text string

var Name, Path, Stamp string

func Answer() int { return int(C.answer()) }
""",
    "lib/answer_test.go": """package lib

import "testing"

func TestAll(t *testing.T) {
\tif Answer() != 1123 || Text != "embedded" || Name != "by a test" {
\t\tt.Fatal(Answer(), Text, Name)
\t}
}
""",
    "lib/a/same.h": "#define A 1000\n",
    "beside/beside.h": "#define NONE 0\n",
    "lib/src/all.c": "static int none(void) { return NONE; }\n",
    "lib/b/same.h": "#ifndef A\n#include_next <same.h>\n#endif\n",
    "lib/inc/one.h": "#define ONE 1\n",
    "lib/texts/text.txt": "embedded",
    "main.go": """package main

import (
\t"fmt"
\t"runtime/debug"

\t"example.com/strange/lib"
)

var own string

func main() {
\tfmt.Println(lib.Answer(), lib.Text, lib.Name, lib.Path, lib.Stamp, own)
\tinfo, _ := debug.ReadBuildInfo()
\tfmt.Print(info)
}
""",
}

SAYS = """1123 embedded by name by path <unstamped> its own
go\tgo1.27.3
path\texample.com/app/cmd
mod\texample.com/app\t(devel)\t
dep\texample.com/strange\tv1.2.3\th1:0123=
build\t-buildmode=exe
build\t-compiler=gc
build\t-trimpath=true
build\tCGO_ENABLED=1
build\tGOARCH=amd64
build\tGOOS=linux
build\tGOAMD64=v1
"""
