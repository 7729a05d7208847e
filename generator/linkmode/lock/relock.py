"""Resolves again beside the lock that there is, and writes the result where it is another."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from linkmode.catalog.advisories import advisories, check_accepted
from linkmode.lock import current, earlier, inputs, lockfile
from linkmode.lock.resolve import resolve
from linkmode.lock.sources import Outdone, expanded, outdone
from linkmode.messages import CheckError, Message, Run, UsageError, did_you_mean
from linkmode.model import textfile
from linkmode.model.values import Advisory, Artifact, Lock

EVERYTHING = "*"
"""All that linkmode.toml asks for, among families to upgrade."""

_UNSEEN = "  no contents, only the form: a digest, comments, line endings or conflict markers\n"
"""What changes where a lock that says the same is written in other bytes."""


class Relock(msgspec.Struct, frozen=True, kw_only=True):
    """A resolution beside the lock that there was. ``changes`` is empty when nothing would be written.

    ``advisories`` are those that affect what would be locked, ``accepted`` the reasons by id that linkmode.toml gives,
    also of those that affect nothing here. ``outdone`` are families that upstream has a newer version of than the
    chosen source, ``own`` those that a source was chosen for while all of them comes from linkmode.toml's own pins.
    ``unreadable`` is what is wrong with the present lock, or empty.
    """

    text: str
    changes: str
    advisories: tuple[tuple[Artifact, Advisory], ...]
    accepted: dict[str, str]
    outdone: tuple[Outdone, ...]
    own: tuple[str, ...]
    unreadable: str
    path: Path

    def check(self) -> None:
        """Raise CheckError, showing the changes, when the lock is not what would be written now."""
        if self.changes:
            raise CheckError(
                f"{self.path} is not what linkmode.toml resolves to:\n{self.changes.rstrip()}",
                expected="the lock that linkmode.toml gives",
                hint=Message("write it with: ", Run("lock")),
            )

    def save(self) -> None:
        """Write the lock, unless it is the same already."""
        if self.changes:
            textfile.replace(self.path, self.text.encode())


def relock(root: Path, *, upgrade: Iterable[str] = (), sources: Mapping[str, str] | None = None) -> Relock:
    """Resolve again, keeping what the present lock chose where it may be kept; write nothing.

    ``upgrade`` names families to bring to their newest version, or is ``*``, which is all; ``sources`` says where a
    family's archives are to come from, or under ``*`` where those of all families are that it does not name.

    Raises:
        ConfigError: linkmode.toml cannot be resolved, or accepts an advisory that there is not.
        UsageError: ``upgrade`` or ``sources`` name what linkmode.toml does not ask for.
        StaleLockError: the present lock was written by a newer linkmode.
    """
    given = inputs.load(root)
    check_accepted(given.config.accepted, given.catalog, given.source)
    families = dict.fromkeys(request.family for request in given.config.toolchains)
    requested = [*families, *given.config.library, *given.config.language]
    chosen = expanded(sources or {}, requested)
    for name in (*upgrade, *chosen):
        if name not in (*requested, EVERYTHING):
            guess = did_you_mean(name, requested)
            raise UsageError(
                f"linkmode.toml asks for no {name!r}{guess}",
                expected="a name that linkmode.toml asks for",
                hint=f"what it asks for: {', '.join(requested)}",
            )
    old_text = current.text(root)
    old = earlier.read(old_text, requested, str(root / lockfile.FILE))
    upgrade = requested if EVERYTHING in upgrade else tuple(upgrade)
    preference = earlier.preference(old, upgrade=upgrade, sources=chosen)
    new = resolve(given.config, given.catalog, preference, given.source)
    text = lockfile.dumps(new)
    changes = "" if text == old_text else lockfile.diff(old.lock, new) or _UNSEEN
    return Relock(
        text=text,
        changes=changes,
        advisories=advisories(new, given.catalog),
        accepted=given.config.accepted,
        outdone=tuple(outdone(given.config, given.catalog, preference.sources)),
        own=tuple(family for family in sources or () if _origins(new, family) == {"user"}),
        unreadable=old.unreadable,
        path=root / lockfile.FILE,
    )


def _origins(lock: Lock, family: str) -> set[str]:
    return {artifact.source for artifact in lock.artifacts if artifact.family == family}
