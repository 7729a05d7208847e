"""One row a CPU: what it says, and that what else knows CPUs says the same."""

import pytest

from linkmode.audit.read import policy
from linkmode.messages import ConfigError
from linkmode.model.cpus import CPUS
from linkmode.model.target import EXEC_PLATFORMS, ExecPlatform, Target


@pytest.mark.parametrize("cpu", CPUS.values(), ids=lambda cpu: cpu.name)
def test_the_audit_knows_the_machine_and_its_loaders(cpu: object) -> None:
    row = CPUS[cpu.name]  # type: ignore[attr-defined]
    machine = policy.load().find_machine(row.elf_machine, 64, "little")
    assert machine is not None
    assert machine.name == row.name
    assert row.glibc_loader in machine.glibc
    assert row.musl_loader in machine.musl


def test_a_target_is_its_own_text() -> None:
    target = Target("x86_64-linux-gnu.2.28")
    assert (target.cpu, target.os, target.libc, target.glibc) == ("x86_64", "linux", "gnu", (2, 28))
    assert target == "x86_64-linux-gnu.2.28"
    assert {"x86_64-linux-gnu.2.28": 1}[target] == 1
    assert (target.constraint, target.gnu, target.is_musl) == ("glibc_2.28", "x86_64-linux-gnu", False)
    musl = Target("aarch64-linux-musl")
    assert (musl.constraint, musl.gnu, musl.is_musl, musl.glibc) == ("musl", "aarch64-linux-musl", True, None)
    assert Target("x86_64-linux-gnu.02.28") == "x86_64-linux-gnu.2.28"


@pytest.mark.parametrize(
    "text", ["", "x86_64", "x86_64-linux", "x86_64-linux-gnu.2", "x86_64-linux-gnu.2.28.1", "a-b-c-d"]
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a target triple"):
        Target(text)


def test_exec_platforms_are_the_cpus_that_compilers_run_on() -> None:
    assert EXEC_PLATFORMS == ("x86_64-linux", "aarch64-linux")
    assert ExecPlatform("aarch64-linux").cpu == "aarch64"
    assert ExecPlatform("aarch64-linux").musl == Target("aarch64-linux-musl")
