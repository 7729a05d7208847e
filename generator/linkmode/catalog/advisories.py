"""Finds known vulnerabilities of locked versions, and checks those that linkmode.toml accepts. Pure."""

from collections.abc import Iterable

from linkmode.catalog.pins import Catalog
from linkmode.messages import did_you_mean
from linkmode.model.issues import Issues, Source
from linkmode.model.values import Advisory, Artifact, Lock


def advisories(lock: Lock, catalog: Catalog) -> tuple[tuple[Artifact, Advisory], ...]:
    """Return every locked artifact with a known vulnerability, with its advisory, in the lock's order.

    Whether linkmode.toml accepts it does not matter here.
    """
    return tuple(
        (artifact, advisory)
        for artifact in lock.artifacts
        if artifact.family in catalog.families
        for advisory in catalog.advisories_for(artifact.family, artifact.version)
    )


def check_accepted(accepted: Iterable[str], catalog: Catalog, source: Source | None = None) -> None:
    """Raise ConfigError, naming the nearest, when linkmode.toml accepts an advisory that the catalogue has not.

    ``source`` is the file, for messages.
    """
    known = sorted({advisory.id for entry in catalog.families.values() for advisory in entry.advisories})
    issues = Issues(*(source or Source()))
    for name in accepted:
        if name not in known:
            problem = f"the catalogue has no advisory {name!r}{did_you_mean(name, known)}"
            issues.add(f"advisories.accept.{name}", problem)
    issues.raise_if_any(hint=f"correct the id or remove the line; there are: {', '.join(known)}")
