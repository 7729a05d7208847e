"""Verifies that a lock says only what linkmode.toml and the catalogue give. Pure.

A lock is read by those who trust its repository less than this linkmode: its digest can be made again by anyone. So
nothing that it says is used. It only chooses, among what linkmode.toml allows, the versions and sources; all else is
derived again and compared with it; the derived value is used from then on.
"""

from collections.abc import Iterable, Sequence

from linkmode import __version__
from linkmode.catalog.pins import Catalog
from linkmode.config.document import Config
from linkmode.lock import lockfile
from linkmode.lock.artifacts import Mirrors, possible
from linkmode.lock.preference import keep
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError, StaleLockError
from linkmode.model.issues import Source
from linkmode.model.values import Artifact, Lock, Pin

_MOST_NAMED = 10
_MOST_LINES = 200


def derived(
    lock: Lock, config: Config, catalog: Catalog, where: str = lockfile.FILE, source: Source | None = None
) -> Lock:
    """Return what ``config`` and ``catalog`` give, which ``lock`` says in every field.

    ``where`` names the lock, and ``source`` is the file of ``config``, for messages.

    Raises:
        StaleLockError: it says something else; names each difference.
        ConfigError: they do not resolve to anything any more.
    """
    try:
        now = resolve(config, catalog, keep(lock), source)
    except ConfigError as error:
        resolve(config, catalog, source=source)  # an error of linkmode.toml's own is told as that
        raise StaleLockError(
            f"{where} names pins that no longer exist: {error.problem}",
            expected="the pins that it was resolved to",
            hint=error.hint,
        ) from None
    if now == lock:
        return now
    unknown = [one for one in lock.artifacts if not _pinned(one, _pins(one.family, catalog))]
    problem = f"{where} is out of date: linkmode.toml or the catalogue changed"
    if unknown:
        problem = (
            f"{where} was edited, or comes from another version of linkmode: neither linkmode.toml nor the catalogue "
            f"of linkmode {__version__} pins {_listed(unknown)}"
        )
    raise StaleLockError(
        f"{problem}\n{lockfile.first_differences(lock, now)}",
        expected="the lock that linkmode.toml and the catalogue give",
        hint=lockfile.RELOCK,
    )


def derived_artifacts(lock: Lock, mirrors: Mirrors, catalog: Catalog, where: str) -> tuple[Artifact, ...]:
    """Return the artifacts of ``lock``, each of which is an entry of ``catalog``, wherever its linkmode.toml is.

    ``mirrors`` are those that its URLs may begin with; ``where`` names the lock.

    Raises:
        StaleLockError: one of them is none; names each, and what differs from the entry that is nearest.
    """
    found = []
    problems = []
    for index, one in enumerate(lock.artifacts):
        pins = _pins(one.family, catalog)
        known = [entry for entry in possible(pins, mirrors) if entry.name == one.name]
        if one in known:
            found.append(one)
            continue
        problems.append(f"  artifact[{index}]: {_described(one)}")
        problems += [f"    {change}" for entry in known[:1] for change in lockfile.changes(one, entry)]
    if problems:
        more = [f"  and {len(problems) - _MOST_LINES:,} more lines"] if len(problems) > _MOST_LINES else []
        raise StaleLockError(
            "\n".join(
                [
                    f"{where}: neither the catalogue of linkmode {__version__} nor a linkmode.toml beside it has",
                    *problems[:_MOST_LINES],
                    *more,
                ]
            ),
            expected="a pin of the catalogue, or of that linkmode.toml, for each archive",
            hint="use the linkmode that wrote it, with the linkmode.toml that it was written for beside it",
        )
    return tuple(found)


def _listed(artifacts: Sequence[Artifact]) -> str:
    more = f" and {len(artifacts) - _MOST_NAMED:,} more" if len(artifacts) > _MOST_NAMED else ""
    return ", ".join(map(_described, artifacts[:_MOST_NAMED])) + more


def _pins(family: str, catalog: Catalog) -> tuple[Pin, ...]:
    return catalog.families[family].pins if family in catalog.families else ()


def _pinned(one: Artifact, pins: Iterable[Pin]) -> bool:
    return any((pin.version, pin.sha256, pin.sha512) == (one.version, one.sha256, one.sha512) for pin in pins)


def _described(one: Artifact) -> str:
    return f"{one.family} {one.version} ({one.file}, {one.checksum})"
