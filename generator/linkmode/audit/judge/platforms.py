"""Where a file runs: base images and wheel platforms as data (platforms.toml), and why each suffices or does not."""

import functools
import tomllib
from importlib import resources
from typing import Literal

import msgspec

from linkmode.audit.read import policy
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.libc import version_number
from linkmode.audit.read.policy import KnownLibc


class Platform(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A platform of platforms.toml, which describes the keys. ``image`` is None for what is no image."""

    name: str
    title: str
    source: str
    machines: tuple[str, ...]
    libraries: tuple[str, ...]
    libc: KnownLibc | None = None
    image: str | None = None
    newest: dict[str, str] = {}


class _Platforms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    platform: tuple[Platform, ...]


class Suits(msgspec.Struct, frozen=True):
    """Whether a file runs on a platform, ``unknown`` where nothing certain tells it, and why."""

    platform: str
    image: str | None
    answer: Literal["yes", "no", "unknown"]
    reason: str


@functools.cache
def load() -> dict[str, Platform]:
    """Return the platforms that this package ships by name, in the table's order: images first, smallest first."""
    data = tomllib.loads(resources.files(__package__).joinpath("platforms.toml").read_text(encoding="utf-8"))
    return {platform.name: platform for platform in msgspec.convert(data, _Platforms).platform}


def images(facts: Facts) -> tuple[Suits, ...]:
    """Return the answer for each base image, smallest first; nothing for a shared object, which is no program."""
    if facts.kind == "shared object":
        return ()
    return tuple(suits(facts, platform) for platform in load().values() if platform.image is not None)


def suits(facts: Facts, platform: Platform) -> Suits:
    """Tell whether a file with these facts needs nothing but what ``platform`` has."""

    def answer(word: Literal["yes", "no", "unknown"], reason: str) -> Suits:
        return Suits(platform.name, platform.image, word, reason)

    if platform.machines and facts.machine not in platform.machines:
        return answer("no", f"is not made for {facts.machine}, but for {', '.join(platform.machines)}")
    if system := _other_system(facts):
        return answer("no", system)
    if facts.interpreter is None and not facts.needed:
        if facts.kind != "shared object" and facts.libc == "unknown" and facts.executable_stack == "unset":
            return answer("unknown", "needs no loader and no library, but nothing in it tells that it is for Linux")
        if facts.kind == "shared object" and facts.libc in ("glibc", "musl") and facts.libc != platform.libc:
            return answer("no", f"its libc is {platform.libc or 'none'}, not {facts.libc}")
        is_asking = facts.libc == "glibc" and facts.contents is not None and "nss" in facts.contents.marks
        asks = "; what it asks NSS for needs modules of the very glibc that is inside" if is_asking else ""
        return answer("yes", f"needs no loader and no library{asks}")
    if platform.libc is None:
        loader = f"the loader {facts.interpreter}" if facts.interpreter is not None else ", ".join(facts.needed)
        return answer("no", f"has no libc, so not {loader}")
    if facts.interpreter is None and facts.kind != "shared object":
        return answer("no", "the file has no interpreter (PT_INTERP) to load what it needs")
    if facts.libc in ("glibc", "musl") and facts.libc != platform.libc:
        return answer("no", f"its libc is {platform.libc}, not {facts.libc}")
    lacks = [*_loader(facts, platform), *_libraries(facts, platform)]
    newer, untold = _versions(facts, platform)
    untold += _packed(facts, platform)
    if lacks or newer:
        return answer("no", "; ".join([*lacks, *newer]))
    if untold:
        return answer("unknown", "; ".join(untold))
    return answer("yes", f"has {', '.join([*_wanted(facts), *facts.needed])}{_up_to(facts, platform)}")


def _other_system(facts: Facts) -> str:
    # Static programs of other systems, kernels and firmware are ELF files too, and need no library either.
    if facts.os_abi not in _LINUX:
        return f"it is made for another system than Linux: its OS/ABI is {facts.os_abi}"
    if facts.kind == "shared object":
        return ""
    if not facts.entry:
        return "it has no entry point (e_entry), so that it cannot be started"
    if facts.bits == 64 and facts.entry >= 1 << 63:
        return f"its entry point 0x{facts.entry:x} is in the half of the addresses that is the kernel's"
    return ""


_LINUX = ("System V", "GNU/Linux", "ARM EABI", "ARM FDPIC", "ARM")


def _packed(facts: Facts, platform: Platform) -> list[str]:
    # glibc applies them from 2.36 on, and then refuses a file without that version; musl from 1.2.4 on, which no
    # version tells (glibc's elf/dl-version.c; musl's WHATSNEW). A static-pie applies its own.
    tag = "GLIBC_ABI_DT_RELR"
    is_told = any(tag in need.versions for need in facts.version_needs)
    if not facts.packed_relocations or is_told or (platform.libc == "musl" and platform.image is not None):
        return []
    return [f"whether its packed relocations (DT_RELR) are applied cannot be told: it does not ask for {tag}"]


def _wanted(facts: Facts) -> list[str]:
    return [facts.interpreter] if facts.interpreter is not None else []


def _up_to(facts: Facts, platform: Platform) -> str:
    families = {_family(version)[0] for need in facts.version_needs for version in need.versions}
    told = [f"{family}_{newest}" for family, newest in platform.newest.items() if family in families]
    return f", with versions up to {', '.join(told)}" if told else ""


def _loader(facts: Facts, platform: Platform) -> list[str]:
    if facts.interpreter is None:
        return []
    machine = next((one for one in policy.load().machine if one.name == facts.machine), None)
    # The first is the usual one; others are for soft floats and the like, which none of the platforms has.
    known = machine.loaders(platform.libc)[:1] if machine and platform.libc else ()
    return [] if facts.interpreter in known else [f"has no {facts.interpreter}"]


def _libraries(facts: Facts, platform: Platform) -> list[str]:
    known = policy.load()
    lacks = [name for name in facts.needed if known.owner(name) != platform.libc and name not in platform.libraries]
    if not lacks:
        return []
    brought = facts.rpath or facts.runpath
    where = f", unless {brought} in the file leads to it" if brought else ""
    return [f"is not known to have {', '.join(lacks)}{where}"]


def _versions(facts: Facts, platform: Platform) -> tuple[list[str], list[str]]:
    # What is too new for the platform, and what cannot be told; a library that is not there has been told already.
    known = policy.load()
    newer, untold = [], []
    for need in facts.version_needs:
        if known.owner(need.library) != platform.libc and need.library not in platform.libraries:
            continue
        for version in need.versions:
            family, number = _family(known.glibc_version_name(version))
            newest = platform.newest.get(family)
            if newest is None or version_number(number) is None:
                untold.append(f"whether its {need.library} has {version} cannot be told")
            elif (version_number(number) or ()) > (version_number(newest) or ()):
                newer.append(f"{version} of {need.library} is newer than {family}_{newest}")
    return newer, untold


def _family(version: str) -> tuple[str, str]:
    family, _, number = version.rpartition("_")
    return family, number
