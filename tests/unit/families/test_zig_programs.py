"""Zig's small programs (templates/common/families/zig), compiled by the machine's compiler; zig tells its words."""

import os
import platform
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from c_sources import c_sources

from linkmode.exec.variables import ALWAYS_CLEARED
from linkmode.model import resources

FREESTANDING = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Wno-unused-function", "-Werror", "-ffreestanding", "-nostdlib")
STATIC = ("-static", "-fno-builtin", "-fno-stack-protector", "-fno-PIE", "-no-pie")
RUNTIME = "%s exception of type %s"

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "aarch64"), reason="no system calls are known here"
)

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An execution root: zig, the launcher by each of its names, the driver of a target, and module_map."""
    root = tmp_path_factory.mktemp("root")
    (root / "words.h").write_text(
        'static const char *const compile_words[] = {"-isystem", "{}include", 0};\n'
        'static const char *const link_words[] = {"--ld-path=x", 0};\n'
        'static const char *const program_words[] = {"{}crt1.o", 0}, *const library_words[] = {"{}libc.a", 0};\n'
        'static const char *const shared_words[] = {"{}libc.so", 0};\n'
    )
    c_sources(root)
    _compile(root, "launcher", "programs/clang", SELF="programs", ZIG="zig")
    for name in ("strip", "objcopy", "nm", "ar"):
        (root / "programs" / name).symlink_to("clang")
    _compile(root, "driver", "target/cc", SELF="target", ZIG="zig", WORDS_FILE=str(root / "words.h"))
    (root / "target/cpp").symlink_to("cc")
    _compile(root, "module_map", "programs/module_map")
    told = 'echo "$@"\nif [ -n "$SHOWN" ]; then env; fi\nif [ -n "$MADE" ]; then cp "$MADE" out; fi\nexit ${CODE:-0}'
    (root / "zig").write_text(f"#!/bin/sh\n{told}\n")
    (root / "zig").chmod(0o755)
    return root


def _compile(root: Path, source: str, program: str, **macros: str) -> None:
    (root / program).parent.mkdir(exist_ok=True)
    defines = [f'-D{name}="{value}"' for name, value in macros.items()]
    command = ["cc", *FREESTANDING, *STATIC, *defines, root / "private/zig" / f"{source}.c", "-o", root / program]
    subprocess.run(command, check=True)


@pytest.fixture
def run(root: Path) -> Program:
    def started(program: str, *words: str, cwd: Path = root, **environment: str) -> subprocess.CompletedProcess[str]:
        path = root / program if cwd != root else program
        surroundings = {"PATH": os.environ["PATH"], **environment}
        return subprocess.run([path, *words], cwd=cwd, env=surroundings, capture_output=True, text=True, check=False)

    return started


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program with symbols and debug information."""
    (tmp_path / "p.c").write_text('#include <stdio.h>\nint main(void) { puts("runs"); return 0; }\n')
    subprocess.run(["cc", "-g", tmp_path / "p.c", "-o", tmp_path / "p"], check=True)
    return tmp_path / "p"


def with_runtime(path: Path) -> Path:
    path.write_bytes(Path("/bin/true").read_bytes() + RUNTIME.encode())
    return path


LINK = ("--ld-path=lld", "x.o", "-o", "out", "-L.")


@pytest.mark.parametrize("library", [("-lthrows",), ("-l:libthrows.so",), ("./libthrows.so",), ("-l", "throws")])
@pytest.mark.parametrize("in_file", [False, True])
def test_a_second_cxx_runtime_is_refused(root: Path, run: Program, library: tuple[str, ...], in_file: bool) -> None:
    with_runtime(root / "libthrows.so")
    made = with_runtime(root / "made")
    words = [*LINK, *library]
    if in_file:
        (root / "out.params").write_text("\n".join(words))
        words = ["@out.params"]
    refused = run("programs/clang", *words, MADE=str(made))
    assert refused.returncode == 1
    assert "lies in out and another one in ./libthrows.so" in refused.stderr
    assert 'features = ["two_cxx_runtimes"]' in refused.stderr
    assert not (root / "out").exists()
    assert run("programs/clang", *words, MADE=str(made), LINKMODE_TWO_CXX_RUNTIMES="1").returncode == 0
    assert run("programs/clang", *words, MADE="/bin/true").returncode == 0, "C, with a library in C++"


def test_a_response_file_is_read_as_by_gcc_and_clang(root: Path, run: Program) -> None:
    """Their libiberty and LLVM take a backslash between single quotes for an escape."""
    (root / "words.rsp").write_text("-c '-DA=it\\'s x' -DC=\\ d x.c")
    assert run("target/cc", "@words.rsp").stdout.endswith(" -c -DA=it's x -DC= d x.c\n")


def test_a_link_that_fails_fails_as_it_did(root: Path, run: Program) -> None:
    with_runtime(root / "libthrows.so")
    done = run("programs/clang", *LINK, "-lthrows", CODE="7")
    assert (done.returncode, done.stderr) == (7, "")


@pytest.mark.parametrize("word", ["-fopenmp", "-fsanitize=address", "-fsanitize=thread,undefined", "--coverage", "-pg"])
def test_what_zig_has_no_library_for_is_refused(run: Program, word: str) -> None:
    for program in ("programs/clang", "target/cc"):
        done = run(program, "-c", word, "x.c")
        assert done.returncode == 1
        assert f"linkmode: error: {word}: Zig has no run-time library for it\n  try:" in done.stderr
    assert run("programs/clang", "-c", "-fsanitize=undefined", "-fopenmp-simd", "x.c").returncode == 0


@pytest.mark.parametrize("word", ["-fno-integrated-as", "-no-integrated-as"])
def test_an_assembler_of_the_machine_s_is_refused(run: Program, word: str) -> None:
    for program in ("programs/clang", "target/cc"):
        done = run(program, "-c", word, "x.c")
        assert done.returncode == 1
        assert f"linkmode: error: {word}: clang would start an assembler of the machine's\n  try:" in done.stderr
        assert run(program, "-c", "-fintegrated-as", "x.c").returncode == 0


@pytest.mark.parametrize("program", ["programs/clang", "programs/ar", "target/cc"])
def test_what_steers_zig_behind_the_command_line_is_cleared(run: Program, program: str) -> None:
    """Those that `linkmode exec` clears, whoever sets them: a user's --action_env, or a rule."""
    evil = {name.replace("*", ending): "evil" for name in ALWAYS_CLEARED for ending in ("", "X")}
    kept = dict.fromkeys(
        ("CPATHS", "XCPATH", "CPAT", "COLLECT", "SOURCE_DATE_EPOCH", "TMPDIR", "LD_LIBRARY_PATH"), "kept"
    )
    done = run(program, "-c", "x.c", SHOWN="1", **evil, **kept)
    assert (done.returncode, done.stderr) == (0, "")
    shown = set(done.stdout.splitlines())
    assert not [line for line in shown if line.endswith("evil")]
    assert {f"{name}=kept" for name in kept} <= shown


def test_the_launcher_clears_what_exec_clears() -> None:
    text = (resources.templates() / "common/families/zig/refusals.h").read_text()
    (table,) = re.findall(r"STEERING\[\] = \{(.*?)\};", text, re.DOTALL)
    assert tuple(re.findall('"([^"]+)"', table)) == ALWAYS_CLEARED


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.c -o x", "-isystem include --ld-path=x crt1.o x.c -o x libc.a"),
        ("-shared x.o", "-isystem include --ld-path=x -shared x.o libc.so"),
        ("-c x.c", "-isystem include -c x.c"),
        ("-x c x", "-isystem include --ld-path=x crt1.o -x c x -x none libc.a"),
        ("--version", "-isystem include --version"),
        ("-nostdinc -nostdlib x.o", "-nostdinc -nostdlib x.o"),
    ],
)
def test_the_driver_has_the_words_of_its_target(run: Program, line: str, words: str) -> None:
    assert run("target/cc", *line.split()).stdout == f"clang --no-default-config {words}\n"


def test_the_driver_runs_from_another_folder(run: Program, root: Path, tmp_path: Path) -> None:
    said = run("target/cc", "x.c", cwd=tmp_path).stdout
    assert said == f"clang --no-default-config -isystem {root}/include --ld-path=x {root}/crt1.o x.c {root}/libc.a\n"
    assert run("target/cpp", "x.c").stdout == "clang --no-default-config -E -isystem include x.c\n"


def test_strip_takes_what_it_is_told_and_the_program_runs(run: Program, program: Path) -> None:
    for words, kept in (((), ""), (("--strip-debug",), "main"), (("-s",), "")):
        out = program.with_name("out")
        done = run("programs/strip", *words, "-o", str(out), str(program))
        assert (done.returncode, done.stderr) == (0, "")
        assert subprocess.run([out], capture_output=True, text=True, check=True).stdout == "runs\n"
        sections = subprocess.run(["readelf", "-SW", out], capture_output=True, text=True, check=True)
        assert (".debug" in sections.stdout, sections.stderr) == (False, "")
        symbols = subprocess.run(["nm", out], capture_output=True, text=True, check=False).stdout
        assert (" T main" in symbols) == bool(kept)
    before = program.stat().st_size
    assert run("programs/objcopy", "--strip-all", str(program)).returncode == 0
    assert program.stat().st_size < before


def test_what_strip_does_not_do_it_refuses(run: Program, program: Path, tmp_path: Path) -> None:
    subprocess.run(["cc", "-c", tmp_path / "p.c", "-o", tmp_path / "p.o"], check=True)
    (tmp_path / "cut").write_bytes(program.read_bytes()[:-100])
    before = program.read_bytes()
    for words, problem in (
        (("programs/strip", str(tmp_path / "p.o")), "for linked ELF files of 64 bits"),
        (("programs/strip", str(tmp_path / "cut")), "for linked ELF files of 64 bits"),
        (("programs/strip", str(tmp_path / "p.c")), "for linked ELF files of 64 bits"),
        (("programs/strip", "--keep-symbol=x", str(program)), "does not know --keep-symbol=x"),
        (("programs/objcopy", "-O", "binary", str(program)), "does not know -O"),
        (("programs/objcopy", str(program)), "usage:"),
        (("programs/nm", str(program)), "zig has no nm"),
    ):
        done = run(*words)
        assert done.returncode == 1
        assert problem in done.stderr
    assert program.read_bytes() == before


def test_module_map_names_every_header_in_order(run: Program, tmp_path: Path) -> None:
    for name in ("b.h", "a/vector", "a/z.h"):
        (tmp_path / "include" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "include" / name).touch()
    done = run("programs/module_map", "out.modulemap", "include", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    headers = "".join(f'  textual header "include/{name}"\n' for name in ("a/vector", "a/z.h", "b.h"))
    assert (tmp_path / "out.modulemap").read_text() == f'module "crosstool" [system] {{\n{headers}}}\n'
    assert "cannot open none" in run("programs/module_map", "out", "none", cwd=tmp_path).stderr
