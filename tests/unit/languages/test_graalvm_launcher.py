"""The C compiler that native-image sees: how it answers, and what it passes on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from c_sources import c_sources

ARGS = "self bin/cc\ncompiler clang\ncompile -I{root}/include\nbefore -L{root}/lib\nafter -lc\n"


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler here")
    root = tmp_path_factory.mktemp("root")
    (root / "bin").mkdir()
    source = c_sources(root / "sources") / "graalvm/launcher.c"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    subprocess.run([compiler, *flags, "-o", root / "bin/cc", source], check=True)
    (root / "bin/cc.args").write_text(ARGS)
    return root / "bin/cc"


def run(launcher: Path, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    compiler = launcher.parents[1] / "clang"
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    environment = {"ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run([launcher, *words], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("clang version 21.1.0", "clang version 21.1.0 (linkmode)"),
        ("clang version 20.1.2 (https://example.org/llvm)", "clang version 20.1.2 (https://example.org/llvm)"),
        ("gcc version 12.2.0 (GCC)", "gcc version 12.2.0 (GCC)"),
    ],
)
def test_a_version_has_three_numbers_for_native_image(launcher: Path, said: str, answer: str) -> None:
    done = run(launcher, f"printf '%s\\nTarget: x' '{said}' >&2; exit 3", "-v")
    assert (done.returncode, done.stderr) == (3, f"{answer}\nTarget: x")


def test_a_version_is_answered_where_a_parent_ignores_the_end_of_children(launcher: Path) -> None:
    """An ignored SIGCHLD is inherited, and by default the system then keeps no exit code."""
    code = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    assert run(launcher, "exit 3", "-v").returncode == 3
    command = [sys.executable, "-c", code, str(launcher), "-v"]
    assert subprocess.run(command, env={"ASAN_OPTIONS": "detect_leaks=0"}, check=False).returncode == 3


def test_a_compiler_that_is_killed_or_missing_is_told(launcher: Path) -> None:
    compiler = launcher.parents[1] / "clang"
    done = run(launcher, "echo begun >&2; kill -9 $$", "-v")
    assert done.returncode == 128 + 9
    assert done.stderr == f"begun\nlinkmode: {compiler} was killed by signal 9\n"
    compiler.unlink()
    environment = {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([launcher, "-v"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert done.stderr == f"linkmode: {compiler} cannot be started: No such file or directory\n"


@pytest.mark.parametrize(
    "said", ["x" * 200_000, "x\n" * 100_000 + "y", "", "\n", "a\0b\n", "clang version " + "1" * 9000]
)
def test_nothing_of_an_answer_is_cut(launcher: Path, tmp_path: Path, said: str) -> None:
    (tmp_path / "said").write_text(said)
    done = run(launcher, f"cat {tmp_path / 'said'} >&2", "-v")
    assert (done.returncode, done.stderr) == (0, said)


def test_only_a_link_gets_the_words_of_a_link(launcher: Path) -> None:
    root = launcher.parents[1]
    assert run(launcher, 'echo "$@"', "-v").stdout == f"-I{root}/include -v\n"
    assert run(launcher, 'echo "$@"', "-c", "x.c", "-o", "x.o").stdout == f"-I{root}/include -c x.c -o x.o\n"
    assert run(launcher, 'echo "$@"', "x.o", "-o", "x").stdout == f"-I{root}/include -L{root}/lib x.o -o x -lc\n"
