"""Decides where a file runs, and why: base images and wheel platforms as data (platforms.toml)."""

import functools
import tomllib
from collections.abc import Callable
from typing import Literal

import msgspec

from linkmode.audit.judge.resolved import ALONE, Resolved
from linkmode.audit.read import components, policy
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.libc import version_number
from linkmode.audit.read.policy import KnownLibc
from linkmode.model import resources


class Platform(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A platform of platforms.toml, which describes the keys. ``image`` is None for what is no image.

    ``named`` are symbol versions without a number that it has. ``is_baseline`` says that its programs must run on any
    CPU of their machine.
    """

    name: str
    title: str
    source: str
    machines: tuple[str, ...]
    libraries: tuple[str, ...]
    libc: KnownLibc | None = None
    image: str | None = None
    newest: dict[str, str] = {}
    named: tuple[str, ...] = ()
    is_baseline: bool = False

    @functools.cached_property
    def has(self) -> Callable[[str], bool]:
        """Whether it has the library of a name: its libc's own, or one of ``libraries``."""
        return functools.lru_cache(maxsize=4096)(
            lambda name: policy.load().owner(name) == self.libc or name in self.libraries
        )

    @functools.cached_property
    def lacks(self) -> Callable[[str, str], tuple[bool, str]]:
        """What is to be said of a library and a version of its symbols, empty when it has that.

        With it, whether that is certain: a version without a number to compare is not.
        """
        return functools.lru_cache(maxsize=4096)(self._compare)

    def _compare(self, library: str, version: str) -> tuple[bool, str]:
        if version in self.named:
            return True, ""
        family, number = _family(policy.load().glibc_version_name(version))
        newest = self.newest.get(family)
        if newest is None or version_number(number) is None:
            return False, f"whether its {library} has {version} cannot be determined"
        if (version_number(number) or ()) > (version_number(newest) or ()):
            return True, f"{version} of {library} is newer than {family}_{newest}"
        return True, ""


class Manylinux(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What manylinux promises from the release ``glibc`` on, and the machines that have a tag from there on."""

    glibc: str
    machines: tuple[str, ...]
    newest: dict[str, str]


class Wheels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What platforms.toml knows of the platform tags of wheels; :mod:`linkmode.audit.judge.wheels` reads it."""

    libraries: tuple[str, ...]
    named: tuple[str, ...]
    musl_libraries: tuple[str, ...]
    musl_releases: tuple[str, ...]
    musl_machines: tuple[str, ...]
    aliases: dict[str, str]
    machines: dict[str, str]
    releases: tuple[str, ...]
    manylinux: tuple[Manylinux, ...]


class _Platforms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    platform: tuple[Platform, ...]
    wheels: Wheels


Answer = Literal["yes", "no", "unknown"]


class Suits(msgspec.Struct, frozen=True):
    """Whether a file runs on a platform, ``unknown`` where nothing certain tells it, and why."""

    platform: str
    image: str | None
    answer: Answer
    reason: str


@functools.cache
def _table() -> _Platforms:
    data = tomllib.loads(resources.beside(__file__, "platforms.toml"))
    return msgspec.convert(data, _Platforms)


@functools.cache
def load() -> dict[str, Platform]:
    """Return the images that this package knows by name, smallest first."""
    return {platform.name: platform for platform in _table().platform}


def wheels() -> Wheels:
    """Return what is known of the platform tags of wheels."""
    return _table().wheels


def images(facts: Facts, resolved: Resolved = ALONE) -> tuple[Suits, ...]:
    """Return the answer for each base image, smallest first; nothing for a shared object, which is no program."""
    if facts.kind == "shared object":
        return ()
    return tuple(suits(facts, platform, resolved) for platform in load().values())


def suits(facts: Facts, platform: Platform, resolved: Resolved = ALONE) -> Suits:
    """Tell whether a file with these facts needs nothing but what ``platform`` has.

    ``resolved`` is what comes with the file, in the same package, where its loader finds it.
    """
    brought = resolved.names

    def answer(word: Answer, reason: str) -> Suits:
        return Suits(platform.name, platform.image, word, reason)

    if platform.machines and facts.machine not in platform.machines:
        return answer("no", f"is not made for {facts.machine}, but for {', '.join(platform.machines)}")
    if system := _other_system(facts):
        return answer("no", system)
    if facts.behind is not None:
        told = f"{facts.behind.size} bytes behind it ({facts.behind.words})"
        return answer("unknown", f"it may unpack and run what lies in {told}")
    if level := _cpu(facts, platform):
        return answer("no" if platform.is_baseline else "unknown", level)
    if facts.interpreter is None and not facts.needed:
        if facts.kind != "shared object" and facts.libc == "unknown" and facts.executable_stack == "unset":
            return answer("unknown", "needs no loader and no library, but nothing in it shows that it is for Linux")
        if facts.kind == "shared object" and facts.libc in ("glibc", "musl") and facts.libc != platform.libc:
            return answer("no", f"has {platform.libc or 'no libc'}, and the file is for {facts.libc}")
        is_asking = facts.libc == "glibc" and facts.contents is not None and "nss" in facts.contents.marks
        asks = "; what it asks NSS for needs modules of exactly the glibc that is inside" if is_asking else ""
        return answer("yes", f"needs no loader and no library{asks}")
    if platform.libc is None:
        loader = f"the loader {facts.interpreter}" if facts.interpreter is not None else ", ".join(facts.needed)
        return answer("no", f"has no libc, so not {loader}")
    if facts.interpreter is None and facts.kind != "shared object":
        return answer("no", "the file has no interpreter (PT_INTERP) to load what it needs")
    if facts.libc in ("glibc", "musl") and facts.libc != platform.libc:
        return answer("no", f"has {platform.libc}, and the file is for {facts.libc}")
    lacks = [*_loader(facts, platform), *lacking(facts, platform, resolved)]
    if facts.no_default_folders and facts.libc == "glibc":
        lacks.append("keeps libraries where the file (DF_1_NODEFLIB) has its loader not look")
    lacks += _private(facts, platform, brought)
    newer, untold = _versions(facts, platform, brought)
    untold += _packed(facts, platform)
    if lacks or newer:
        return answer("no", "; ".join([*lacks, *newer]))
    if untold:
        return answer("unknown", "; ".join(untold))
    own = [*_wanted(facts), *(name for name in facts.needed if name not in brought)]
    beside = [name for name in facts.needed if name in brought]
    brings = f"; it brings {', '.join(beside)} itself" if beside else ""
    return answer("yes", f"has {', '.join(own) or 'all'}{_up_to(facts, platform)}{brings}")


def _other_system(facts: Facts) -> str:
    # Static programs of other systems, kernels and firmware are ELF files too, and need no library either.
    if facts.os_abi not in _LINUX:
        return f"it is made for another system than Linux: its OS/ABI is {facts.os_abi}"
    is_alone = facts.interpreter is None and not facts.needed
    if facts.system is not None and not (facts.system == _LINUX_TOO and is_alone):
        return f"it is {facts.libc_evidence}"
    if facts.kind == "shared object":
        return ""
    if facts.bits == 64 and facts.entry >= 1 << 63:
        return f"its entry point 0x{facts.entry:x} is in the half of the addresses that is the kernel's"
    return facts.unstartable


_LINUX_TOO = "Android"
"""Its kernel is Linux, so that a static program of it runs anywhere; its libc and loader are its own."""

_LINUX = ("System V", "GNU/Linux", "ARM EABI", "ARM FDPIC", "ARM")


def _cpu(facts: Facts, platform: Platform) -> str:
    # glibc's loader and kernel refuse what needs more than the CPU has; which CPU there is, no image says.
    if facts.cpu is None or facts.cpu.level == "x86-64":
        return ""
    where = "the tag promises that any CPU of the machine does" if platform.is_baseline else "the image does not tell"
    return f"needs a CPU of {facts.cpu.level} ({facts.cpu.evidence}), and {where}"


def _packed(facts: Facts, platform: Platform) -> list[str]:
    # glibc applies them from 2.36 on, and then refuses a file without that version; musl from 1.2.4 on, which no
    # version tells (glibc's elf/dl-version.c; musl's WHATSNEW). A static-pie applies its own.
    tag = "GLIBC_ABI_DT_RELR"
    is_told = any(tag in need.versions for need in facts.version_needs)
    if not facts.packed_relocations or is_told or (platform.libc == "musl" and platform.image is not None):
        return []
    return [f"whether its packed relocations (DT_RELR) are applied cannot be determined: it does not ask for {tag}"]


def _wanted(facts: Facts) -> list[str]:
    return [facts.interpreter] if facts.interpreter is not None else []


def _up_to(facts: Facts, platform: Platform) -> str:
    families = {version.rpartition("_")[0] for need in facts.version_needs for version in need.versions}
    told = [f"{family}_{newest}" for family, newest in platform.newest.items() if family in families]
    return f", with versions up to {', '.join(told)}" if told else ""


def _loader(facts: Facts, platform: Platform) -> list[str]:
    if facts.interpreter is None:
        return []
    machine = policy.load().machine_named(facts.machine)
    # The first is the usual one; the others are for soft floats and similar, which no platform has.
    known = machine.loaders(platform.libc)[:1] if machine and platform.libc else ()
    return [] if facts.interpreter in known else [f"has no {facts.interpreter}"]


def lacking(facts: Facts, platform: Platform, resolved: Resolved) -> list[str]:
    """Return in words which libraries that the file needs ``platform`` has not."""
    # What is loaded by DT_AUXILIARY and DT_AUDIT may be absent; DT_FILTER's library may not.
    wanted = list(facts.needed)
    if facts.also_loads and facts.libc != "musl":
        wanted += [one.name for one in facts.also_loads if one.tag == "DT_FILTER"]
    absent = [name for name in wanted if not platform.has(name) and name not in resolved.names]
    path = facts.rpath or facts.runpath
    where = f", unless {path} in the file leads to it" if path else ""
    return [
        *([f"is not known to have {', '.join(absent)}{where}"] if absent else ()),
        *(
            f"is not known to have {one.name}, which {one.by} needs, and the loader does not find it in the package"
            for one in resolved.further
            if not platform.has(one.name)
        ),
    ]


def _private(facts: Facts, platform: Platform, brought: frozenset[str]) -> list[str]:
    # Only for wheels: an image has one libz.
    names = facts.contents.private_symbols if facts.contents and platform.is_baseline else ()
    if not names:
        return []
    newest = version_number(platform.newest.get("GLIBC", "")) or ()
    found = []
    for row in components.load().private:
        counts = row.libc == platform.libc and (not row.until or newest <= (version_number(row.until) or ()))
        taken = [name for name in names if name in row.symbols]
        if counts and taken and row.library in facts.needed and row.library not in brought:
            found.append(f"promises no {', '.join(taken)} of {row.library}, which the library keeps to itself")
    return found


def _versions(facts: Facts, platform: Platform, brought: frozenset[str]) -> tuple[list[str], list[str]]:
    # What is too new for the platform, and what is unknown. Missing libraries are reported before.
    newer: list[str] = []
    untold: list[str] = []
    if platform.libc == "musl":  # musl's loader compares no versions
        return newer, untold
    for need in facts.version_needs:
        if not platform.has(need.library) or need.library in brought:
            continue
        for version in need.versions:
            is_certain, words = platform.lacks(need.library, version)
            if words:
                (newer if is_certain else untold).append(words)
    return newer, untold


def _family(version: str) -> tuple[str, str]:
    family, _, number = version.rpartition("_")
    return family, number
