"""The options of ``linkmode audit`` as one value, and the checks of those that depend on each other."""

import os
from typing import Literal, cast, get_args

import msgspec

from linkmode.audit.inputs.find import STDIN
from linkmode.audit.judge import hardening, platforms
from linkmode.audit.judge.expectations import Guard
from linkmode.audit.judge.verdict import Expectations
from linkmode.audit.naming import displayed
from linkmode.audit.read import policy
from linkmode.audit.read.libc import version_number
from linkmode.audit.read.policy import KnownLibc
from linkmode.messages import UsageError, did_you_mean
from linkmode.model.cpus import CPUS
from linkmode.model.values import LinkMode


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says, by the names that :func:`linkmode.cli.audit.command` gives its options."""

    expect: LinkMode | None
    machine: str | None
    abi: tuple[str, ...]
    libc: KnownLibc | None
    max_glibc: str | None
    like_lock: str | None
    allow: tuple[str, ...]
    deny_rpath: bool
    require_pie: bool
    require_relro: Literal["partial", "full"] | None
    require: tuple[str, ...]
    platform: str | None
    cpu: str | None
    allow_static_glibc: bool
    allow_payload: bool
    headers_only: bool
    verbose: bool
    names_all: bool
    jobs: int | None
    is_tree: bool
    root: str | None
    is_diff: bool
    archives: tuple[str, ...]
    sizes: bool
    page: str | None
    sbom: Literal["cyclonedx", "spdx"] | None
    lock: str | None
    sarif: str | None
    github: bool
    junit: str | None
    is_json: bool

    @property
    def idle(self) -> dict[str, bool]:
        """The options that only the report uses, and whether each is given."""
        return {
            "--all": self.names_all,
            "--sbom": self.sbom is not None,
            "--sarif": self.sarif is not None,
            "--junit": self.junit is not None,
            "--github": self.github,
            "--sizes": self.sizes,
            "--archive": bool(self.archives),
            "--headers-only": self.headers_only and not self.is_diff,
        }


def expectations(asked: Asked) -> Expectations:
    """Return what is demanded of each file; raise UsageError for what names nothing that there is."""
    if asked.max_glibc is not None and version_number(asked.max_glibc) is None:
        raise UsageError(
            f"--max-glibc takes a glibc release, not {asked.max_glibc!r}",
            expected="two numbers, such as 2.28",
            hint="write it as in --max-glibc 2.28",
        )
    machine, abi = _machine_and_abi(asked.machine, asked.abi)
    if asked.platform is not None and hardening.platform_named(asked.platform) is None:
        known = ", ".join(platforms.load())
        raise UsageError(
            f"--policy takes a platform, not {asked.platform!r}{did_you_mean(asked.platform, platforms.load())}",
            expected="a platform, or a tag of wheels",
            hint=f"one of {known}, or a tag of wheels such as manylinux_2_28, manylinux2014 or "
            "musllinux_1_2, with or without a CPU at its end",
        )
    return Expectations(
        machine=machine,
        abi=abi,
        libc=asked.libc,
        mode=asked.expect,
        max_glibc=asked.max_glibc,
        allow=asked.allow,
        deny_rpath=asked.deny_rpath,
        allow_static_glibc=asked.allow_static_glibc,
        allow_payload=asked.allow_payload,
        require_pie=asked.require_pie,
        require_relro=asked.require_relro,
        policy=asked.platform,
        cpu=asked.cpu,
        require=_guards(asked.require),
    )


def check_paths(paths: tuple[str, ...], asked: Asked) -> None:
    """Raise UsageError for a path that is not there, unless it may lie in the root of ``--tree``."""
    # any bytes a command line can hold
    absent = [path for path in paths if path != STDIN and not os.path.lexists(path)]
    if absent and not (asked.is_tree and asked.root is not None):
        raise UsageError(
            f"no such file or folder: {', '.join(map(displayed, absent))}",
            expected="paths that are there",
            hint="nothing was audited; correct the path",
        )


def _guards(lists: tuple[str, ...]) -> tuple[Guard, ...]:
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


def _machine_and_abi(machine: str | None, abi: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
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


def check_views(asked: Asked, wanted: Expectations) -> None:
    """Raise UsageError for an option that a view does not use, so that nobody takes it for answered."""
    is_tree, is_diff, page = asked.is_tree, asked.is_diff, asked.page
    if is_tree and is_diff:
        raise UsageError(
            "--tree and --diff are different views", expected="one of the two", hint="run linkmode audit twice"
        )
    if asked.root is not None and not is_tree and page is None:
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
    idle = [name for name, is_given in asked.idle.items() if is_given]
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


def check_documents(asked: Asked) -> None:
    """Raise UsageError for options that each want standard output, or facts that another leaves unread."""
    if asked.sbom is not None and (asked.is_json or asked.headers_only):
        raise UsageError(
            "--sbom prints a document of its own, and reads every byte for it",
            expected="--sbom alone",
            hint="drop --json and --headers-only",
        )
    if asked.sizes and (asked.is_json or asked.sbom is not None or asked.headers_only):
        raise UsageError(
            "--sizes prints sections, for people to read",
            expected="--sizes without --json",
            hint="drop it; --json has every section",
        )
    if asked.lock is not None and asked.sbom is None:
        raise UsageError(
            "--lock is for --sbom: it names the versions of what was linked in",
            expected="--sbom beside --lock",
            hint="add --sbom cyclonedx, or drop --lock",
        )
