"""Builds of a Go program of several packages: the generated rules against plain `go build` with the same inputs.

Prints seconds and ratios of a clean build and of one after a change of one file, and how many inputs an action has.
Clean but for what does not change with the sources: a warm server, the SDK, the compiled standard library (for go
build: its cache). Both sides take turns, so that a busy machine is busy for both, and the best of the rounds counts.
"""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))

from harness import bazel, golang  # noqa: E402 - the tests' own harness, which is no package that is installed
from harness.cases import Case  # noqa: E402
from harness.places import WORK  # noqa: E402

ROUNDS = 3
PACKAGES = 24
FUNCTIONS = 400  # of a package, so that Go's compiler takes about a second for it
CASE = Case(name="go_http", binaries=(), prints="", sources=("zig=pypi", "zlib=pypi", "go=pypi"))
TARGET = "//many:program_static"


def main() -> None:
    """Run the benchmark with Bazel 4.2.3."""
    builder = bazel.find("4.2.3")
    folder = golang.prepare(CASE, "bench")
    write(folder / "many")
    try:
        builder.run(folder, "build", TARGET)
        command = plain(builder, folder)
        ours: dict[str, list[float]] = {"clean": [], "one file": []}
        theirs: dict[str, list[float]] = {"clean": [], "one file": []}
        for _ in range(ROUNDS):
            # never the same text twice: neither Bazel's disk cache nor Go's own has it from an earlier run
            change(folder, PACKAGES, f"clean {time.time_ns()}")
            ours["clean"].append(timed(lambda: builder.run(folder, "build", TARGET)))
            theirs["clean"].append(timed(command))
            change(folder, 1, f"one {time.time_ns()}")
            ours["one file"].append(timed(lambda: builder.run(folder, "build", TARGET)))
            theirs["one file"].append(timed(command))
        for what in ours:
            a, b = min(ours[what]), min(theirs[what])
            print(f"{what:9} linkmode {a:6.2f} s   go build {b:6.2f} s   ratio {a / b:.2f}")
        for mnemonic, target in (("GoCompile", "//many:p0"), ("GoCompileCgo", "//pack"), ("GoLink", TARGET)):
            print(f"inputs of {mnemonic}: {inputs(builder, folder, mnemonic, target)}")
    finally:
        builder.run(folder, "shutdown", check=False)


def write(folder: Path) -> None:
    """Write a program over packages that know nothing of each other: both sides may compile them in any order."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = [f"p{number}" for number in range(PACKAGES)]
    deps = ", ".join(f'":{name}"' for name in names)
    build = [
        'load("@linkmode//:defs.bzl", "link_mode_binary")',
        'load("@linkmode//go:defs.bzl", "go_binary", "go_library")',
        f'go_binary(name = "program", srcs = ["main.go"], deps = [{deps}], tags = ["manual"])',
        'link_mode_binary(name = "program_static", binary = ":program", link_mode = "static", tags = ["manual"])',
    ]
    for name in names:
        path = f"example.com/many/{name}"
        build.append(f'go_library(name = "{name}", srcs = ["{name}/p.go"], importpath = "{path}", tags = ["manual"])')
        functions = "\n".join(
            f"func F{index}(words []string) int {{\n\tfound := map[int]int{{}}\n\tfor _, word := range words {{\n"
            f'\t\tfound[len(word)+{index}]++\n\t}}\n\treturn len(fmt.Sprintf("%v", found))\n}}'
            for index in range(FUNCTIONS)
        )
        (folder / name).mkdir()
        (folder / name / "p.go").write_text(f'package {name}\n\nimport "fmt"\n\n{functions}\n', encoding="utf-8")
    imports = "\n".join(f'\t"example.com/many/{name}"' for name in names)
    calls = " + ".join(f'{name}.F1([]string{{"a", "bc"}})' for name in names)
    head = f'package main\n\nimport (\n\t"fmt"\n\t_ "net/http"\n\n{imports}\n)\n\n'
    (folder / "main.go").write_text(f"{head}func main() {{ fmt.Println({calls}) }}\n", encoding="utf-8")
    (folder / "go.mod").write_text("module example.com/many\n\ngo 1.24\n", encoding="utf-8")
    (folder / "BUILD.bazel").write_text("\n\n".join(build) + "\n", encoding="utf-8")


def change(folder: Path, count: int, text: str) -> None:
    """Change the last ``count`` packages, so that they are compiled again."""
    for number in range(PACKAGES - count, PACKAGES):
        path = folder / "many" / f"p{number}" / "p.go"
        source = path.read_text(encoding="utf-8").partition("// ")[0]
        path.write_text(f'{source}// \nconst Changed = "{text}"\n', encoding="utf-8")


def plain(builder: bazel.Bazel, folder: Path) -> Callable[[], None]:
    """Return what builds the program by go build, with the same SDK, a warm cache, and as many jobs as Bazel has."""
    base = Path(builder.run(folder, "info", "output_base").stdout.strip())
    go = next(base.glob("external/*linkmode_go-*/bin/go"))
    out = WORK / "benchmarks" / "go"
    out.mkdir(parents=True, exist_ok=True)
    environment = {
        "CGO_ENABLED": "0",
        "GOCACHE": str(out / "cache"),
        "GOENV": "off",
        "GOFLAGS": "-trimpath",
        "GOPATH": str(out / "path"),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "HOME": str(out),
    }

    def run() -> None:
        command = [str(go), "build", "-o", str(out / "program"), "."]
        subprocess.run(command, cwd=folder / "many", env=environment, check=True)

    run()
    return run


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds ``work`` took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def inputs(builder: bazel.Bazel, folder: Path, mnemonic: str, target: str) -> int:
    """Return how many files such an action has as inputs, a folder counting as one."""
    said = builder.run(folder, "aquery", f"mnemonic('^{mnemonic}$', deps({target}))").stdout
    found = re.search(r"Inputs: \[(.*)\]", said)
    return len(found[1].split(",")) if found else 0


if __name__ == "__main__":
    main()
