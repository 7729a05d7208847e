"""Hardening as an expectation, on programs that a compiler here made with each and without it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from elf_maker import Elf

from linkmode.cli.audit import command
from linkmode.messages import UsageError

SOURCE = """
#include <string.h>
#include <stdio.h>
int main(int argc, char **argv) { char text[64]; strcpy(text, argv[0]); puts(text); return argc; }
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def linked(folder: Path, *options: str) -> str:
    (folder / "a.c").write_text(SOURCE)
    done = subprocess.run(["gcc", *options, "a.c", "-o", "a"], cwd=folder, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"gcc does not link with {' '.join(options)}")
    return str(folder / "a")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
@pytest.mark.parametrize(
    ("guard", "having", "lacking"),
    [
        ("relro", ("-Wl,-z,relro,-z,now",), ("-Wl,-z,relro,-z,lazy",)),
        ("nx", ("-Wl,-z,noexecstack",), ("-Wl,-z,execstack",)),
        ("pie", ("-pie", "-fPIE"), ("-no-pie",)),
        ("canary", ("-fstack-protector-all",), ("-fno-stack-protector",)),
        ("fortify", ("-O2", "-D_FORTIFY_SOURCE=2"), ("-O2", "-U_FORTIFY_SOURCE")),
    ],
)
def test_what_a_compiler_makes(tmp_path: Path, guard: str, having: tuple[str, ...], lacking: tuple[str, ...]) -> None:
    assert run("--require", guard, linked(tmp_path, *having)).exit_code == 0
    done = run("--require", guard, linked(tmp_path, *lacking))
    assert done.exit_code == 1
    assert " does not hold\n  expected: " in done.stderr


def test_segments_relocations_and_features(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(Elf(tags=((22, 0),)).build())
    done = run("--require", "no-textrel,no-rwx,cet,bti,canary", str(path))
    assert [line for line in done.stderr.splitlines() if "does not hold" in line] == [
        f"{path}: --require {guard} does not hold" for guard in ("no-textrel", "cet", "bti", "canary")
    ]
    raw = bytearray(Elf().build())
    raw[64 + 4] = 7
    path.write_bytes(bytes(raw))
    assert "--require no-rwx does not hold" in run("--require", "no-rwx", str(path)).stderr


def test_a_name_is_checked(tmp_path: Path) -> None:
    done = run("--require", "nx,canaries", "x")
    assert isinstance(done.exception, UsageError)
    assert "did you mean 'canary'" in done.exception.problem
