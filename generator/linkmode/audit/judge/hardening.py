"""Checks expectations other than the link mode: search paths, position independence, RELRO, platforms."""

import msgspec

from linkmode.audit.judge import platforms, wheels
from linkmode.audit.judge.expectations import Expectations, Failure, Guard
from linkmode.audit.judge.resolved import ALONE, Resolved
from linkmode.audit.read.facts import Facts


def check(facts: Facts, wanted: Expectations, resolved: Resolved = ALONE) -> tuple[Failure, ...]:
    """Return the expectations that do not hold, in the order of the documented options."""
    return (
        *_rpath(facts, wanted),
        *_pie(facts, wanted),
        *_relro(facts, wanted),
        *_policy(facts, wanted, resolved),
        *_cpu(facts, wanted),
        *(failure for guard in wanted.require for failure in _guard(facts, guard)),
    )


def _rpath(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    entries = [("DT_RPATH", facts.rpath), ("DT_RUNPATH", facts.runpath)]
    found = [f"{tag} {path}" for tag, path in entries if path is not None]
    if not wanted.deny_rpath or not found:
        return ()
    return (
        Failure(
            "--deny-rpath",
            "no library search path inside the file (DT_RPATH, DT_RUNPATH)",
            "; ".join(found),
            "link without -rpath, or remove it: patchelf --remove-rpath FILE",
        ),
    )


def _pie(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    if not wanted.require_pie or facts.kind != "executable":
        return ()
    return (
        Failure(
            "--require-pie",
            "a position-independent file (ET_DYN)",
            "executable (ET_EXEC), which is loaded at a fixed address",
            "compile with -fPIE and link with -pie, or with -static-pie",
        ),
    )


def _relro(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    # Without a loader there is no lazy binding, so a static program has full RELRO with any flags.
    is_static = facts.interpreter is None and not facts.needed and facts.kind != "shared object"
    met = facts.relro == "full" or (facts.relro == "partial" and (wanted.require_relro == "partial" or is_static))
    if wanted.require_relro is None or met:
        return ()
    flag = " -Wl,-z,now" if wanted.require_relro == "full" else ""
    return (
        Failure(
            f"--require-relro {wanted.require_relro}",
            f"relocated data read-only after the start (PT_GNU_RELRO){_BOUND if flag else ''}",
            f"relro {facts.relro}",
            f"link with -Wl,-z,relro{flag}",
        ),
    )


_BOUND = ", and every symbol bound at the start (BIND_NOW)"


def platform_named(name: str) -> platforms.Platform | None:
    """Return the image or the platform tag of wheels that ``--policy`` names."""
    return platforms.load().get(name) or wheels.named(name)


LEVELS = ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4")


def _cpu(facts: Facts, wanted: Expectations) -> tuple[Failure, ...]:
    if wanted.cpu is None or facts.cpu is None or LEVELS.index(facts.cpu.level) <= LEVELS.index(wanted.cpu):
        return ()
    return (
        Failure(
            f"--cpu {wanted.cpu}",
            f"a file that a CPU of {wanted.cpu} can run",
            f"needs {facts.cpu.level} ({facts.cpu.evidence})",
            f"compile with -march={wanted.cpu}, and link without -z {facts.cpu.level}",
        ),
    )


def _policy(facts: Facts, wanted: Expectations, resolved: Resolved) -> tuple[Failure, ...]:
    platform = platform_named(wanted.policy) if wanted.policy is not None else None
    if platform is None:
        return ()
    accepted = {"behind": None} if wanted.allow_payload else {}
    if wanted.cpu is not None and not platform.is_baseline:
        accepted["cpu"] = None  # an expectation of its own
    suits = platforms.suits(msgspec.structs.replace(facts, **accepted), platform, resolved)
    if suits.answer == "yes":
        return ()
    return (
        Failure(
            f"--policy {platform.name}",
            f"a file that runs on {platform.name} ({platform.title})",
            suits.reason,
            "link statically, or against what the platform has; see --max-glibc and --allow for its parts",
        ),
    )


_GUARDS: dict[Guard, tuple[str, str]] = {
    "nx": ("a stack that is not executable (PT_GNU_STACK without PF_X)", "link with -Wl,-z,noexecstack"),
    "no-textrel": ("no relocation in code (DT_TEXTREL)", "compile with -fPIC or -fPIE, and link with -Wl,-z,text"),
    "no-rwx": ("no segment that is both writable and executable", "link with a linker that separates code and data"),
    "canary": ("the stack protector (__stack_chk_fail)", "compile with -fstack-protector-strong"),
    "fortify": ("checked functions of libc (_FORTIFY_SOURCE)", "compile with -O2 -D_FORTIFY_SOURCE=3, against glibc"),
    "cet": ("code for Intel's CET (IBT and SHSTK)", "compile everything with -fcf-protection=full"),
    "bti": ("code for AArch64's BTI", "compile everything with -mbranch-protection=standard"),
}


def _guard(facts: Facts, guard: Guard) -> tuple[Failure, ...]:
    if guard == "relro":
        return _relro(facts, Expectations(require_relro="full"))
    if guard == "pie":
        return _pie(facts, Expectations(require_pie=True))
    contents = facts.contents
    found = {
        "nx": {"no": "", "yes": "an executable stack", "unset": "no PT_GNU_STACK, so that the kernel decides"}[
            facts.executable_stack
        ],
        "no-textrel": "relocations in code" if facts.text_relocations else "",
        "no-rwx": "a segment that is both" if facts.writable_code else "",
        "canary": _told(contents.canary if contents else "unknown"),
        "fortify": _told(contents.fortify if contents else "unknown"),
        "cet": "" if {"ibt", "shstk"} <= set(facts.cpu_features) else _features(facts),
        "bti": "" if "bti" in facts.cpu_features else _features(facts),
    }[guard]
    expected, fix = _GUARDS[guard]
    return (Failure(f"--require {guard}", expected, found, fix),) if found else ()


def _told(word: str) -> str:
    return {"yes": "", "no": "no such symbol", "unknown": "no symbols that would show it"}[word]


def _features(facts: Facts) -> str:
    return f"of such features: {', '.join(facts.cpu_features) or 'none'}"
