"""Chooses the source of each family, and finds families that are newer elsewhere. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from packaging.version import Version

from linkmode.catalog.pins import Catalog
from linkmode.config.document import Config
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model.values import DEFAULT_SOURCE, Lock


class Outdone(NamedTuple):
    """A family whose newest version from the chosen source is older than that from upstream."""

    family: str
    source: str
    version: str
    upstream: str


def expanded(given: Mapping[str, str], families: Iterable[str]) -> dict[str, str]:
    """Return the source of each family that one was given for; ``*`` stands for all that are not named."""
    named = {family: source for family, source in given.items() if family != "*"}
    return {**dict.fromkeys(families, given["*"]), **named} if "*" in given else named


class Other(NamedTuple):
    """What another source has: the families, and the versions that this changes, in words."""

    families: tuple[str, ...]
    changes: tuple[str, ...]


def from_source(config: Config, catalog: Catalog, lock: Lock, source: str) -> Other:
    """Return the families of ``lock`` that ``source`` has as linkmode.toml asks for them, and what would change."""
    present = {one.family: one.source for one in lock.artifacts if one.source not in (DEFAULT_SOURCE, "user")}
    open_ones = dict.fromkeys(one.family for one in lock.artifacts if one.source == DEFAULT_SOURCE)
    families = tuple(one for one in open_ones if _newest(config, catalog, {**present, one: source}, one))
    chosen = {**present, **dict.fromkeys(families, source)}
    changes = []
    for family in families:
        old = max((one.version for one in lock.artifacts if one.family == family), key=Version)
        new = _newest(config, catalog, chosen, family)
        if new and new != old:
            changes.append(f"{family} {old} → {new}")
    return Other(families, tuple(changes))


def outdone(config: Config, catalog: Catalog, chosen: Mapping[str, str]) -> list[Outdone]:
    """Return the families that would be newer from upstream, by what linkmode.toml allows and not by what is locked."""
    found = []
    for family, source in chosen.items():
        if source == DEFAULT_SOURCE:
            continue
        others = {name: other for name, other in chosen.items() if name != family}
        here = _newest(config, catalog, dict(chosen), family)
        there = _newest(config, catalog, others, family)
        if here and there and Version(here) < Version(there):
            found.append(Outdone(family, source, here, there))
    return found


def _newest(config: Config, catalog: Catalog, chosen: Mapping[str, str], family: str) -> str | None:
    try:
        lock: Lock = resolve(config, catalog, Preference(chosen))
    except ConfigError:  # upstream may have nothing that is allowed
        return None
    versions = [artifact.version for artifact in lock.artifacts if artifact.family == family]
    return max(versions, key=Version, default=None)
