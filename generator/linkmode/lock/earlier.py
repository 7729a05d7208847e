"""Decides which choices of the previous lock to keep. Tolerates a damaged lock. Pure.

A lock that was edited by hand, is of an older format, or has the markers of a merge conflict is refused by every
command but ``lock``, which writes it again: what was chosen must not be lost on the way.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from linkmode.lock import lockfile
from linkmode.lock.preference import Preference, keep
from linkmode.messages import StaleLockError
from linkmode.model.values import SOURCES, Lock

_TABLE = re.compile(r"^\[\[artifact\]\]$", re.MULTILINE)
_FAMILY = re.compile(r'^family = "([^"]+)"$', re.MULTILINE)
_SOURCE = re.compile(r'^source = "([^"]+)"$', re.MULTILINE)
_CONFLICT = re.compile(r"^<{7}", re.MULTILINE)
"""How Git begins a conflict: https://git-scm.com/docs/git-merge#_how_conflicts_are_presented."""


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """The present lock as far as it can be read, and what is wrong with it: ``unreadable``, empty for a whole one.

    ``locks`` are the sides of a merge conflict that are locks, ours first; else the lock itself, or none. ``sources``
    are the sources that can be made out where none is.
    """

    locks: tuple[Lock, ...] = ()
    sources: dict[str, str] = {}
    unreadable: str = ""

    @property
    def lock(self) -> Lock | None:
        """The lock to compare a new one with."""
        return self.locks[0] if self.locks else None


def read(text: str | None, families: Iterable[str], where: str = lockfile.FILE) -> Earlier:
    """Return what ``text`` says, None where there is no lock; ``families`` are what linkmode.toml asks for.

    ``where`` names the lock in messages.

    Raises:
        StaleLockError: a newer linkmode wrote it; it is not for this one to write over.
    """
    if text is None:
        return Earlier()
    try:
        return Earlier(locks=(lockfile.loads(text, where),))
    except StaleLockError as error:
        found = [lockfile.loads_unverified(side, where) for side in _sides(text)]
        locks = tuple(lock for lock in found if lock is not None)
        return Earlier(locks=locks, sources={} if locks else _salvaged(text, families), unreadable=error.problem)


def preference(earlier: Earlier, *, upgrade: Iterable[str], sources: Mapping[str, str]) -> Preference:
    """Return what a new resolution keeps; ``upgrade`` and ``sources`` are what this run asks to change.

    Of the two sides of a conflict every choice of a source counts that is not the default, and then the newer version.
    """
    free = tuple(upgrade)
    kept = [keep(lock, upgrade=free) for lock in earlier.locks]
    chosen = {family: source for one in kept for family, source in one.sources.items()}
    chosen |= {**earlier.sources, **sources}
    versions: dict[str, frozenset[str]] = {}
    by_target: dict[tuple[str, str], frozenset[str]] = {}
    for lock in earlier.locks:
        one = keep(lock, upgrade=free, sources=chosen)
        for family, found in one.versions.items():
            versions[family] = versions.get(family, frozenset()) | found
        for at, found in one.by_target.items():
            by_target[at] = by_target.get(at, frozenset()) | found
    return Preference(keep(None, sources=chosen).sources, versions, by_target)


def _sides(text: str) -> list[str]:
    """Return both sides of every conflict in ``text``, without the base; ``text`` itself where there is none."""
    if not _CONFLICT.search(text):
        return [text]
    ours: list[str] = []
    theirs: list[str] = []
    into = [ours, theirs]
    for line in text.splitlines(keepends=True):
        match line[:7]:
            case "<<<<<<<":
                into = [ours]
            case "|||||||":
                into = []
            case "=======":
                into = [theirs]
            case ">>>>>>>":
                into = [ours, theirs]
            case _:
                for side in into:
                    side.append(line)
    return ["".join(ours), "".join(theirs)]


def _salvaged(text: str, families: Iterable[str]) -> dict[str, str]:
    """Return the chosen sources that can be made out in what is no lock any more, such as one that was cut off."""
    known = set(families)
    found: dict[str, str] = {}
    for table in _TABLE.split(text)[1:]:
        family, source = _FAMILY.search(table), _SOURCE.search(table)
        if family and source and family[1] in known and source[1] in SOURCES:
            found[family[1]] = source[1]
    return found
