"""The x86-64 level that a file needs: by the note that glibc's loader asks, by Go's and by GraalVM's own marks."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from crafted import note
from elf_maker import DYN, GLIBC_LOADER, Elf, interp
from reading import facts, holding

from linkmode.audit.judge import platforms, wheels
from linkmode.audit.judge.verdict import judge
from linkmode.audit.read.facts import Facts
from linkmode.cli.audit import command

VERSIONS = (("libc.so.6", ("GLIBC_2.17",)),)


def isa(bits: int, kind: int = 0xC0008002) -> bytes:
    return note(b"GNU", struct.pack("<IIII", kind, 4, bits, 0), 5)


def program(bits: int) -> bytes:
    return Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=VERSIONS, notes=isa(bits)).build()


def images(found: Facts) -> set[str]:
    return {one.answer for one in judge(found).images if one.platform in ("debian-12", "rocky-8")}


@pytest.mark.parametrize(
    ("bits", "level", "answer"),
    [(1, "x86-64", "yes"), (2, "x86-64-v2", "unknown"), (5, "x86-64-v3", "unknown"), (15, "x86-64-v4", "unknown")],
)
def test_what_is_needed_beyond_the_baseline_is_told(tmp_path: Path, bits: int, level: str, answer: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(program(bits))
    found = facts(program(bits))
    assert found.cpu is not None
    assert (found.cpu.level, images(found)) == (level, {answer})
    assert run("--policy", "debian-12", str(path)).exit_code == (answer != "yes")
    assert run("--policy", "debian-12", "--cpu", level, str(path)).exit_code == 0
    assert run("--cpu", "x86-64", str(path)).exit_code == (level != "x86-64")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--headers-only", *arguments])


def test_a_wheel_promises_the_baseline() -> None:
    for bits, answer in ((1, "yes"), (4, "no")):
        found = facts(Elf(type=DYN, needed=("libc.so.6",), needs=VERSIONS, notes=isa(bits)).build())
        tag = wheels.named("manylinux_2_28_x86_64")
        assert tag is not None
        assert platforms.suits(found, tag).answer == answer
        assert (judge(found).lowest_tag is None) == (answer == "no")


def test_what_is_used_where_it_is_there_is_not_needed() -> None:
    assert facts(Elf(notes=isa(4, 0xC0010002)).build()).cpu is None
    assert facts(Elf(notes=isa(3, 0xC0000002)).build()).cpu_features == ("ibt", "shstk")
    assert facts(Elf(machine=183, notes=isa(3, 0xC0000000)).build()).cpu_features == ("bti", "pac")


@pytest.mark.parametrize(
    ("listed", "level"),
    [
        (b"CX8, CMOV, FXSR, MMX, SSE, SSE2", "x86-64"),
        (b"SSE2, SSE3, SSSE3, POPCNT", "x86-64-v2"),
        (b"SSE2, SSE4_2, AVX2, BMI1, FMA", "x86-64-v3"),
        (b"SSE2, AVX2, AVX512F", "x86-64-v4"),
    ],
)
def test_graalvms_list(listed: bytes, level: str) -> None:
    found = facts(holding(b"The following CPU features that are required by the image: [" + listed + b"]."))
    assert found.cpu is not None
    assert found.cpu.level == level
    assert facts(holding(b"CPU features that are required by the image: [%s]")).cpu is None


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
@pytest.mark.parametrize(("option", "level"), [("x86-64-v3", "x86-64-v3"), ("x86-64-baseline", "x86-64")])
def test_the_linkers_own_option(tmp_path: Path, option: str, level: str) -> None:
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    done = subprocess.run(
        ["gcc", f"-Wl,-z,{option}", "a.c", "-o", "a"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if done.returncode or "ignored" in done.stderr:
        pytest.skip("no linker that knows CPU levels")
    found = facts((tmp_path / "a").read_bytes())
    assert found.cpu is not None
    assert found.cpu.level == level
