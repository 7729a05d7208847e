"""Checks the options of ``linkmode audit`` that depend on each other."""

from typing import cast, get_args

import msgspec

from linkmode.audit.judge.expectations import Guard
from linkmode.audit.judge.verdict import Expectations
from linkmode.audit.read import policy
from linkmode.audit.read.policy import KnownLibc
from linkmode.messages import UsageError, did_you_mean
from linkmode.model.cpus import CPUS


def guards(lists: tuple[str, ...]) -> tuple[Guard, ...]:
    """Return what ``--require`` names, each once; raise UsageError for what is no hardening."""
    named = [name.strip() for text in lists for name in text.split(",")]
    known: dict[str, Guard] = {name: name for name in get_args(Guard)}
    for name in named:
        if name not in known:
            raise UsageError(
                f"--require takes hardening, not {name!r}{did_you_mean(name, known)}",
                expected="the name of a kind of hardening",
                hint=f"of {', '.join(known)}",
            )
    return tuple(known[name] for name in dict.fromkeys(named))


def machine_and_abi(machine: str | None, abi: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Return the machine that ``--machine`` names, and what ``--abi`` demands; raise UsageError.

    The name of a CPU that reports do not know (``armv7``) is its machine and its ABI.
    """
    machines = [known.name for known in policy.load().machine]
    names = [*dict.fromkeys((*machines, *CPUS))]
    if machine is not None and machine not in names:
        raise UsageError(
            f"--machine takes a CPU, not {machine!r}{did_you_mean(machine, names)}",
            expected="the name of a CPU",
            hint=f"one of {', '.join(names)}",
        )
    words = [*dict.fromkeys(word for row in policy.load().abi for word in row.words)]
    for word in abi:
        if word not in words:
            raise UsageError(
                f"--abi takes the name of an ABI in e_flags, not {word!r}{did_you_mean(word, words)}",
                expected="a word of the psABI",
                hint=f"one of {', '.join(words)}",
            )
    if machine in CPUS and machine not in machines:
        cpu = CPUS[machine]
        return cpu.elf, tuple(dict.fromkeys((*cpu.abi, *abi)))
    return machine, abi


def like_lock(wanted: Expectations, lock: str) -> Expectations:
    """Return ``wanted`` with what the targets of the lock at ``lock`` say, where the command line says nothing.

    That is their libc, where they have one alone, and their newest glibc.
    """
    from pathlib import Path

    from linkmode import pipeline  # only this needs it

    targets = pipeline.targets(Path(lock))
    glibc = max((one.glibc for one in targets if one.glibc), default=None)
    libcs = {"musl" if one.is_musl else "glibc" for one in targets}
    return msgspec.structs.replace(
        wanted,
        libc=wanted.libc or (cast(KnownLibc, libcs.pop()) if len(libcs) == 1 else None),
        max_glibc=wanted.max_glibc or (f"{glibc[0]}.{glibc[1]}" if glibc else None),
    )


def check_views(
    wanted: Expectations,
    root: str | None,
    page: str | None,
    idle: list[str],
    is_tree: bool,
    is_diff: bool,
) -> None:
    """Raise UsageError for an option that a view does not use, so that nobody takes it for answered."""
    if is_tree and is_diff:
        raise UsageError(
            "--tree and --diff are different views", expected="one of the two", hint="run linkmode audit twice"
        )
    if root is not None and not is_tree and page is None:
        raise UsageError(
            "--root says where --tree and --html look for libraries",
            expected="--tree or --html beside --root",
            hint="add one, or drop --root",
        )
    if page is not None and (is_tree or is_diff):
        raise UsageError(
            "--html is the report as a page, and has trees in it",
            expected="--html alone",
            hint="drop --tree and --diff",
        )
    view = "--tree" if is_tree else "--diff"
    if (is_tree or is_diff) and idle:
        raise UsageError(
            f"{view} does not use {' and '.join(idle)}", expected=f"{view} alone", hint=f"drop {' and '.join(idle)}"
        )
    if (is_tree or is_diff) and wanted != Expectations(allow=wanted.allow if is_diff else ()):
        raise UsageError(
            f"{view} checks no expectation",
            expected=f"{view} without an expectation",
            hint="run linkmode audit once more, without it",
        )
