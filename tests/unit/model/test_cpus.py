"""One row a CPU: what it says, and that what else knows CPUs says the same."""

import pytest

from linkmode.audit.read import policy
from linkmode.catalog import pins as catalogs
from linkmode.families import FAMILIES
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.cpus import CPUS, Cpu, constraint, facts, known
from linkmode.model.target import EXEC_PLATFORMS, ExecPlatform, Target, meant

ROWS = pytest.mark.parametrize("cpu", CPUS.values(), ids=lambda cpu: cpu.name)


def libcs(cpu: Cpu) -> tuple[Target, Target]:
    return Target(f"{cpu.name}-linux-musl"), Target(f"{cpu.name}-linux-gnu.{cpu.oldest_glibc}")


def test_the_cpus_that_there_are() -> None:
    assert list(CPUS) == [
        *("x86_64", "aarch64", "armv7", "armv6", "i686"),
        *("riscv64", "powerpc64le", "s390x", "loongarch64", "mips64el"),
    ]


@ROWS
def test_the_audit_knows_the_machine_its_loaders_and_its_abi(cpu: Cpu) -> None:
    machine = policy.load().find_machine(cpu.elf_machine, cpu.bits, cpu.endianness)
    assert machine is not None
    assert machine.name == cpu.elf
    # the first is where base images have it
    assert cpu.glibc_loader == machine.glibc[0]
    assert cpu.musl_loader == machine.musl[0]
    groups = [policy.load().alternatives(cpu.elf, word) for word in cpu.abi]
    assert all(groups)
    assert len(set(groups)) == len(groups), "two words that no file has both"


@ROWS
def test_zig_makes_musl_and_the_oldest_glibc_and_no_older(cpu: Cpu) -> None:
    zig = FAMILIES["zig"]
    assert [zig.refuses(target) for target in libcs(cpu)] == ["", ""]
    major, _, minor = cpu.oldest_glibc.partition(".")
    assert "and newer" in zig.refuses(Target(f"{cpu.name}-linux-gnu.{major}.{int(minor) - 1}"))


@ROWS
def test_a_triple_of_another_tool_is_a_target_of_ours(cpu: Cpu) -> None:
    def possible(target: Target) -> bool:
        return not FAMILIES["zig"].refuses(target)

    if cpu.name != "armv6":  # which Rust and Zig call arm
        assert meant(cpu.rust.replace("{libc}", "musl"), possible) == f"{cpu.name}-linux-musl"
        assert meant(cpu.zig.replace("{libc}", "musl"), possible) == f"{cpu.name}-linux-musl"
    for text in filter(None, (cpu.gcc, cpu.clang.replace("{libc}", "musl"))):
        assert meant(text, possible) == f"{cpu.name}-linux-musl"
    assert meant(cpu.clang.replace("{libc}", "gnu"), possible) == f"{cpu.name}-linux-gnu.{cpu.usual_glibc}"


@ROWS
def test_what_there_is_no_name_for_has_a_reason(cpu: Cpu) -> None:
    names = {"musl.cc": cpu.gcc, "zig": cpu.zig, "go": cpu.go, "rust": cpu.rust, "ocaml": cpu.ocaml}
    assert set(cpu.unsupported) == {name for name, there in names.items() if not there}
    assert all(why and not why.endswith(".") for why in cpu.unsupported.values())


@ROWS
def test_the_triple_of_gnus_tools_has_the_abi(cpu: Cpu) -> None:
    musl, glibc = libcs(cpu)
    assert musl.gnu == cpu.clang.replace("-unknown", "").replace("{libc}", "musl")
    assert glibc.gnu == cpu.clang.replace("-unknown", "").replace("{libc}", "gnu")


def test_what_gnus_tools_call_targets() -> None:
    assert Target("armv7-linux-musl").gnu == "armv7-linux-musleabihf"
    assert Target("mips64el-linux-gnu.2.17").gnu == "mips64el-linux-gnuabi64"
    assert Target("sparc64-linux-gnu.2.17").gnu == "sparc64-linux-gnu"


@ROWS
def test_the_facts_of_the_rules_are_texts(cpu: Cpu) -> None:
    found = facts(cpu)
    assert all(isinstance(text, str) for text in found.values())
    assert found["constraint"] == constraint(cpu)
    assert facts(cpu, ["elf", "abi"]) == {"elf": cpu.elf, "abi": " ".join(cpu.abi)}


def test_a_cpu_without_a_constraint_of_bazels_has_one_of_ours() -> None:
    assert constraint(CPUS["armv7"]) == "@platforms//cpu:armv7"
    assert constraint(CPUS["armv6"]) == "@linkmode//constraints:cpu_armv6"
    assert facts(CPUS["armv6"])["go-settings"] == "GOARM=6"


def test_no_name_is_given_twice() -> None:
    rows = list(CPUS.values())
    for names in (
        [constraint(cpu) for cpu in rows],
        [cpu.buck2 for cpu in rows if cpu.buck2],
        [cpu.gcc for cpu in rows if cpu.gcc],
        [(cpu.zig, cpu.zig_cpu) for cpu in rows],
        [cpu.clang for cpu in rows],
        [(cpu.go, *cpu.go_settings.items()) for cpu in rows],
        [cpu.rust for cpu in rows],
        [word for cpu in rows for word in cpu.words],
    ):
        assert len(set(names)) == len(names)


def test_a_pin_of_the_catalogue_is_there_for_each_triple_of_gcc() -> None:
    pins = catalogs.load(resources.catalogue()).families["musl.cc"].pins
    crossed = {triple for pin in pins if pin.exec == "x86_64-linux" for triple in pin.targets}
    assert {cpu.gcc for cpu in CPUS.values() if cpu.gcc} <= crossed
    assert not {triple for triple in crossed if triple.startswith("loong")}


def test_cpus_as_a_sentence_lists_them() -> None:
    assert known(lambda cpu: cpu.exec) == "x86_64 and aarch64"
    assert known(lambda cpu: cpu.name == "s390x") == "s390x"


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
