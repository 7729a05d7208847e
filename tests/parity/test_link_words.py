"""The same words for the same link that failed: C by Zig's launcher, Rust, native-image and linkmode exec.

Each program is compiled by the machine's compiler, and calls a linker that writes what real linkers write. The builders
of Go and OCaml are compiled where the machine has those languages. tests/e2e holds Common Lisp to the same words, too.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from c_sources import c_sources
from link_words import explanation

from linkmode.exec import driver
from linkmode.exec.rules import Flags
from linkmode.generate.engine import files_below, render_tree
from linkmode.model import link_errors, resources
from linkmode.model.link_errors import Fault
from linkmode.model.values import Target

TARGET = "x86_64-linux-musl"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror")
FREESTANDING = ("-O2", "-Wno-unused-function", "-ffreestanding", "-nostdlib", "-static", "-fno-builtin", "-fno-PIE")
FLAGS = (
    *("compile_flags", "cxx_flags", "include_flags", "link_flags", "static_flags", "static_pie_flags", "pie_flags"),
    *("no_pie_flags", "static_libraries", "mostly_static_libraries", "dynamic_libraries"),
)

Link = Callable[[Path, Path], subprocess.CompletedProcess[str]]
"""Links in a folder by a linker."""


@pytest.fixture(scope="session")
def programs(cc: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("no system calls of Zig's launcher are known here")
    folder = tmp_path_factory.mktemp("programs")
    private = c_sources(folder)
    rust = [private / "words" / "words.c", *sorted((private / "rust" / "tool").glob("*.c"))]
    commands = {
        "clang": [
            *FREESTANDING,
            "-no-pie",
            "-fno-stack-protector",
            '-DSELF="programs"',
            '-DZIG="zig"',
            private / "zig/launcher.c",
        ],
        "rust_tool": [
            *("-D_POSIX_C_SOURCE=200809L", f"-I{private / 'words'}"),
            *(path for path in rust if path.name != "unpack.c"),
        ],
        "builder": [private / "graalvm" / "builder.c"],
    }
    (folder / "programs").mkdir()
    for name, words in commands.items():
        subprocess.run([cc, *STRICT, *words, "-o", folder / "programs" / name], check=True)
    (folder / "bin").mkdir()
    driver.build(folder / "bin", [cc, *STRICT[1:]], os.environ)
    return folder


def _run(command: list[str | Path], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)


def of_cc(programs: Path, folder: Path, linker: Path) -> subprocess.CompletedProcess[str]:
    """By Zig's launcher, as cc_toolchain_config.bzl has it called for a cc_binary."""
    (folder / "programs").symlink_to(programs / "programs")
    (folder / "zig").symlink_to(linker)
    words = ["programs/clang", "--ld-path=lld", "a.o", "-o", "out"]
    return _run([*words], folder, LINKMODE_CC_LINK=f"static {TARGET}")


def of_rust(programs: Path, folder: Path, linker: Path) -> subprocess.CompletedProcess[str]:
    """By rust_tool, which rustc calls as its linker."""
    lines = ("label out", "mode static", f"target {TARGET}", f"arg {linker}", "rust")
    (folder / "link").write_text("\n".join(lines) + "\n")
    return _run([programs / "programs" / "rust_tool", "a.o", f"--linkmode={folder / 'link'}"], folder)


def of_graalvm(programs: Path, folder: Path, linker: Path) -> subprocess.CompletedProcess[str]:
    """By the program that starts native-image."""
    (folder / "jars").touch()
    words = [programs / "programs" / "builder", "out", "static", TARGET, folder / "log", folder / "jars", "--", linker]
    return _run(words, folder)


def of_exec(programs: Path, folder: Path, linker: Path) -> subprocess.CompletedProcess[str]:
    """By the compiler driver of `linkmode exec`."""
    (folder / "bin").mkdir()
    os.link(programs / "bin" / "driver", folder / "bin" / "cc")
    text = driver.configuration(
        kind="clang",
        own=(),
        target=Target(TARGET),
        mode="static",
        check=programs / "bin" / "elfcheck",
        compilers={"cc": [str(linker)], "cxx": [str(linker)]},
        flags=Flags(dict.fromkeys(FLAGS, ())),
        places={},
        search=[],
        include=[],
        tools={},
    )
    (folder / "driver.conf").write_text(text)
    return _run([folder / "bin" / "cc", "a.o", "-o", "out"], folder)


def rendered(folder: Path, language: str, suffix: str) -> list[Path]:
    """Write the builder's files of a language, and return their paths."""
    sources = files_below(resources.templates() / "common" / "languages" / language / "builder")
    words = msgspec.to_builtins(link_errors.load())
    for name, data in render_tree(sources, {"link_errors": words}).items():
        (folder / name).write_bytes(data)
    return sorted(folder.glob(f"*{suffix}"))


OCAML = """
let () =
  match Explain.link ~label:"out" ~mode:"static" ~target:Sys.argv.(1) (Text.read "said") with
  | Some text -> print_string text
  | None -> exit 3
"""


@pytest.fixture(scope="session")
def ocaml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("ocamlc"):
        pytest.skip("no OCaml here: install ocaml-nox")
    folder = tmp_path_factory.mktemp("ocaml")
    rendered(folder, "ocaml", ".ml")
    (folder / "told.ml").write_text(OCAML)
    command = ["ocamlc", "-o", "told", "text.ml", "link_errors.ml", "explain.ml", "told.ml"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "told"


GO = """package main

import (
	"fmt"
	"os"
)

type job struct{ Label, Mode, Target string }

func main() {
	said, _ := os.ReadFile("said")
	text := explainLink(&job{"out", "static", os.Args[1]}, string(said), os.Args[2:])
	if text == "" {
		os.Exit(3)
	}
	fmt.Print(text)
}
"""


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("go"):
        pytest.skip("no Go here: install golang-go")
    folder = tmp_path_factory.mktemp("go")
    for path in rendered(folder, "go", ".go"):
        if path.name not in ("explain.go", "link_errors.go"):
            path.unlink()
    (folder / "told.go").write_text(GO)
    own = {"GOCACHE": str(folder / "cache"), "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "GOTOOLCHAIN": "local"}
    sources = sorted(path.name for path in folder.glob("*.go"))
    subprocess.run(["go", "build", "-o", "told", *sources], cwd=folder, env={**os.environ, **own}, check=True)
    return folder / "told"


ASKERS = {"cc": of_cc, "rust": of_rust, "graalvm": of_graalvm, "exec": of_exec}

SAYINGS: dict[str, tuple[Fault, str]] = {
    "ld.lld: error: undefined symbol: absent": ("symbols", "absent"),
    "ld.lld: error: undefined hidden symbol: absent": ("symbols", "absent"),
    "ld.lld: error: undefined symbol: ns::absent(int, char const*)": ("symbols", "ns::absent(int, char const*)"),
    "a.o:a.c:(.text+0x5): undefined reference to `absent'": ("symbols", "absent"),
    "x: undefined reference to `ns::absent(int, char)'\nx: undefined reference to `b'": (
        "symbols",
        "ns::absent(int, char), b",
    ),
    "undefined symbol: a\nundefined symbol: b\nundefined symbol: a": ("symbols", "a, b"),
    "undefined symbol: b\nundefined symbol: __printf_chk": ("glibc", "__printf_chk"),
    "undefined symbol: __isoc23_strtol\r\nundefined symbol: fopen64": ("glibc", "__isoc23_strtol, fopen64"),
    "undefined symbol: _chk\nundefined symbol: my_chk": ("symbols", "_chk, my_chk"),
    "\n".join(f"undefined symbol: f{number}" for number in range(11)): (
        "symbols",
        "f0, f1, f2, f3, f4, f5, f6, f7 and 3 more",
    ),
    "/bin/ld: cannot find -lssl: No such file or directory": ("library", "ssl"),
    "/bin/ld: cannot find -lssl\nundefined symbol: a": ("library", "ssl"),
    "ld.lld: error: unable to find library -lssl": ("library", "ssl"),
    "error: unable to find dynamic system library 'ssl' using strategy 'paths_first'": ("library", "ssl"),
}
"""What linkers write (GNU ld, lld and Zig), with the fault and the names."""


def script(folder: Path, said: str, code: int) -> Path:
    (folder / "said").write_bytes(said.encode() + b"\n")
    path = folder / "linker"
    path.write_text(f'#!/bin/sh\ncat "{folder}/said" >&2\nexit {code}\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("said", SAYINGS)
def test_the_words_are_those_of_the_table(programs: Path, tmp_path: Path, asker: str, said: str) -> None:
    done = ASKERS[asker](programs, tmp_path, script(tmp_path, said, 1))
    assert done.returncode == 1
    fault, names = SAYINGS[said]
    told = explanation(fault, names, label="out", mode="static", target=TARGET, asker=asker)
    assert done.stderr.endswith(told), done.stderr
    assert done.stderr.removesuffix(told).split() == said.split(), "the linker's own words come first"


@pytest.mark.parametrize("asker", ["ocaml", pytest.param("go", marks=pytest.mark.tier("bazel"))])
@pytest.mark.parametrize("said", SAYINGS)
def test_builders_in_other_languages_have_the_same_words(
    request: pytest.FixtureRequest, tmp_path: Path, asker: str, said: str
) -> None:
    told = request.getfixturevalue(asker)
    (tmp_path / "said").write_bytes(said.encode())
    fault, names = SAYINGS[said]
    done = _run([told, TARGET], tmp_path)
    assert (done.returncode, done.stdout) == (
        0,
        explanation(fault, names, label="out", mode="static", target=TARGET, asker=asker),
    )
    (tmp_path / "said").write_text("disk full\n")
    assert (_run([told, TARGET], tmp_path)).returncode == 3
    (tmp_path / "said").write_text("undefined symbol: __printf_chk\n")
    glibc = _run([told, "x86_64-linux-gnu.2.28"], tmp_path).stdout
    assert ": nothing that is linked defines __printf_chk\n" in glibc


def test_askers_differ_only_in_what_to_do(programs: Path, tmp_path: Path) -> None:
    """The same fault in C, Rust, native-image and exec: the same two lines."""
    told = set()
    for asker, link in ASKERS.items():
        (tmp_path / asker).mkdir()
        done = link(programs, tmp_path / asker, script(tmp_path / asker, "undefined symbol: absent", 1))
        told.add(tuple(done.stderr.splitlines()[-3:-1]))
    assert len(told) == 1, told


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize(
    ("said", "code"), [("disk full", 3), ("warning: undefined symbol: absent", 0), ("undefined symbol: ", 1)]
)
def test_what_is_not_known_is_left_to_the_linker(
    programs: Path, tmp_path: Path, asker: str, said: str, code: int
) -> None:
    done = ASKERS[asker](programs, tmp_path, script(tmp_path, said, code))
    assert (done.returncode != 0) == (code != 0)
    assert "cannot be linked" not in done.stderr


def test_a_launcher_that_is_not_told_what_it_links_says_nothing(programs: Path, tmp_path: Path) -> None:
    """Rules of other languages explain a failed link themselves, and take the variable away."""
    (tmp_path / "programs").symlink_to(programs / "programs")
    (tmp_path / "zig").symlink_to(script(tmp_path, "undefined symbol: absent", 1))
    done = _run(["programs/clang", "--ld-path=lld", "a.o", "-o", "out"], tmp_path)
    assert (done.returncode, done.stderr) == (1, "undefined symbol: absent\n")
