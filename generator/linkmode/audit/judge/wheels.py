"""Platform tags of Python wheels as platforms: manylinux (PEP 600, with its older names) and musllinux (PEP 656)."""

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from linkmode.audit.judge import platforms
from linkmode.audit.judge.platforms import Platform
from linkmode.audit.judge.resolved import ALONE, Resolved
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.libc import version_number

_TAG = re.compile(r"(manylinux1|manylinux2010|manylinux2014|(?:many|musl)linux_\d{1,3}_\d{1,3})(?:_(\w+))?")
_PEP_600 = "https://peps.python.org/pep-0600/"
_PEP_656 = "https://peps.python.org/pep-0656/"


@functools.cache
def named(tag: str) -> Platform | None:
    """Return the platform of a tag, with or without a CPU at its end; None for what is none."""
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    table = platforms.wheels()
    machines: tuple[str, ...] | None = None
    if match[2] is not None:
        if match[2] not in table.machines:
            return None
        machines = (table.machines[match[2]],)
    family, major, minor = table.aliases.get(match[1], match[1]).split("_")
    release = f"{int(major)}.{int(minor)}"
    if family == "musllinux":
        title = f"the platform tag {tag}: musl {release} and zlib"
        return Platform(
            name=tag,
            title=title,
            source=_PEP_656,
            libc="musl",
            machines=machines or table.musl_machines,
            libraries=table.musl_libraries,
            is_baseline=True,
        )
    row = _row(release)
    return Platform(
        name=tag,
        title=f"the platform tag {tag}: glibc {release} and a few libraries",
        source=_PEP_600,
        libc="glibc",
        machines=machines or row.machines,
        libraries=table.libraries,
        newest={"GLIBC": release, **row.newest},
        named=table.named if (version_number(row.glibc) or ()) >= (2, 24) else table.named[:1],
        is_baseline=True,
    )


def _row(release: str) -> platforms.Manylinux:
    table = platforms.wheels().manylinux
    rows = [row for row in table if (version_number(row.glibc) or ()) <= (version_number(release) or ())]
    return rows[-1] if rows else table[0]


def lowest(facts: Facts, resolved: Resolved = ALONE) -> str | None:
    """Return the lowest tag, with its CPU, that a file keeps; None where it keeps none.

    ``resolved`` is what lies in the same wheel.
    """
    return _lowest(facts, resolved, is_musl=facts.libc == "musl")


class Kept(NamedTuple):
    """The lowest ``tag`` that all files of a wheel keep; None where the file ``by`` keeps none, for ``reason``."""

    tag: str | None
    by: str
    reason: str | None = None


def of_wheel(files: Mapping[str, tuple[Facts, Resolved]]) -> Kept | None:
    """Return what a wheel keeps that has these files, by their paths; None for one without any.

    What has no libc of its own, such as a static program, keeps the tags of either libc, and so follows the others.
    """
    is_musl = any(facts.libc == "musl" and (facts.interpreter or facts.needed) for facts, _ in files.values())
    highest: Kept | None = None
    for path, (facts, resolved) in files.items():
        tag = _lowest(facts, resolved, is_musl=is_musl)
        if tag is None:
            return Kept(None, path, _reason(facts, resolved, is_musl=is_musl))
        if highest is None or highest.tag is None or rank(tag) > rank(highest.tag):
            highest = Kept(tag, path)
    return highest


def _cpu_of(machine: str) -> str | None:
    return next((tag for tag, known in platforms.wheels().machines.items() if known == machine), None)


def _reason(facts: Facts, resolved: Resolved, *, is_musl: bool) -> str:
    cpu, table = _cpu_of(facts.machine), platforms.wheels()
    release = (table.musl_releases if is_musl else table.releases)[-1].replace(".", "_")
    newest = named(f"{'musllinux' if is_musl else 'manylinux'}_{release}_{cpu}")
    if newest is None or not _candidates(facts.machine, None if is_musl else facts.glibc_required or ""):
        return f"no tag is for {facts.machine}"
    return platforms.suits(facts, newest, resolved).reason


def _lowest(facts: Facts, resolved: Resolved, *, is_musl: bool) -> str | None:
    candidates = _candidates(facts.machine, None if is_musl else facts.glibc_required or "")
    if not candidates or platforms.lacking(facts, candidates[-1], resolved):
        return None  # all tags of a libc promise the same libraries
    suiting = (one.name for one in candidates if platforms.suits(facts, one, resolved).answer == "yes")
    return next(suiting, None)


@functools.lru_cache(maxsize=1024)
def _candidates(machine: str, glibc: str | None) -> tuple[Platform, ...]:
    # The tags of a machine from the lowest on that has the release of glibc; None stands for musl.
    table, cpu = platforms.wheels(), _cpu_of(machine)
    if cpu is None:
        return ()
    if glibc is None:
        tags = [f"musllinux_{release}" for release in table.musl_releases]
    else:
        least = version_number(glibc) or ()
        releases = [release for release in table.releases if (version_number(release) or ()) >= least]
        # a glibc newer than the table has a tag as well; no installer takes one that is older than its CPU's first
        releases = [one for one in releases or [".".join(glibc.split(".")[:2])] if machine in _row(one).machines]
        tags = [f"manylinux_{release}" for release in releases]
    found = (named(f"{tag.replace('.', '_')}_{cpu}") for tag in tags)
    return tuple(one for one in found if one)


def rank(tag: str) -> tuple[int, ...]:
    """Return the sort key of tags of one libc: a wheel needs the highest tag of its files."""
    return tuple(int(part) for part in tag.split("_")[1:3])
