"""Every target of generator/linkmode/model/cpus.toml: the programs of c_zlib and cpp_zig, in every mode.

Zig carries all of them: GCC's archives for most of these CPUs cannot be fetched here.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import cases, readelf, roots, sandbox, workspace
from harness.bazel import Bazel
from harness.cases import Case, LinkMode
from harness.places import EXAMPLES, STORE, WORK
from harness.shared import MissingToolchainsError
from linkmode.model.cpus import CPUS, Cpu
from linkmode.model.target import Target

NAME = "cpus"
PROGRAMS: dict[str, Case] = {"pack": cases.CASES["c_zlib"], "census": cases.CASES["cpp_zig"]}
"""Each program, and the example whose sources and output it has."""

_LOADS = """\
load("@linkmode//:defs.bzl", "link_mode_binary")
load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
"""
_BUILD = {
    "pack": f"""{_LOADS}
cc_binary(
    name = "pack",
    srcs = ["pack.c"],
    tags = ["manual"],
    deps = ["@linkmode//lib:zlib"],
)
""",
    "census": f"""{_LOADS}
cc_library(
    name = "tally",
    srcs = ["tally.cc"],
    hdrs = ["tally.h"],
    tags = ["manual"],
)

cc_binary(
    name = "census",
    srcs = ["census.cc"],
    linkopts = ["-ldl", "-lm", "-lpthread"],
    tags = ["manual"],
    deps = [":tally"],
)
""",
}
_BINARY = """
link_mode_binary(
    name = "{name}",
    binary = ":{program}",
    link_mode = "{mode}",
    platform = "@linkmode//platforms:{target}",
    static_pie = {static_pie},
)
"""


@dataclass(frozen=True)
class Built:
    """One program for one target, linked in one way: a link mode, or ``static_pie``."""

    program: str
    target: Target
    way: str

    @property
    def name(self) -> str:
        return f"{self.program}_{self.target}_{self.way}"

    @property
    def mode(self) -> LinkMode:
        modes: dict[str, LinkMode] = {"mostly_static": "mostly_static", "dynamic": "dynamic"}
        return modes.get(self.way, "static")

    @property
    def cpu(self) -> Cpu:
        return CPUS[self.target.cpu]

    @property
    def interpreter(self) -> str | None:
        if self.mode == "static":
            return None
        return self.cpu.musl_loader if self.target.is_musl else self.cpu.glibc_loader


def targets(cpus: tuple[str, ...], libc: str | None = None) -> tuple[Target, ...]:
    """Return for each CPU musl, and the oldest glibc that linkmode makes programs for there; or one of the libcs."""
    musl = [Target(f"{cpu}-linux-musl") for cpu in cpus]
    glibc = [Target(f"{cpu}-linux-gnu.{CPUS[cpu].oldest_glibc}") for cpu in cpus]
    return (*(musl if libc != "glibc" else ()), *(glibc if libc != "musl" else ()))


WAYS = ("static", "static_pie", "mostly_static", "dynamic")


def built(program: str, of: tuple[Target, ...], ways: tuple[str, ...] = WAYS) -> Iterator[Built]:
    """Yield what is built of a program for these targets, in the order of the table."""
    for target in of:
        for way in ways:
            if target.is_musl or way in ("mostly_static", "dynamic"):
                yield Built(program, target, way)


_HOST = Target("x86_64-linux-musl")


def _toolchain(of: tuple[Target, ...], *, has_cxx: bool) -> str:
    listed = ", ".join(f'"{target}"' for target in of)
    without = "" if has_cxx else 'without = ["c++"]\n'
    return f'\n[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = [{listed}]\n{without}'


def prepare(program: str, of: tuple[Target, ...], bazel: str) -> Path:
    """Return a workspace that builds ``program`` for these targets in every way: locked, fetched, generated.

    For a program in C the toolchains do without C++, whose libraries take Zig minutes for each target.
    """
    case = PROGRAMS[program]
    place = WORK / "e2e" / bazel / f"{NAME}_{program}"
    shutil.rmtree(place, ignore_errors=True)
    left = shutil.ignore_patterns("aarch64", "toolchains", "third_party", "linkmode.*", "BUCK", "PACKAGE", "bazel-*")
    shutil.copytree(EXAMPLES / case.name, place, ignore=left)
    toolchains = [_toolchain(of, has_cxx=program == "census")]
    if _HOST not in of:  # which the check is compiled for, a program in C
        toolchains.append(_toolchain((_HOST,), has_cxx=False))
    head = 'output = "third_party/linkmode"\nexec-platforms = ["x86_64-linux"]\n'
    (place / "linkmode.toml").write_text(
        "".join((head, *toolchains, '\n[library]\nzlib = "~=1.3.1"\n')), encoding="utf-8"
    )
    rules = (
        _BINARY.format(
            name=one.name, program=program, mode=one.mode, target=one.target, static_pie=one.way == "static_pie"
        )
        for one in built(program, of)
    )
    (place / "BUILD.bazel").write_text("".join((_BUILD[program], *rules)), encoding="utf-8")
    workspace.linkmode(place, "lock", "--source=zig=pypi", "--source=zlib=pypi")
    workspace.linkmode(place, "fetch", f"--store={STORE}")
    workspace.linkmode(place, "generate")
    return place


@dataclass(frozen=True)
class Row:
    """What came of one program. ``ran`` says under what, or why it did not; ``wrong`` what should not be."""

    one: Built
    built: str
    ran: str
    size: str
    wrong: str = ""


def rows(program: str, of: tuple[Target, ...], builder: Bazel, ways: tuple[str, ...] = WAYS) -> list[Row]:
    """Build, audit and run ``program`` for these targets in every way. Everything is tried, whatever fails before."""
    place = prepare(program, of, builder.name)
    found = []
    try:
        for target in of:
            ones = list(built(program, (target,), ways))
            done = builder.run(place, "build", "--keep_going", *(f"//:{one.name}" for one in ones), check=False)
            found += [_row(place, one, done.stderr) for one in ones]
    finally:
        builder.run(place, "shutdown", check=False)
    return found


def _row(place: Path, one: Built, said: str) -> Row:
    path = place / "bazel-bin" / one.name
    if not path.exists():
        return Row(one, "no", "-", "-", said[-2000:])
    size = f"{path.stat().st_size / 1024:.0f} KiB"
    try:
        check(place, one)
        return Row(one, "yes", _run(place, one), size)
    except AssertionError as error:
        return Row(one, "yes", "-", size, str(error))


def check(place: Path, one: Built) -> None:
    """Hold a program to its mode, machine, ABI and page size, by linkmode and by readelf. Raises AssertionError."""
    path = place / "bazel-bin" / one.name
    limit = ("--max-glibc", one.cpu.oldest_glibc) if one.target.glibc else ()
    demanded = ("--machine", one.cpu.elf, *(word for abi in one.cpu.abi for word in ("--abi", abi)))
    workspace.linkmode(place, "audit", "--expect", one.mode, *demanded, *limit, str(path))
    elf = readelf.read(path)
    header, flags = READELF[one.cpu.elf]
    assert elf.machine == header, elf
    assert flags in elf.flags, elf
    assert elf.bits == one.cpu.bits, elf
    assert elf.interpreter == one.interpreter, elf
    assert elf.is_pie == (one.way != "static"), elf
    assert elf.align % one.cpu.page_size == 0, elf


READELF = {
    "x86_64": ("Advanced Micro Devices X86-64", ""),
    "aarch64": ("AArch64", ""),
    "arm": ("ARM", "Version5 EABI, hard-float ABI"),
    "i386": ("Intel 80386", ""),
    "riscv64": ("RISC-V", "double-float ABI"),
    "powerpc64le": ("PowerPC64", "abiv2"),
    "s390x": ("IBM S/390", ""),
    "loongarch64": ("LoongArch", "DOUBLE-FLOAT"),
    "mips64el": ("MIPS R3000", "mips64r2"),
}
"""What readelf calls a machine, and what it has to say of its e_flags."""


def _run(place: Path, one: Built) -> str:
    """Run a program where only what it may have is; return under what. Raises AssertionError when it is wrong."""
    try:
        libc = {} if one.mode == "static" else roots.libc(one.target)
    except MissingToolchainsError as error:
        return f"not run: {error}"
    case, path = PROGRAMS[one.program], place / "bazel-bin" / one.name
    files = {f"/{file}": place / file for file in case.files} | libc
    # a dynamic program finds the libraries of its build beside itself
    files |= {f"/{one.name}.libs/{file.name}": file for file in Path(f"{path}.libs").glob("*")}
    native = one.target.cpu == "x86_64"
    emulator = None if native else sandbox.qemu(one.cpu.qemu)
    printed = sandbox.run_alone(path, files, emulator=emulator, options=one.cpu.qemu_options, name=one.name)
    assert re.fullmatch(case.prints, printed), printed
    return "this machine" if native else " ".join((f"qemu-{one.cpu.qemu}", *one.cpu.qemu_options))


def table(found: Sequence[Row]) -> str:
    """Return the rows as a table of Markdown, and below it what is wrong."""
    cells = [("target", "mode", "built", "ran under", "size")]
    cells += [(row.one.target, row.one.way, row.built, row.ran, row.size) for row in found]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "|" + "---|" * len(cells[0]))
    return "\n".join([*lines, *(f"\n{row.one.name}: {row.wrong}" for row in found if row.wrong)])
