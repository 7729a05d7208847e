"""Programs for every CPU, on a real Bazel: built by Zig, audited, and run under qemu-user.

`make cpus` prints the table of all of it.
"""

from pathlib import Path

import pytest
from harness import bazel, cpus, readelf, roots

from linkmode.audit.judge import verdict
from linkmode.audit.judge.expectations import Expectations
from linkmode.audit.read import elf
from linkmode.audit.read.facts import Facts
from linkmode.model.cpus import CPUS, Cpu

_BAZEL = "7.7.1"


def _rows(program: str, cpu: str, libc: str) -> list[cpus.Row]:
    return cpus.rows(program, cpus.targets((cpu,), libc), bazel.find(_BAZEL))


def _held(rows: list[cpus.Row]) -> None:
    assert not [row for row in rows if row.wrong], cpus.table(rows)
    assert all(row.built == "yes" for row in rows)
    assert any(row.ran.startswith(("qemu-", "this machine")) for row in rows), cpus.table(rows)


@pytest.mark.tier("bazel")
def test_a_32_bit_cpu_with_an_abi_of_its_own() -> None:
    """The C program alone, static: what CI has a minute for."""
    of = cpus.targets(("armv7",), "musl")
    rows = cpus.rows("pack", of, bazel.find(_BAZEL), ways=("static",))
    _held(rows)


@pytest.mark.parametrize("libc", ["musl", "glibc"])
@pytest.mark.parametrize("cpu", CPUS)
def test_a_program_in_c(cpu: str, libc: str) -> None:
    rows = _rows("pack", cpu, libc)
    assert not [row for row in rows if row.wrong], cpus.table(rows)


@pytest.mark.parametrize("libc", ["musl", "glibc"])
@pytest.mark.parametrize("cpu", CPUS)
def test_a_program_in_cxx_with_threads_and_exceptions(cpu: str, libc: str) -> None:
    rows = _rows("census", cpu, libc)
    assert not [row for row in rows if row.wrong], cpus.table(rows)


def _file(arch: str, package: str, ending: str) -> Path:
    [found] = [file for path, file in roots.package(arch, package).items() if path.endswith(ending)]
    return found


def _judged(path: Path) -> Facts:
    with path.open("rb") as stream:
        return elf.facts(stream, path.stat().st_size)


@pytest.mark.parametrize("cpu", [cpu for cpu in CPUS.values() if cpu.debian], ids=lambda cpu: cpu.name)
def test_the_files_of_debians_port_are_what_the_row_says(cpu: Cpu) -> None:
    glibc, musl = _file(cpu.debian, "libc6", "/libc.so.6"), _file(cpu.debian, "musl", "/libc.so")
    assert _judged(glibc).interpreter == cpu.glibc_loader
    # no second file of a port has another ABI: what a row demands all of them keep
    for path in (glibc, musl, *roots.package(cpu.debian, "libc6").values()):
        if path.read_bytes()[:4] != b"\x7fELF":
            continue
        facts = _judged(path)
        assert (facts.machine, facts.bits, facts.endianness) == (cpu.elf, cpu.bits, cpu.endianness), path
        assert set(cpu.abi) <= set(facts.abi), path
        header, flags = cpus.READELF[cpu.elf]
        witness = readelf.read(path)
        assert (witness.machine, witness.bits) == (header, cpu.bits), path
        assert flags in witness.flags, path


def test_armel_is_not_armhf() -> None:
    facts = _judged(_file("armel", "libc6", "/libc.so.6"))
    assert (facts.machine, facts.abi, facts.interpreter) == ("arm", ("soft-float",), "/lib/ld-linux.so.3")
    wanted = Expectations(machine="arm", abi=CPUS["armv7"].abi)
    [failure] = verdict.check(facts, verdict.judge(facts), wanted)
    assert (failure.check, failure.found) == ("--abi hard-float", "soft-float")


@pytest.mark.tier("fast")
def test_every_cpu_has_what_readelf_calls_it() -> None:
    assert {cpu.elf for cpu in CPUS.values()} == set(cpus.READELF)
    assert len(cpus.targets(tuple(CPUS))) == 2 * len(CPUS)
