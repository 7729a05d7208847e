"""Platform tags of wheels: every one that PEP 600 and PEP 656 allow, and the lowest that a library keeps."""

from io import BytesIO

import pytest
from elf_maker import DYN, MUSL_START, Elf
from msgspec.structs import replace

from linkmode.audit.judge import platforms, wheels
from linkmode.audit.judge.resolved import ALONE, Brought, Resolved
from linkmode.audit.judge.verdict import judge
from linkmode.audit.read import elf
from linkmode.audit.read.facts import Facts


def facts(*versions: str, needed: tuple[str, ...] = ("libc.so.6",), machine: int = 62, more: str = "") -> Facts:
    needs = (("libc.so.6", versions),) if versions else ()
    needs += (("libstdc++.so.6", (more,)),) if more else ()
    raw = Elf(type=DYN, needed=needed, needs=needs, machine=machine).build()
    return elf.facts(BytesIO(raw), len(raw))


def keeps(found: Facts, tag: str) -> str:
    platform = wheels.named(tag)
    assert platform is not None
    return platforms.suits(found, platform).answer


@pytest.mark.parametrize(
    ("tag", "version", "answer"),
    [
        ("manylinux1", "GLIBC_2.5", "yes"),
        ("manylinux1", "GLIBC_2.6", "no"),
        ("manylinux2010", "GLIBC_2.12", "yes"),
        ("manylinux2010", "GLIBC_2.13", "no"),
        ("manylinux2014", "GLIBC_2.17", "yes"),
        ("manylinux2014_x86_64", "GLIBC_2.18", "no"),
        ("manylinux2014_aarch64", "GLIBC_2.17", "no"),
        ("manylinux_2_17_x86_64", "GLIBC_2.17", "yes"),
        ("manylinux_2_29", "GLIBC_2.29", "yes"),
        ("manylinux_2_30", "GLIBC_2.31", "no"),
        ("manylinux_2_3", "GLIBC_2.3", "yes"),
        ("manylinux_2_99", "GLIBC_2.60", "yes"),
    ],
)
def test_any_release_of_glibc_is_a_tag(tag: str, version: str, answer: str) -> None:
    assert keeps(facts(version), tag) == answer


@pytest.mark.parametrize("tag", ["manylinux", "manylinux_2", "manylinux_2_17_amd64", "manylinux2015", "musllinux1"])
def test_what_is_no_tag(tag: str) -> None:
    assert wheels.named(tag) is None


def test_other_libraries_are_those_of_the_row_below() -> None:
    assert keeps(facts("GLIBC_2.17", more="GLIBCXX_3.4.24"), "manylinux_2_30") == "yes"
    assert keeps(facts("GLIBC_2.17", more="GLIBCXX_3.4.28"), "manylinux_2_30") == "no"
    assert keeps(facts("GLIBC_2.17", more="CXXABI_TM_1"), "manylinux_2_17") == "yes"
    assert keeps(facts("GLIBC_2.17", more="CXXABI_FLOAT128"), "manylinux_2_17") == "unknown"
    assert keeps(facts("GLIBC_2.17", more="CXXABI_FLOAT128"), "manylinux_2_24") == "yes"


@pytest.mark.parametrize(
    ("found", "lowest"),
    [
        (facts("GLIBC_2.2.5"), "manylinux_2_5_x86_64"),
        (facts("GLIBC_2.14"), "manylinux_2_17_x86_64"),
        (facts("GLIBC_2.17", machine=183), "manylinux_2_17_aarch64"),
        # no installer takes a tag older than the first one of its CPU
        (facts("GLIBC_2.2.5", machine=183), "manylinux_2_17_aarch64"),
        (facts(machine=183), "manylinux_2_17_aarch64"),
        (facts("GLIBC_2.27", machine=243), "manylinux_2_31_riscv64"),
        (facts("GLIBC_2.35", machine=258), "manylinux_2_36_loongarch64"),
        (facts("GLIBC_2.2.5", more="GLIBCXX_3.4.29"), "manylinux_2_34_x86_64"),
        (facts("GLIBC_2.29"), "manylinux_2_31_x86_64"),
        (facts("GLIBC_2.43"), "manylinux_2_43_x86_64"),
        (facts("GLIBC_PRIVATE"), None),
        (facts(needed=("libown.so", "libc.so.6")), None),
        (facts(needed=("libc.so",)), "musllinux_1_1_x86_64"),
        (facts(machine=9999), None),
    ],
)
def test_the_lowest_tag_is_told_without_being_asked(found: Facts, lowest: str | None) -> None:
    assert judge(found).lowest_tag == lowest
    assert lowest is None or keeps(found, lowest) == "yes"


def test_what_the_wheel_brings_itself_is_not_asked_of_the_platform() -> None:
    found = facts("GLIBC_2.17", needed=("libown-1a2b.so.1", "libc.so.6"))
    assert (
        wheels.lowest(found, Resolved((Brought("libown-1a2b.so.1", "own.libs/libown-1a2b.so.1"),)))
        == "manylinux_2_17_x86_64"
    )


STATIC = elf.facts(BytesIO(Elf(code=MUSL_START).build()), len(Elf(code=MUSL_START).build()))
MUSL = facts(needed=("libc.so",))


@pytest.mark.parametrize(
    ("files", "tag", "by"),
    [
        ((facts("GLIBC_2.17"), facts("GLIBC_2.28")), "manylinux_2_28_x86_64", "1"),
        ((facts("GLIBC_2.28"), facts("GLIBC_2.17")), "manylinux_2_28_x86_64", "0"),
        ((STATIC,), "manylinux_2_5_x86_64", "0"),
        ((STATIC, facts("GLIBC_2.17")), "manylinux_2_17_x86_64", "1"),
        ((STATIC, MUSL), "musllinux_1_1_x86_64", "0"),
        ((MUSL, facts("GLIBC_2.17")), None, "1"),
        ((facts("GLIBC_2.17"), facts(needed=("libown.so",))), None, "1"),
    ],
)
def test_a_wheel_keeps_the_highest_of_its_files(files: tuple[Facts, ...], tag: str | None, by: str) -> None:
    kept = wheels.of_wheel({str(at): (one, ALONE) for at, one in enumerate(files)})
    assert kept is not None
    assert (kept.tag, kept.by) == (tag, by)
    assert (kept.reason is None) == (tag is not None)


def test_why_a_wheel_keeps_none() -> None:
    def why(found: Facts) -> str | None:
        kept = wheels.of_wheel({"a.so": (found, ALONE)})
        return kept.reason if kept else "nothing"

    assert why(facts(needed=("libgomp.so.1", "libc.so.6"))) == "is not known to have libgomp.so.1"
    assert why(facts(machine=9999)) == "no tag is for machine 9999"
    assert wheels.of_wheel({}) is None


def taking(*symbols: str, libc: str = "libc.so.6") -> Facts:
    raw = Elf(type=DYN, needed=("libz.so.1", libc)).build()
    found = elf.facts(BytesIO(raw), len(raw), with_contents=True)
    assert found.contents
    return replace(found, contents=replace(found.contents, private_symbols=symbols))


@pytest.mark.parametrize(
    ("symbol", "tag", "answer"),
    [
        ("inflate_fast", "manylinux_2_28", "no"),
        ("inflate_fast", "manylinux_2_41", "no"),
        ("uncompress2", "manylinux_2_31", "no"),
        ("uncompress2", "manylinux_2_34", "yes"),
        ("crc32_combine_gen", "manylinux2014", "no"),
        ("crc32_combine_gen", "manylinux_2_39", "yes"),
    ],
)
def test_what_a_library_keeps_to_itself_is_no_part_of_a_platform(symbol: str, tag: str, answer: str) -> None:
    assert keeps(taking(symbol), tag) == answer
    assert keeps(taking(), tag) == "yes"


def test_private_symbols_of_a_grafted_library_are_its_own() -> None:
    platform = wheels.named("manylinux_2_28")
    assert platform
    brought = Resolved((Brought("libz.so.1", "own.libs/libz.so.1"),))
    assert platforms.suits(taking("inflate_fast"), platform, brought).answer == "yes"
    assert platforms.suits(taking("inflate_fast"), platforms.load()["debian-12"]).answer == "yes"
