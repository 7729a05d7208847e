import pytest

from linkmode.families import FAMILIES
from linkmode.families.musl_cc import MuslCc
from linkmode.families.zig import Zig, runtime
from linkmode.model.components import releases
from linkmode.model.cpus import CPUS, Cpu, facts
from linkmode.model.rule_tables import tables
from linkmode.model.values import ExecPlatform, Pin, Target

X86, ARM = ExecPlatform("x86_64-linux"), ExecPlatform("aarch64-linux")


def pin(file: str, exec_platform: str, *targets: str, layout: str = "", version: str = "1") -> Pin:
    return Pin(
        family="f",
        version=version,
        file=file,
        urls=(f"https://example.com/{file}",),
        sha256="0" * 64,
        exec=exec_platform,
        targets=targets,
        layout=layout,
    )


def files(pins: tuple[Pin, ...]) -> list[str]:
    return [found.file for found in pins]


def test_the_registry_goes_by_name_and_suggests_what_it_can_make() -> None:
    assert list(FAMILIES) == ["musl.cc", "zig"]
    for name, family in FAMILIES.items():
        assert family.name == name
        for cpu in ("x86_64", "aarch64"):
            assert {family.refuses(Target(f"{cpu}-linux-{libc}")) for libc in family.suggested_libcs} == {""}


def test_musl_cc_prefers_cross_and_takes_native_where_there_is_no_cross() -> None:
    pins = [
        pin("native", X86, "x86_64-linux-musl", layout="native"),
        pin("cross", X86, "x86_64-linux-musl", layout="cross"),
        pin("arm", ARM, "aarch64-linux-musl", layout="native"),
    ]
    assert files(MuslCc().pins_for(pins, X86, Target("x86_64-linux-musl"))) == ["cross", "native"]
    assert files(MuslCc().pins_for(pins, ARM, Target("aarch64-linux-musl"))) == ["arm"]
    assert files(MuslCc().pins_for(pins, ARM, Target("x86_64-linux-musl"))) == []


@pytest.mark.parametrize("target", ["x86_64-linux-gnu", "x86_64-linux-gnu.2.28", "x86_64-windows-gnu"])
def test_musl_cc_refuses_all_but_musl(target: str) -> None:
    assert "with musl only" in MuslCc().refuses(Target(target))


@pytest.mark.parametrize("target", ["armv7l-linux-musleabihf", "x86_64-linux-muslx32", "sparc64-linux-musl"])
def test_musl_cc_refuses_targets_that_the_rules_do_not_know(target: str) -> None:
    assert "s390x and mips64el with musl.cc's GCC" in MuslCc().refuses(Target(target))


def test_musl_cc_says_why_it_has_no_compiler_for_a_cpu() -> None:
    assert "its GCC 11 is older than that CPU" in MuslCc().refuses(Target("loongarch64-linux-musl"))


@pytest.mark.parametrize("cpu", [cpu for cpu in CPUS.values() if cpu.gcc], ids=lambda cpu: cpu.name)
def test_musl_cc_makes_what_a_pin_of_gccs_own_triple_makes(cpu: Cpu) -> None:
    target = Target(f"{cpu.name}-linux-musl")
    assert MuslCc().refuses(target) == ""
    pins = [pin("other", X86, "sh4-linux-musl", layout="cross"), pin("fits", X86, cpu.gcc, layout="cross")]
    assert files(MuslCc().pins_for(pins, X86, target)) == ["fits"]


@pytest.mark.parametrize(
    ("version", "newest"),
    [("0.14.1", 41), ("0.15.2", 42), ("0.16.0", 43), ("0.17.1", 44)],
)
def test_zig_knows_glibc_from_2_17_to_the_newest_of_its_line(version: str, newest: int) -> None:
    zig = Zig()
    for minor, possible in {16: False, 17: True, newest: True, newest + 1: False}.items():
        assert (zig.refuses(Target(f"aarch64-linux-gnu.2.{minor}"), version) == "") is possible
    assert zig.refuses(Target("x86_64-linux-gnu.2.99"), version) == f"Zig {version} knows glibc up to 2.{newest}"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("i386-linux-musl", "loongarch64 and mips64el with Zig"),
        ("riscv64-linux-gnu.2.26", "for riscv64, linkmode makes programs for glibc 2.27 and newer"),
        ("loongarch64-linux-gnu.2.35", "for loongarch64, linkmode makes programs for glibc 2.36 and newer"),
        ("loongarch64-linux-gnu", "such as loongarch64-linux-gnu.2.36"),
        ("armv7-linux-gnu.2.16", "glibc 2.17 and newer"),
        ("armv7-linux-gnueabihf.2.28", "not gnueabihf"),
        ("x86_64-windows-gnu", "Linux binaries"),
        ("x86_64-linux-gnu", "name the oldest glibc"),
        ("x86_64-linux-gnux32", "not gnux32"),
        ("x86_64-linux-muslx32", "not muslx32"),
        ("x86_64-linux-musl.1.2", "not musl"),
    ],
)
def test_zig_refuses_with_a_reason(target: str, reason: str) -> None:
    assert reason in Zig().refuses(Target(target))


@pytest.mark.parametrize("version", ["0.13.0", "0.18.0", "1.0.0"])
def test_zig_refuses_lines_that_the_rules_do_not_know(version: str) -> None:
    reason = Zig().refuses(Target("x86_64-linux-musl"), version)
    assert reason == f"linkmode knows how to build with Zig 0.14 to 0.17, not with {version}"


def test_zig_makes_a_target_with_every_line_of_its_table() -> None:
    assert list(Zig().lines) == ["0.14", "0.15", "0.16", "0.17"]
    for line in Zig().lines:
        assert Zig().refuses(Target("x86_64-linux-musl"), f"{line}.0") == ""


def test_zig_takes_any_archive_of_the_exec_platform_that_is_new_enough() -> None:
    pins = [
        pin("old", X86, version="0.14.1"),
        pin("unknown", X86, version="0.13.0"),
        pin("new", X86, version="0.15.2"),
        pin("arm", ARM, version="0.15.2"),
    ]
    assert files(Zig().pins_for(pins, X86, Target("x86_64-linux-gnu.2.42"))) == ["new"]
    assert files(Zig().pins_for(pins, ARM, Target("x86_64-linux-musl"))) == ["arm"]


GONE = {"libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"}


@pytest.mark.parametrize(
    ("glibc", "gone"),
    [("x86_64-linux-gnu.2.33", False), ("x86_64-linux-gnu.2.34", True), ("loongarch64-linux-gnu.2.36", True)],
)
def test_zig_has_no_libraries_that_glibc_2_34_took_into_libc(glibc: str, gone: bool) -> None:
    target = Target(glibc)
    tables_of_zig = tables("families/zig/zig_tables.bzl", {})
    files = {file for _, names in runtime.wanted("0.15.2", target, has_cxx=False).c for file in names}
    linked = " ".join(
        tables_of_zig["zig_flags"](facts(CPUS[target.cpu]), releases("linkmode.families.zig")["0.15"], target, [])[
            "dynamic_libraries"
        ]
    )
    assert {"libc.so.6", "libm.so.6"} <= files
    for name in GONE:
        assert (name in files) is not gone
        assert (name in linked) is not gone
