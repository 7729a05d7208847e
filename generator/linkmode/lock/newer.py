"""Finds what is newer than what is locked, and what linkmode.toml excludes. Pure."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from packaging.version import Version

from linkmode.config.document import specifier
from linkmode.lock import current, inputs
from linkmode.lock.inputs import Inputs
from linkmode.lock.preference import Preference, keep
from linkmode.lock.resolve import resolve
from linkmode.model.values import DEFAULT_SOURCE, Lock


class Newer(msgspec.Struct, frozen=True, kw_only=True):
    """A family of the lock that has newer versions.

    ``allowed`` is the newest that linkmode.toml allows from the chosen ``source``, and ``newest`` the newest of all
    from there, without pre-releases. ``asked`` are the specifiers of linkmode.toml that exclude it. ``vulnerabilities``
    are the ids of advisories that affect what is locked.
    """

    family: str
    source: str
    locked: str
    allowed: str
    newest: str
    asked: tuple[str, ...]
    vulnerabilities: tuple[str, ...]


def outdated(root: Path) -> tuple[Newer, ...]:
    """Return what is newer than what is locked in ``root``. Raises as ``current.locked`` does."""
    given = inputs.load(root)
    return newer(current.locked(root, given), given)


def newer(lock: Lock, given: Inputs) -> tuple[Newer, ...]:
    """Return the families of ``lock`` of which there is a newer version, in the lock's order."""
    preference = keep(lock)
    fresh = resolve(given.config, given.catalog, Preference(preference.sources), given.source)
    found = []
    for family in dict.fromkeys(artifact.family for artifact in lock.artifacts):
        locked, allowed = _version(lock, family), _version(fresh, family)
        source = preference.sources.get(family, DEFAULT_SOURCE)
        newest = max(
            (
                pin.version
                for pin in given.catalog.families[family].pins
                if pin.source == source and not Version(pin.version).is_prerelease
            ),
            key=Version,
            default=locked,
        )
        if Version(locked) < max(Version(allowed), Version(newest)):
            found.append(
                Newer(
                    family=family,
                    source=source,
                    locked=locked,
                    allowed=allowed,
                    newest=max(newest, allowed, key=Version),
                    asked=tuple(one for one in _asked(given, family) if newest not in specifier(one)),
                    vulnerabilities=tuple(one.id for one in given.catalog.advisories_for(family, locked)),
                )
            )
    return tuple(found)


def _version(lock: Lock, family: str) -> str:
    return max((one.version for one in lock.artifacts if one.family == family), key=Version)


def _asked(given: Inputs, family: str) -> Iterator[str]:
    config = given.config
    yield from dict.fromkeys(one.version for one in config.toolchains if one.family == family)
    yield from (table[family] for table in (config.library, config.language) if family in table)
