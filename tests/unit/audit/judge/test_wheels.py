"""Platform tags of wheels: every one that PEP 600 and PEP 656 allow, and the lowest that a library keeps."""

from io import BytesIO

import pytest
from elf_maker import DYN, Elf

from linkmode.audit.judge import platforms, wheels
from linkmode.audit.judge.resolved import Brought, Resolved
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
