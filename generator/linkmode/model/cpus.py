"""The CPUs that linkmode knows, from cpus.toml. A new CPU is a new row."""

import tomllib
from collections.abc import Callable

import msgspec

from linkmode.model import resources


class Cpu(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A row of cpus.toml, which says what each field is. A name is empty where there is none."""

    name: str
    exec: bool = False
    constraint: str
    buck2: str = ""
    gcc: str = ""
    zig_headers: str = ""
    elf_machine: int
    glibc_loader: str
    musl_loader: str
    page_size: int
    go: str = ""
    rust: str = ""
    ocaml: str = ""
    sbcl: str = ""
    qemu: str = ""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cpu: tuple[Cpu, ...]


def _read() -> dict[str, Cpu]:
    text = resources.beside(__file__, "cpus.toml")
    return {cpu.name: cpu for cpu in msgspec.convert(tomllib.loads(text), _Table).cpu}


CPUS = _read()
"""Every CPU by name, in the table's order."""


def known(has: Callable[[Cpu], object]) -> str:
    """Return the names of the CPUs of which ``has`` holds, as a sentence lists them."""
    names = [cpu.name for cpu in CPUS.values() if has(cpu)]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
