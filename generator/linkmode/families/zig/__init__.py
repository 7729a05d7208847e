"""Zig: one archive for each exec platform compiles C and C++ for every target."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from linkmode.families.zig.recognise import RECOGNISER
from linkmode.model.components import Layout, Lines, first_two, releases
from linkmode.model.cpus import CPUS, known
from linkmode.model.values import ExecPlatform, Pin, Target

if TYPE_CHECKING:
    from linkmode.families.compiler import Compiler


_COMMANDS = {"ar": "ar", "ld": "ld.lld"} | {name: name for name in ("gcov", "nm", "objcopy", "objdump", "strip")}
_LAUNCHERS = {
    **{f"tools/{name}": f"programs/{program}" for name, program in _COMMANDS.items()},
    **{f"tools/{name}-{{target}}": f"cc-{{target}}_driver/{name}" for name in ("cc", "cpp")},
}
"""Zig has its tools as commands of one program, which Bazel builds a program a command for."""


class Zig:
    """Which targets are possible depends on the version alone, not on the archive."""

    name = "zig"
    also_called = ("ziglang", "clang", "llvm")
    folder = "zig"
    layouts: Mapping[str, Layout] = {"zig": Layout("zig_archive.bzl", "zig_archive", launchers=_LAUNCHERS)}
    lines: Lines = releases(__name__)
    cpu_facts: tuple[str, ...] = (
        *("clang", "clang_flags", "glibc_loader", "musl_loader"),
        *("zig", "zig_cpu", "zig_headers", "zig_musl"),
    )
    recogniser = RECOGNISER
    brings_libc = False
    suggested_libcs = ("musl", "gnu.2.28")
    facts: tuple[str, ...] = ()  # a release of Zig is what its version says
    parts: tuple[str, ...] = ("c++",)  # all else is one program
    needed_by: Mapping[str, tuple[str, str]] = {
        "rust": ("c++", "Rust links libunwind, which zig has among the libraries of C++")
    }

    def compiler(self) -> "Compiler":
        """Return what `exec` must know, which is imported for it alone."""
        from linkmode.families.zig.compiler import ZigCompiler

        return ZigCompiler()

    def line(self, version: str) -> str:
        """Return the first two numbers."""
        return first_two(version)

    def refuses(self, target: Target, version: str = "") -> str:
        """Refuse unknown lines of Zig, CPUs that are not tested, glibc without a version, glibc newer than Zig's."""
        if version and self.line(version) not in self.lines:
            lines = list(self.lines)
            return f"linkmode knows how to build with Zig {lines[0]} to {lines[-1]}, not with {version}"
        cpu = CPUS.get(target.cpu)
        if target.os != "linux" or not cpu or not cpu.zig:
            cpus = known(lambda cpu: cpu.zig)
            return (cpu and cpu.refuses(self.name)) or f"linkmode makes Linux binaries for {cpus} with Zig"
        if target.libc == "musl" and not target.glibc:
            return ""
        oldest = _numbers(cpu.oldest_glibc)
        if target.libc != "gnu":
            return f"Zig makes {target.cpu}-linux-musl and {target.cpu}-linux-gnu.<version>, not {target.libc}"
        if not target.glibc:
            return f"name the oldest glibc that the binary must run with, such as {target}.{cpu.usual_glibc}"
        if target.glibc < oldest:
            return f"for {target.cpu}, linkmode makes programs for glibc {cpu.oldest_glibc} and newer"
        lines_asked = [self.lines[self.line(version)]] if version else self.lines.values()
        newest = max(_numbers(line["newest-glibc"]) for line in lines_asked)
        if target.glibc > newest:
            which = f"Zig {version} knows" if version else "the newest Zig that is known here knows"
            return f"{which} glibc up to {_dotted(newest)}"
        return ""

    def pins_for(self, pins: Sequence[Pin], exec_platform: ExecPlatform, target: Target) -> tuple[Pin, ...]:
        """Keep the catalogue's order: its pins name no targets, and any of them makes all."""
        return tuple(pin for pin in pins if pin.exec == exec_platform and not self.refuses(target, pin.version))

    def unwanted(self, target: Target, without: Sequence[str]) -> tuple[str, ...]:
        """Return nothing: what a toolchain does without lies in folders that are inputs by themselves."""
        del target, without
        return ()


def _numbers(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


FAMILY = Zig()
