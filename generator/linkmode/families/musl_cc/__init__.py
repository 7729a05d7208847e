"""GCC and musl in musl.cc's layout: one archive for each target, a cross or a native compiler."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from linkmode.families.musl_cc.recognise import RECOGNISER
from linkmode.model.components import NO_LINES, Layout
from linkmode.model.cpus import CPUS, known
from linkmode.model.values import ExecPlatform, Pin, Target

if TYPE_CHECKING:
    from linkmode.families.compiler import Compiler

_LAYOUTS = ("cross", "native")


class MuslCc:
    """What a musl.cc archive makes is what its pin says, by GCC's triple, which for some CPUs is not linkmode's."""

    name = "musl.cc"
    also_called = ("gcc", "musl", "musl-gcc")
    folder = "gcc"
    # usr is a link to the archive's own root
    layouts = dict.fromkeys(_LAYOUTS, Layout("gcc_archive.bzl", "gcc_archive", ("usr",)))
    lines = NO_LINES
    cpu_facts: tuple[str, ...] = ("gcc",)
    recogniser = RECOGNISER
    brings_libc = True
    suggested_libcs = ("musl",)
    facts = ("gcc",)  # the name of a folder in the archive: lib/gcc/<target>/<gcc>
    parts = ("c++", "lto")
    needed_by: Mapping[str, tuple[str, str]] = {}

    def compiler(self) -> "Compiler":
        """Return what `exec` must know, which is imported for it alone."""
        from linkmode.families.musl_cc.compiler import MuslCcCompiler

        return MuslCcCompiler()

    def line(self, version: str) -> str:
        """Return nothing: the rules know every release alike."""
        del version
        return ""

    def refuses(self, target: Target, version: str = "") -> str:
        """Refuse every libc but musl, as these archives hold no other, and CPUs that are not known here or there."""
        del version  # every version is the same in this
        if target.os != "linux" or not target.is_musl:
            return "musl.cc's compilers make Linux binaries with musl only; family 'zig' makes glibc targets"
        cpu = CPUS.get(target.cpu)
        if not cpu or not cpu.gcc or target.libc != "musl":
            known_cpus = known(lambda cpu: cpu.gcc)
            return (cpu and cpu.refuses(self.name)) or f"linkmode makes binaries for {known_cpus} with musl.cc's GCC"
        return ""

    def pins_for(self, pins: Sequence[Pin], exec_platform: ExecPlatform, target: Target) -> tuple[Pin, ...]:
        """Prefer a cross compiler, which is smaller and statically linked, to a native one."""
        fitting = [pin for pin in pins if pin.exec == exec_platform and CPUS[target.cpu].gcc in pin.targets]
        return tuple(sorted(fitting, key=lambda pin: _LAYOUTS.index(pin.layout)))

    def unwanted(self, target: Target, without: Sequence[str]) -> tuple[str, ...]:
        """Return the headers of C++, in either layout: a folder of headers is one input, with all that is in it."""
        gcc = CPUS[target.cpu].gcc
        return ("include/c++", f"{gcc}/include/c++") if "c++" in without else ()


FAMILY = MuslCc()
