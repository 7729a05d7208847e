"""Where families' archives come from by choice: what a broken lock says of it, and what a choice costs. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from packaging.version import Version

from linkmode.catalog import Catalog
from linkmode.config import Config
from linkmode.errors import ConfigError
from linkmode.model import Lock
from linkmode.resolve import DEFAULT_SOURCE, SOURCES, Preference, resolve

_TABLE = re.compile(r"^\[\[artifact\]\]$", re.MULTILINE)
_FAMILY = re.compile(r'^family = "([^"]+)"$', re.MULTILINE)
_SOURCE = re.compile(r'^source = "([^"]+)"$', re.MULTILINE)


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


def salvaged(text: str, families: Iterable[str]) -> dict[str, str]:
    """Return the chosen sources that can be made out in a lock which is not TOML any more, as after a merge conflict.

    Of a family that both sides of a conflict have, the choice that is no default counts.
    """
    known = set(families)
    found: dict[str, str] = {}
    for table in _TABLE.split(text)[1:]:
        family, source = _FAMILY.search(table), _SOURCE.search(table)
        if family and source and family[1] in known and source[1] in SOURCES:
            found[family[1]] = source[1]
    return found


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
