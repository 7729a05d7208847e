"""The CPUs that linkmode knows, from cpus.toml. A new CPU is a new row."""

import tomllib
from collections.abc import Callable, Collection
from typing import Literal

import msgspec

from linkmode.model import resources

_USUAL_GLIBC = (2, 28)


class Cpu(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A row of cpus.toml, which says what each field is. A name is empty where there is none."""

    name: str
    words: tuple[str, ...] = ()
    exec: bool = False
    constraint: str = ""
    buck2: str = ""
    gcc: str = ""
    zig: str = ""
    zig_cpu: str = "baseline"
    zig_headers: str = ""
    zig_musl: str = ""
    clang: str = ""
    clang_flags: tuple[str, ...] = ()
    oldest_glibc: str
    elf: str
    elf_machine: int
    bits: Literal[32, 64]
    endianness: Literal["little", "big"]
    abi: tuple[str, ...] = ()
    glibc_loader: str
    musl_loader: str
    page_size: int
    go: str = ""
    go_settings: dict[str, str] = {}
    rust: str = ""
    rust_arch: str = ""
    ocaml: str = ""
    sbcl: str = ""
    qemu: str = ""
    qemu_options: tuple[str, ...] = ()
    debian: str = ""
    unsupported: dict[str, str] = {}

    @property
    def usual_glibc(self) -> str:
        """The version of glibc that examples and proposals name: 2.28, or the oldest that there is for the CPU."""
        oldest = tuple(map(int, self.oldest_glibc.split(".")))
        return self.oldest_glibc if oldest > _USUAL_GLIBC else ".".join(map(str, _USUAL_GLIBC))

    def gnu(self, libc: str) -> str:
        """Return the triple as GNU's tools write it, which has the ABI in it: ``armv7-linux-gnueabihf``."""
        return self.clang.replace("-unknown-", "-").replace("{libc}", libc) or f"{self.name}-linux-{libc}"

    def refuses(self, what: str) -> str:
        """Return why a family or language does not make programs for this CPU; empty where that is not told."""
        return self.unsupported.get(what, "")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cpu: tuple[Cpu, ...]


def _read() -> dict[str, Cpu]:
    text = resources.beside(__file__, "cpus.toml")
    return {cpu.name: cpu for cpu in msgspec.convert(tomllib.loads(text), _Table).cpu}


CPUS = _read()
"""Every CPU by name, in the table's order."""


def facts(cpu: Cpu, names: Collection[str] = Cpu.__struct_fields__) -> dict[str, str]:
    """Return fields of ``cpu`` as the generated rules have them.

    A list is one text with blanks between its words, a table one of ``key=value``, and the constraint is a label.
    """
    found = {name.replace("_", "-"): _fact(getattr(cpu, name)) for name in names}
    return found | ({"constraint": constraint(cpu)} if "constraint" in names else {})


def _fact(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={value[key]}" for key in value)
    return " ".join(value) if isinstance(value, tuple) else str(value)


def constraint(cpu: Cpu) -> str:
    """Return the label of the CPU as a constraint of Bazel: one of the ``platforms`` or one of the rule library."""
    return f"@platforms//cpu:{cpu.constraint}" if cpu.constraint else f"@linkmode//constraints:cpu_{cpu.name}"


def known(has: Callable[[Cpu], object]) -> str:
    """Return the names of the CPUs of which ``has`` holds, as a sentence lists them."""
    names = [cpu.name for cpu in CPUS.values() if has(cpu)]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
