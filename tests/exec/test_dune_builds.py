"""examples/ocaml_dune, built by the real dune and OCaml of this machine, and what comes out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linkmode.audit.read.elf import read

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / ".work" / "store"
# CRC-32 of "hello\n", by another implementation: python3 -c 'import zlib; print(hex(zlib.crc32(b"hello\n")))'
SAYS = "363a3020  6 bytes\n"

pytestmark = pytest.mark.skipif(
    not (shutil.which("dune") and shutil.which("ocamlopt")), reason="no dune or no OCaml: install ocaml-dune, ocaml-nox"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "examples/ocaml_dune", folder, ignore=shutil.ignore_patterns("_build"))
    return folder


def linkmode(project: Path, *arguments: str, mode: str = "") -> subprocess.CompletedProcess[str]:
    return run(project, sys.executable, "-m", "linkmode", *arguments, mode=mode)


def dune(project: Path, mode: str) -> subprocess.CompletedProcess[str]:
    return run(project, "dune", "build", "--root", ".", "./main.exe", mode=mode)


def run(project: Path, *command: str, mode: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "LINK_MODE")}
    if mode:
        environment["LINK_MODE"] = mode
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def built(project: Path, mode: str) -> Path:
    done = dune(project, mode)
    assert done.returncode == 0, done.stderr
    binary = project / "_build/default/main.exe"
    assert subprocess.run([binary], input="hello\n", capture_output=True, text=True, check=True).stdout == SAYS
    return binary


def needed(binary: Path) -> set[str]:
    return set(read(binary).needed)


def test_the_variable_of_the_environment_chooses(project: Path) -> None:
    assert "libz.so.1" in needed(built(project, ""))
    assert needed(built(project, "mostly_static")) <= {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"}
    assert "libz.so.1" in needed(built(project, "dynamic"))


def test_static_with_an_ocaml_for_glibc_is_refused_before_the_link(project: Path) -> None:
    done = dune(project, "static")
    assert done.returncode != 0
    assert "a static program needs an OCaml that was built for musl" in done.stderr
    assert not (project / "_build/default/main.exe").exists()


def test_a_library_that_was_not_named_is_missed_by_the_linker(project: Path) -> None:
    config = project / "linkmode.toml"
    config.write_text(config.read_text().replace('libraries = { z = "zlib" }\n', ""))
    assert linkmode(project, "generate").returncode == 0
    assert built(project, "dynamic").exists()
    done = dune(project, "mostly_static")
    assert done.returncode != 0
    assert "crc32" in done.stderr


@pytest.mark.tier("slow")  # Zig builds libraries first
def test_linked_by_the_locked_compiler_it_runs_with_an_older_glibc_than_this_machine_s(project: Path) -> None:
    locked = linkmode(project, "lock", "--source=zig=pypi", "--source=zlib=pypi")
    fetched = linkmode(project, "fetch", f"--store={STORE}")
    if locked.returncode or fetched.returncode:
        pytest.skip(f"no Zig or zlib on the package index: {locked.stderr}{fetched.stderr}")
    command = ("exec", f"--store={STORE}", "--target=x86_64-linux-gnu.2.28", "--", "dune", "build", "--root", ".")
    done = linkmode(project, *command, "./main.exe", mode="mostly_static")
    assert done.returncode == 0, done.stderr
    binary = project / "_build/default/main.exe"
    facts = read(binary)
    assert facts.glibc_required == "2.28"
    assert "libz.so.1" not in facts.needed
    assert subprocess.run([binary], input="hello\n", capture_output=True, text=True, check=True).stdout == SAYS
