"""Every class, byte order, machine and ABI: what Python and C say of a file, and what each CPU of ours refuses."""

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from checker import difference
from elf_maker import DYN, EXEC, Elf, interp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkmode.audit.judge import verdict
from linkmode.audit.judge.expectations import Expectations
from linkmode.audit.read import elf, policy
from linkmode.model.cpus import CPUS, Cpu

POLICY = policy.load()
WORDS = sorted({word for row in POLICY.abi for word in row.words})
MASKS = sorted({row.mask for row in POLICY.abi})
LOADERS = sorted({path for one in POLICY.machine for path in (*one.glibc, *one.musl)})
LOADED = st.one_of(st.none(), st.sampled_from(LOADERS), st.just("/lib/ld-nobody.so.1"))
NEEDED = st.lists(st.sampled_from(["libc.so.6", "libc.so", "libz.so.1", "ld.so.1"]), unique=True, max_size=3)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    machine = draw(st.sampled_from(POLICY.machine))
    flags = draw(st.one_of(st.sampled_from([0, *MASKS]), st.integers(0, 2**32 - 1)))
    # mostly what the machine is, and at times a number, a width or an order of another
    path = draw(LOADED)
    return Elf(
        type=draw(st.sampled_from([EXEC, DYN])),
        machine=draw(st.one_of(st.just(machine.e_machine), st.integers(0, 0xFFFF))),
        bits=draw(st.sampled_from([machine.class_, machine.class_, 32, 64])),
        big=draw(st.sampled_from([machine.endianness == "big", machine.endianness == "big", False, True])),
        flags=flags,
        interp=None if path is None else interp(path),
        needed=tuple(draw(NEEDED)),
        soname=draw(st.sampled_from([None, "libx.so"])),
        needs=draw(st.sampled_from([(), (("libc.so.6", ("GLIBC_2.17", "GLIBC_2.4")),)])),
        relro=draw(st.booleans()),
    ).build()


OPTIONS = st.lists(
    st.one_of(
        st.sampled_from(POLICY.machine).map(lambda machine: ("--machine", machine.name)),
        st.sampled_from(WORDS).map(lambda word: ("--abi", word)),
        st.sampled_from(["static", "mostly_static", "dynamic"]).map(lambda mode: ("--expect", mode)),
        st.sampled_from(["musl", "glibc"]).map(lambda libc: ("--libc", libc)),
    ),
    max_size=3,
    unique_by=lambda pair: pair if pair[0] == "--abi" else pair[0],
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(raw=files(), options=OPTIONS)
def test_both_say_the_same_of_any_class_order_machine_and_abi(
    sanitized: Path, tmp_path: Path, raw: bytes, options: list[tuple[str, str]]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(raw)
    assert difference(sanitized, path, tuple(word for pair in options for word in pair)) == ""


def made(cpu: Cpu, **changed: object) -> bytes:
    """Return a static program for ``cpu``, right in all that its row says."""
    flags = 0
    for word in cpu.abi:
        row = next(row for row in POLICY.abi if cpu.elf in row.machines and word in row.words)
        flags |= row.words[word]
    facts = {"machine": cpu.elf_machine, "bits": cpu.bits, "big": cpu.endianness == "big", "flags": flags, **changed}
    return Elf(**facts).build()  # type: ignore[arg-type]


def demanded(cpu: Cpu) -> list[str]:
    return ["--machine", cpu.elf, *(word for abi in cpu.abi for word in ("--abi", abi))]


def said(checker: Path, raw: bytes, options: list[str], folder: Path) -> tuple[int, str]:
    path = folder / "file"
    path.write_bytes(raw)
    assert difference(checker, path, tuple(options)) == ""
    done = subprocess.run([str(checker), *options, str(path)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


ROWS = pytest.mark.parametrize("cpu", CPUS.values(), ids=lambda cpu: cpu.name)


@ROWS
def test_a_program_for_a_cpu_is_right_for_it_and_for_no_other_machine(cpu: Cpu, elfcheck: Path, tmp_path: Path) -> None:
    for mode, changed in {
        "static": {},
        "mostly_static": {"interp": interp(cpu.musl_loader), "needed": ("libc.so",)},
        "dynamic": {"interp": interp(cpu.glibc_loader), "needed": ("libc.so.6", "libz.so.1")},
    }.items():
        raw = made(cpu, **changed)
        assert said(elfcheck, raw, [*demanded(cpu), "--expect", mode], tmp_path) == (0, "")
        for other in CPUS.values():
            if other.elf != cpu.elf:
                code, words = said(elfcheck, raw, demanded(other), tmp_path)
                assert code == 1
                assert f"--machine {other.elf} does not hold" in words


@ROWS
def test_another_width_or_order_is_another_machine(cpu: Cpu, elfcheck: Path, tmp_path: Path) -> None:
    for changed in ({"bits": 96 - cpu.bits}, {"big": cpu.endianness == "little"}):
        code, words = said(elfcheck, made(cpu, **changed), demanded(cpu), tmp_path)
        # what Linux would read in another way is refused; the rest is a file for another machine
        assert (code, "not audited: malformed" in words) in ((3, True), (1, False))


@ROWS
def test_another_abi_is_told_by_e_flags(cpu: Cpu, elfcheck: Path, tmp_path: Path) -> None:
    for word in cpu.abi:
        row = next(row for row in POLICY.abi if cpu.elf in row.machines and word in row.words)
        for other, value in row.words.items():
            if other == word:
                continue
            code, words = said(elfcheck, made(cpu, flags=value), demanded(cpu), tmp_path)
            assert code == 1
            assert f"--abi {word} does not hold\n  expected: the ABI {word}, as e_flags has it" in words
            assert f"  found:    {other}\n" in words


def test_bits_that_tell_nothing_contradict_nothing(elfcheck: Path, tmp_path: Path) -> None:
    # as Go's linker writes it
    raw = made(CPUS["armv7"], flags=0x5000002)
    assert said(elfcheck, raw, demanded(CPUS["armv7"]), tmp_path) == (0, "")
    assert elf.facts(BytesIO(raw), len(raw)).abi == ()


def test_a_machine_whose_header_tells_no_such_abi(elfcheck: Path, tmp_path: Path) -> None:
    code, words = said(elfcheck, made(CPUS["x86_64"]), ["--abi", "hard-float"], tmp_path)
    assert code == 1
    assert "found:    a file for x86_64, whose header tells no such ABI" in words


def test_a_cpu_of_targets_is_its_machine_and_its_abi() -> None:
    raw = made(CPUS["armv7"], flags=0x5000200)
    facts = elf.facts(BytesIO(raw), len(raw))
    wanted = Expectations(machine="arm", abi=("hard-float",))
    [failure] = verdict.check(facts, verdict.judge(facts), wanted)
    assert (failure.check, failure.found) == ("--abi hard-float", "soft-float")
