"""Go and Rust with mimalloc among their C libraries: in the file, in force, and refused where it was forgotten."""

import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import tomli_w
from harness import bazel, examples, mimalloc
from harness.cases import Case
from harness.places import STORE
from harness.shared import MissingToolchainsError
from harness.workspace import linkmode

_LOAD = 'load("@linkmode//:defs.bzl", "link_mode_binary")\n'
_BINARIES = """
link_mode_binary(name = "has_static", binary = ":has", link_mode = "static", malloc = "mimalloc", tags = ["manual"])
link_mode_binary(name = "has_dynamic", binary = ":has", link_mode = "dynamic", malloc = "mimalloc", tags = ["manual"])
link_mode_binary(name = "lacks_static", binary = ":lacks", link_mode = "static", malloc = "mimalloc", tags = ["manual"])
"""


@dataclass(frozen=True)
class _Language:
    """An example to take the toolchains of, and a package with a program that allocates, with mimalloc and without."""

    example: str
    build: str
    source: str
    text: str


GO = _Language(
    "go_http",
    """
load("@linkmode//go:defs.bzl", "go_binary")
go_binary(name = "has", srcs = ["main.go"], cdeps = ["@linkmode//lib:mimalloc"], cgo = True, tags = ["manual"])
go_binary(name = "lacks", srcs = ["main.go"], cgo = True, tags = ["manual"])
""",
    "main.go",
    """package main

// #include <stdlib.h>
import "C"
import "sync"

func main() {
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for size := range 1000 {
				C.free(C.malloc(C.size_t(size)))
			}
		}()
	}
	all.Wait()
	println("done")
}
""",
)
RUST = _Language(
    "rust_native",
    """
load("@linkmode//rust:defs.bzl", "rust_binary")
rust_binary(name = "has", srcs = ["main.rs"], tags = ["manual"], deps = ["@linkmode//lib:mimalloc"])
rust_binary(name = "lacks", srcs = ["main.rs"], tags = ["manual"])
""",
    "main.rs",
    """fn main() {
    let threads: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(|| (1..1000usize).map(|size| vec![1u8; size].len()).sum::<usize>()))
        .collect();
    let sum: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    eprintln!("{}", if sum == 4 * 499_500 { "done" } else { "wrong" });
}
""",
)


@pytest.mark.parametrize("language", [GO, RUST], ids=lambda language: str(language.example))
@pytest.mark.parametrize("name", ["4.2.3", "7.7.1"])
def test_a_program_gets_mimalloc_from_its_c_libraries(name: str, language: _Language) -> None:
    example = examples.known()[language.example]
    case = replace(example.case, name=f"{language.example}_malloc", example=language.example)
    try:
        builder = bazel.find(name)
        place = _prepare(example.prepare, case, name)
    except (bazel.NoBazelError, MissingToolchainsError) as error:
        pytest.skip(str(error))
    (place / "own").mkdir()
    (place / "own" / "BUILD.bazel").write_text(_LOAD + language.build + _BINARIES, encoding="utf-8")
    (place / "own" / language.source).write_text(language.text, encoding="utf-8")
    try:
        builder.run(place, "build", "--output_groups=+linkmode_report", "//own:has_static", "//own:has_dynamic")
        for mode in ("static", "dynamic"):
            program = place / "bazel-bin" / "own" / f"has_{mode}"
            assert program.with_name(f"{program.name}.linkmode.txt").read_text().endswith("\nmalloc: mimalloc\n")
            symbols = _addresses(program)
            assert symbols["malloc"] == symbols["mi_malloc"]
        program = place / "bazel-bin" / "own" / "has_static"
        # at its end a Go program tells C nothing; so mimalloc is asked to speak when it starts
        environment = {"MIMALLOC_VERBOSE": "1"}
        done = subprocess.run([program], env=environment, capture_output=True, text=True, check=True)
        at_start, ran, _ = done.stderr.partition("done\n")
        assert "\nmimalloc: process init: " in at_start
        assert ran

        refused = builder.run(place, "build", "//own:lacks_static", check=False)
        assert "//own:lacks_static: --malloc mimalloc does not hold" in refused.stderr
        assert "add @linkmode//lib:mimalloc to its C dependencies" in refused.stderr
    finally:
        builder.leave(place)


def _prepare(prepare: Callable[[Case, str], Path], case: Case, name: str) -> Path:
    place = prepare(case, name)
    path = place / "linkmode.toml"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    config.setdefault("library", {})["mimalloc"] = mimalloc.VERSION
    config["pin"] = [*config.get("pin", []), mimalloc.own_pin()]
    path.write_text(tomli_w.dumps(config), encoding="utf-8")
    linkmode(place, "lock")
    linkmode(place, "fetch", f"--store={STORE}")
    linkmode(place, "generate")
    return place


def _addresses(path: Path) -> dict[str, str]:
    """Return the symbols that a file defines, and where."""
    said = subprocess.run(["nm", "--defined-only", str(path)], check=True, capture_output=True, text=True).stdout
    return {name: address for address, _, name in (line.split() for line in said.splitlines())}
