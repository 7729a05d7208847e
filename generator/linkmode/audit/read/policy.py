"""Reads policy.toml: libcs and machines as frozen values."""

import functools
import tomllib
from collections.abc import Callable
from typing import Literal

import msgspec

from linkmode.model import resources

Libc = Literal["glibc", "musl", "other", "none", "unknown"]
KnownLibc = Literal["glibc", "musl"]
Endianness = Literal["little", "big"]


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One ELF machine: its number, width and byte order, where each libc has its loader, and how musl starts."""

    name: str
    e_machine: int
    class_: int = msgspec.field(name="class")
    endianness: Endianness
    glibc: tuple[str, ...]
    musl: tuple[str, ...]
    musl_start: str = ""
    ignores_class: bool = False
    irelative: int | None = None
    multiarch: str = ""

    def loaders(self, libc: KnownLibc) -> tuple[str, ...]:
        """Return the paths at which ``libc``'s ABI has its loader on this machine."""
        return self.glibc if libc == "glibc" else self.musl

    @property
    def start_bytes(self) -> tuple[int | None, ...]:
        """The bytes of musl's ``_start``; None stands for any byte."""
        digits = self.musl_start.replace(" ", "")
        pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
        return tuple(None if pair == ".." else int(pair, 16) for pair in pairs)


class Abi(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some bits of e_flags say of a calling convention: a word for each value that they may have."""

    machines: tuple[str, ...]
    mask: int
    words: dict[str, int]


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts that one libc leaves among a static program's bytes: all of them are proof, one of them is a hint."""

    libc: KnownLibc
    texts: tuple[str, ...]


class System(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A system whose files are ELF files too; policy.toml describes the keys."""

    name: str
    loaders: tuple[str, ...]
    sonames: tuple[str, ...]
    os_abi: int | None = None
    owner: str | None = None
    tag: int | None = None


class NotElf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first bytes, in hexadecimal, of a kind of file that is often mistaken for a program."""

    magic: str
    words: str

    @property
    def bytes(self) -> bytes:
        """The first bytes themselves."""
        return bytes.fromhex(self.magic)


class Behind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may lie behind an ELF file, by its first bytes in hexadecimal, and the command that opens it."""

    magic: str
    words: str
    opens: str

    @property
    def bytes(self) -> bytes:
        """The first bytes themselves."""
        return bytes.fromhex(self.magic)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", dict=True):
    """policy.toml, checked on reading."""

    family: dict[KnownLibc, tuple[str, ...]]
    glibc_version: dict[str, str]
    mark: tuple[Mark, ...]
    system: tuple[System, ...]
    not_elf: tuple[NotElf, ...]
    behind: tuple[Behind, ...]
    machine: tuple[Machine, ...]
    abi: tuple[Abi, ...]

    @functools.cached_property
    def abis(self) -> Callable[[str, int], tuple[str, ...]]:
        """The words for what e_flags says of the ABI on a machine, in the table's order."""
        return functools.lru_cache(maxsize=1024)(self._abis)

    def _abis(self, machine: str, flags: int) -> tuple[str, ...]:
        return tuple(
            word
            for row in self.abi
            if machine in row.machines
            for word, value in row.words.items()
            if flags & row.mask == value
        )

    def alternatives(self, machine: str, word: str) -> tuple[str, ...]:
        """Return the words of which a file for ``machine`` has at most one, ``word`` among them; empty: none of its."""
        rows = (row for row in self.abi if machine in row.machines and word in row.words)
        return next((tuple(row.words) for row in rows), ())

    def find_machine(self, e_machine: int, bits: int, endianness: Endianness) -> Machine | None:
        """Return the machine that an ELF header names, or None when the policy does not know it."""
        return self._by_header.get((e_machine, bits, endianness))

    @functools.cached_property
    def _by_header(self) -> dict[tuple[int, int, Endianness], Machine]:
        return {(one.e_machine, one.class_, one.endianness): one for one in reversed(self.machine)}

    @functools.cached_property
    def linux_reads(self) -> Callable[[bytes, bytes, bytes], Machine | None]:
        """The machine for which Linux takes a header whose first bytes it does not ask.

        It goes by e_machine and by e_phentsize, which lies elsewhere in a 32-bit header (the second argument) than in a
        64-bit one (the third).
        """
        return functools.lru_cache(maxsize=1024)(self._linux_reads)

    def _linux_reads(self, machine: bytes, entry_32: bytes, entry_64: bytes) -> Machine | None:
        for one in self.machine:
            raw, size = (entry_64, 56) if one.class_ == 64 else (entry_32, 32)
            is_machine = one.ignores_class and int.from_bytes(machine, one.endianness) == one.e_machine
            if is_machine and int.from_bytes(raw, one.endianness) == size:
                return one
        return None

    @functools.cached_property
    def machine_named(self) -> Callable[[str], Machine | None]:
        """Return the machine of a name, or None."""
        return {one.name: one for one in self.machine}.get

    @functools.cached_property
    def loader_names(self) -> dict[str, KnownLibc]:
        """File names of loaders of every machine, to the libc whose loader it is."""
        libcs: tuple[KnownLibc, ...] = ("glibc", "musl")
        return {
            path.rpartition("/")[2]: libc
            for machine in self.machine
            for libc in libcs
            for path in machine.loaders(libc)
        }

    def interpreter_owner(self, path: str, machine: Machine | None) -> KnownLibc | None:
        """Return the libc whose loader is at ``path``: told by its file name, which may have been moved to a store.

        ``ld.so.1`` is a name that other systems have as well, so that it counts on the machines of glibc's only.
        """
        name = path.rpartition("/")[2]
        if name != _GENERIC:
            return self.loader_names.get(name)
        if machine and any(one.rpartition("/")[2] == _GENERIC for one in machine.glibc):
            return "glibc"
        return None

    def glibc_version_name(self, version: str) -> str:
        """Return ``version`` with a number: a glibc name without one as the release that defined it first."""
        return f"GLIBC_{self.glibc_version[version]}" if version in self.glibc_version else version

    @functools.cached_property
    def _owners(self) -> dict[str, KnownLibc]:
        exact = {name: libc for libc, names in self.family.items() for name in names if "*" not in name}
        return {**self.loader_names, **exact}

    @functools.cached_property
    def _patterns(self) -> tuple[tuple[str, KnownLibc], ...]:
        return tuple((name, libc) for libc, names in self.family.items() for name in names if "*" in name)

    @functools.cached_property
    def system_by_os_abi(self) -> dict[int, System]:
        """Other systems by EI_OSABI."""
        return {one.os_abi: one for one in reversed(self.system) if one.os_abi is not None}

    @functools.cached_property
    def system_by_owner(self) -> dict[bytes, System]:
        """Other systems by the owner of their note."""
        return {one.owner.encode(): one for one in reversed(self.system) if one.owner is not None}

    @functools.cached_property
    def system_by_tag(self) -> dict[int, System]:
        """Other systems by the first word of NT_GNU_ABI_TAG."""
        return {one.tag: one for one in reversed(self.system) if one.tag is not None}

    @functools.cached_property
    def foreign_sonames(self) -> frozenset[str]:
        """Names of libraries of other systems."""
        return frozenset(name for one in self.system for name in one.sonames)

    def owner(self, soname: str, machine: str | None = None) -> KnownLibc | None:
        """Return the libc whose own library ``soname`` is, or None; on ``machine`` no loader of another one is."""
        owner = self._owner(soname)
        if owner and machine and soname in self.loader_names and (known := self.machine_named(machine)):
            return owner if any(path.endswith(f"/{soname}") for path in known.loaders(owner)) else None
        return owner

    @functools.cached_property
    def _owner(self) -> Callable[[str], KnownLibc | None]:
        return functools.lru_cache(maxsize=4096)(self._find_owner)  # the same few hundred names come in every file

    def _find_owner(self, soname: str) -> KnownLibc | None:
        if owner := self._owners.get(soname):
            return owner
        return next((libc for pattern, libc in self._patterns if _matches(soname, pattern)), None)


_GENERIC = "ld.so.1"


def _matches(name: str, pattern: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return name == pattern
    return len(name) >= len(head) + len(tail) and name.startswith(head) and name.endswith(tail)


@functools.cache
def load() -> Policy:
    """Return the policy that this package ships."""
    data = tomllib.loads(resources.beside(__file__, "policy.toml"))
    return msgspec.convert(data, Policy)
