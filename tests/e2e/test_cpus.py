"""Programs for every CPU, on a real Bazel: built by Zig, audited, and run under qemu-user.

`make cpus` prints the table of all of it.
"""

import pytest
from harness import bazel, cpus

from linkmode.model.cpus import CPUS

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


@pytest.mark.tier("fast")
def test_every_cpu_has_what_readelf_calls_it() -> None:
    assert {cpu.elf for cpu in CPUS.values()} == set(cpus.READELF)
    assert len(cpus.targets(tuple(CPUS))) == 2 * len(CPUS)
