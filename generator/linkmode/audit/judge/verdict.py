"""Judges facts: the link mode with its reason, and whether the expectations hold.

The rules are the table of link modes in docs/reference/audit.md. Pure; the words are part of the contract with
templates/common/tools/elfcheck/verdict.h, which says the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from linkmode.audit.judge import hardening, hazards, platforms, wheels
from linkmode.audit.judge.expectations import Expectations as Expectations
from linkmode.audit.judge.expectations import Failure as Failure
from linkmode.audit.judge.hazards import Hazard
from linkmode.audit.judge.platforms import Suits
from linkmode.audit.judge.resolved import ALONE, Brought, Resolved
from linkmode.audit.read import components, policy
from linkmode.audit.read.components import Weakness
from linkmode.audit.read.facts import AlsoLoads, Facts
from linkmode.audit.read.libc import glibc_number, version_number
from linkmode.model.values import Advisory, LinkMode

_NONE: Final[Mapping[str, Iterable[Advisory]]] = MappingProxyType({})


class Verdict(msgspec.Struct, frozen=True):
    """The link mode, None for a shared object and for what cannot be started, with the reason.

    ``foreign`` are the needed libraries that are neither libc's own nor allowed by name, ``foreign_loads`` those of
    DT_AUDIT and its like. ``images`` says for each base image whether a program runs on it, smallest first. ``brought``
    are needed libraries that lie in the same package. ``lowest_tag`` is the lowest platform tag of wheels that a
    library keeps.
    """

    mode: LinkMode | None
    reason: str
    foreign: tuple[str, ...] = ()
    foreign_loads: tuple[AlsoLoads, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    images: tuple[Suits, ...] = ()
    weaknesses: tuple[Weakness, ...] = ()
    brought: tuple[Brought, ...] = ()
    lowest_tag: str | None = None


_EXPECTED: dict[LinkMode, str] = {
    "static": "static: no interpreter (PT_INTERP) and no needed library (DT_NEEDED)",
    "mostly_static": "mostly_static: libc's loader as the interpreter, and no needed library but libc's own",
    "dynamic": "dynamic: a program that a loader starts, with an interpreter (PT_INTERP)",
}

# One cause, told by the machine or by the libc; the filter is a regular expression over labels of toolchain types.
_FIX_PLATFORM = (
    "it was built for another platform, or by a compiler that is not the platform's; see which toolchain Bazel chose: "
    "bazel build --toolchain_resolution_debug=cpp:toolchain_type TARGET"
)


def judge(
    facts: Facts,
    allow: tuple[str, ...] = (),
    catalogued: Mapping[str, Iterable[Advisory]] = _NONE,
    resolved: Resolved = ALONE,
    *,
    with_images: bool = True,
) -> Verdict:
    """Return the strictest link mode whose rule the facts meet, and what else is to be said of the file.

    ``catalogued`` has the catalogue's advisories by family, for libraries that the audit has none of its own for.
    ``resolved`` is what its package holds of what it needs. Without ``with_images``, no base image is asked for.
    """
    return msgspec.structs.replace(
        _mode(facts, allow),
        hazards=(*hazards.of(facts), *hazards.of_missing(resolved.missing)),
        images=platforms.images(facts, resolved) if with_images else (),
        weaknesses=components.weaknesses(facts.contents, catalogued),
        brought=resolved.brought,
        lowest_tag=wheels.lowest(facts, resolved) if facts.kind == "shared object" else None,
    )


def _mode(facts: Facts, allow: tuple[str, ...]) -> Verdict:
    if facts.kind == "shared object":
        return Verdict(None, "a shared object has no link mode of its own: it shares that of the program that loads it")
    if facts.unstartable:
        return Verdict(None, facts.unstartable)
    if facts.interpreter is None and not facts.needed:
        pie = "static-pie, " if facts.kind == "static-pie" else ""
        return Verdict("static", f"{pie}no interpreter (PT_INTERP) and no needed library (DT_NEEDED)")
    known = policy.load()
    owners = [known.owner(soname, facts.machine) for soname in facts.needed]
    own = [name for name, owner in zip(facts.needed, owners, strict=True) if owner == facts.libc]
    rest = [name for name, owner in zip(facts.needed, owners, strict=True) if owner != facts.libc]
    allowed = [name for name in rest if name in allow]
    foreign = tuple(name for name in rest if name not in allow)
    loader, is_own_loader = _judge_interpreter(facts)
    libc = facts.libc if facts.libc in ("glibc", "musl") else "libc"
    needs = []
    if own:
        needs.append(f"needs {_join(own)} of {libc} itself")
    if allowed:
        needs.append(f"needs {_join(allowed)}, allowed by name")
    if foreign:
        needs.append(f"needs {_join(foreign)}, not part of {libc}")
    loads, foreign_loads = _also_loads(facts, allow)
    reason = "; ".join([loader, *(needs or ["needs no library"]), *loads])
    is_libc_alone = is_own_loader and not foreign and not foreign_loads
    return Verdict("mostly_static" if is_libc_alone else "dynamic", reason, foreign, foreign_loads)


def _also_loads(facts: Facts, allow: tuple[str, ...]) -> tuple[list[str], tuple[AlsoLoads, ...]]:
    # The words for what other tags have loaded, and which of it is neither libc's own nor allowed by name.
    if facts.libc == "musl":
        return [f"{one.tag} {one.name}, which musl's loader ignores" for one in facts.also_loads], ()
    known = policy.load()
    words, foreign = [], []
    for one in facts.also_loads:
        if known.owner(one.name, facts.machine) == facts.libc:
            words.append(f"{one.tag} has {one.name} loaded too, of {facts.libc} itself")
        elif one.name in allow:
            words.append(f"{one.tag} has {one.name} loaded too, allowed by name")
        else:
            words.append(f"{one.tag} has {one.name} loaded too")
            foreign.append(one)
    return words, tuple(foreign)


def _judge_interpreter(facts: Facts) -> tuple[str, bool]:
    # The words for the interpreter, and whether it is the libc's own loader at the place that its ABI gives it.
    if facts.interpreter is None:
        return "it has no interpreter (PT_INTERP) to load what it needs", False
    if facts.libc not in ("glibc", "musl"):
        return f"interpreter {facts.interpreter} is no loader of glibc or musl", False
    machine = policy.load().machine_named(facts.machine)
    loaders = machine.loaders(facts.libc) if machine else ()
    if facts.interpreter in loaders:
        return f"interpreter {facts.interpreter} is {facts.libc}'s loader", True
    where = f"looks for it at {' or '.join(loaders)}" if loaders else "has no known place for it"
    return f"interpreter {facts.interpreter} is out of place: {facts.libc} on {facts.machine} {where}", False


def check(facts: Facts, verdict: Verdict, wanted: Expectations, resolved: Resolved = ALONE) -> tuple[Failure, ...]:
    """Return every expectation that does not hold, in the order of the documented options."""
    return (
        *_check_machine(facts, wanted),
        *_check_abi(facts, wanted),
        *_check_libc(facts, wanted),
        *_check_mode(facts, verdict, wanted),
        *_check_behind(facts, wanted),
        *_check_allow(verdict, wanted),
        *_check_glibc(facts, wanted),
        *hardening.check(facts, wanted, resolved),
    )


def _check_machine(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    if wanted.machine is None or facts.machine == wanted.machine:
        return ()
    found = f"built for {facts.machine} ({facts.bits}-bit {facts.endianness}-endian)"
    return (Failure(f"--machine {wanted.machine}", f"built for {wanted.machine}", found, _FIX_PLATFORM),)


def _check_abi(facts: Facts, wanted: Expectations) -> Iterator[Failure]:
    # Bits that tell nothing contradict nothing.
    for word in wanted.abi:
        known = policy.load().alternatives(facts.machine, word)
        others = [one for one in facts.abi if one in known and one != word]
        if others or not known:
            found = others[0] if others else f"a file for {facts.machine}, whose header tells no such ABI"
            yield Failure(f"--abi {word}", f"the ABI {word}, as e_flags has it", found, _FIX_PLATFORM)


def _check_libc(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    if wanted.libc is None or facts.libc == wanted.libc:
        return ()
    # Without a loader, and with no sign of a libc, nothing contradicts: a static Go or freestanding program.
    if facts.libc in ("none", "unknown") and facts.interpreter is None:
        return ()
    return (
        Failure(
            f"--libc {wanted.libc}",
            f"{wanted.libc} as its libc, or none at all in a file without an interpreter (PT_INTERP)",
            f"{facts.libc} ({facts.libc_evidence})",
            _FIX_PLATFORM,
        ),
    )


def _check_mode(facts: Facts, verdict: Verdict, wanted: Expectations) -> tuple[Failure, ...]:
    if wanted.mode is None:
        return ()
    option = f"--expect {wanted.mode}"
    if verdict.mode == "static" and wanted.mode == "static" and facts.libc == "glibc":
        if wanted.allow_static_glibc:
            return ()
        return (
            Failure(
                option,
                "static with no glibc inside",
                f"static with glibc inside ({facts.libc_evidence})",
                "link for a musl target: static glibc still loads NSS, iconv and locale modules with dlopen at run "
                "time, and only those of exactly the glibc that it was built with; to accept that, pass "
                "--allow-static-glibc",
            ),
        )
    # A file that needs only libc meets `dynamic`, too: the mode says what was asked for.
    met = {"static": ("static",), "mostly_static": ("mostly_static",), "dynamic": ("dynamic", "mostly_static")}
    if verdict.mode in met[wanted.mode] and not (wanted.mode == "dynamic" and facts.interpreter is None):
        return ()
    found = f"{verdict.mode}: {verdict.reason}" if verdict.mode else verdict.reason
    return (Failure(option, _EXPECTED[wanted.mode], found, _fix_mode(facts, verdict, wanted.mode)),)


def _check_behind(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    if facts.behind is None or wanted.mode is None or wanted.allow_payload:
        return ()
    found = f"{facts.behind.words}: {facts.behind.size} bytes from byte {facts.behind.offset} on"
    return (
        Failure(
            f"--expect {wanted.mode}",
            f"{wanted.mode}, and nothing behind the program that it could unpack and run",
            found,
            f"see what it is{f' ({facts.behind.opens})' if facts.behind.opens else ''}, and audit that as well; to "
            "accept it as mere data, pass --allow-payload",
        ),
    )


def _fix_mode(facts: Facts, verdict: Verdict, mode: LinkMode) -> str:
    if facts.unstartable and not facts.entry_in_code:
        return (
            "link with the start-up files, by the compiler driver and from ELF objects alone: without -nostartfiles, "
            "without -e, and with GNUTARGET not set"
        )
    if facts.unstartable:
        return (
            "link it again with the compiler driver, without a linker script or -N of its own, and leave out what "
            "changes the file afterwards"
        )
    if verdict.mode is None:
        return "audit the program, not the library; a program that looks like this was linked with -shared"
    if mode == "static":
        if facts.libc == "musl" and not verdict.foreign:
            return (
                "link with -static; if -static-pie was given, the compiler's specs do not know it for musl (a gcc "
                "wrapped as musl-gcc): use -static -no-pie, or a GCC built for musl"
            )
        return "link for a musl target with -static (or -static-pie), and give every library as an archive (.a)"
    if verdict.mode == "static":
        return "link without -static, so that libc stays shared"
    if facts.interpreter is None:
        return "link as a program, with the compiler driver, so that the file names the loader it needs"
    if verdict.foreign:
        return (
            f"link {_join(verdict.foreign)} as an archive (-Wl,-Bstatic -lNAME -Wl,-Bdynamic; for C++ "
            "-static-libstdc++ -static-libgcc; a library of the project itself with CMake's BUILD_SHARED_LIBS=OFF, "
            "Meson's default_library=static or configure's --disable-shared), or allow by name: "
            f"{_allow_options(verdict)}"
        )
    if verdict.foreign_loads:
        return (
            "link without the linker's --audit, --depaudit, --auxiliary and --filter, or allow by name: "
            f"{_allow_options(verdict)}"
        )
    return "link with the compiler's own --dynamic-linker, at the path that the libc's ABI gives it"


def _check_allow(verdict: Verdict, wanted: Expectations) -> tuple[Failure, ...]:
    # mostly_static says so itself, and a static program needs nothing.
    if not wanted.allow or wanted.mode != "dynamic" or not (verdict.foreign or verdict.foreign_loads):
        return ()
    loads = [f"{one.name} by {one.tag}" for one in verdict.foreign_loads]
    return (
        Failure(
            "--allow",
            f"no needed library but libc's own and {_join(wanted.allow)}",
            f"needs {_join([*verdict.foreign, *loads])}",
            f"link it as an archive, or allow it too: {_allow_options(verdict)}",
        ),
    )


def _check_glibc(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    if wanted.max_glibc is None:
        return ()
    known, limit = policy.load(), version_number(wanted.max_glibc) or ()
    above: list[tuple[str, str]] = []
    for need in facts.version_needs:
        for version in (version for version in need.versions if version.startswith("GLIBC_")):
            number = version_number(glibc_number(version, known) or "")
            if number is None or number > limit:
                above.append((need.library, version))
    if not above:
        return ()
    return (
        Failure(
            f"--max-glibc {wanted.max_glibc}",
            f"no symbol version newer than glibc {wanted.max_glibc}",
            f"needs {_join([f'{version} of {library}' for library, version in above])}",
            f"link against glibc {wanted.max_glibc} or older, as for the target "
            f"{facts.machine}-linux-gnu.{wanted.max_glibc}, or raise the limit",
            _symbols(facts, above),
        ),
    )


def _symbols(facts: Facts, versions: list[tuple[str, str]]) -> tuple[str, ...]:
    taken = {(one.library, one.version): one for one in (facts.contents.imports if facts.contents else ())}
    return tuple(
        f"{version} of {library}: {'; '.join([_used(name, one.users.get(name, ())) for name in one.symbols])}"
        for library, version in versions
        if (one := taken.get((library, version)))
    )


def _used(symbol: str, users: tuple[str, ...]) -> str:
    return f"{symbol}, used in {' and '.join(users)}" if users else symbol


def _allow_options(verdict: Verdict) -> str:
    names = [*verdict.foreign, *(one.name for one in verdict.foreign_loads)]
    return " ".join(f"--allow {name}" for name in names)


def _join(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names)
