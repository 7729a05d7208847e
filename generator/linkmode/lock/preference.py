"""What a new lock keeps of the one before: sources and versions. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from linkmode.model.values import DEFAULT_SOURCE, SOURCES, Lock


class Preference(msgspec.Struct, frozen=True):
    """What to keep from an earlier lock.

    ``sources`` names the source of a family's archives (``pypi``) where it is not upstream; ``versions`` the versions
    of each family to prefer to newer ones, and ``by_target`` those of a family's toolchain for a target.
    """

    sources: Mapping[str, str] = {}
    versions: Mapping[str, frozenset[str]] = {}
    by_target: Mapping[tuple[str, str], frozenset[str]] = {}


def keep(lock: Lock | None, *, upgrade: Iterable[str] = (), sources: Mapping[str, str] | None = None) -> Preference:
    """Return what a new resolution keeps of ``lock``: its sources, changed by ``sources``, and all versions.

    The versions of the families in ``upgrade``, and of those whose source changes, are left free.
    """
    artifacts = lock.artifacts if lock else ()
    old = {one.family: one.source for one in artifacts if one.source in SOURCES[1:]}
    new = {family: source for family, source in {**old, **(sources or {})}.items() if source != DEFAULT_SOURCE}
    free = {*upgrade, *(name for name in {**old, **new} if old.get(name) != new.get(name))}
    versions: dict[str, frozenset[str]] = {}
    for one in artifacts:
        if one.family not in free:
            versions[one.family] = versions.get(one.family, frozenset()) | {one.version}
    by_target: dict[tuple[str, str], frozenset[str]] = {}
    version_of = {one.name: one.version for one in artifacts}
    for toolchain in lock.toolchains if lock else ():
        if toolchain.family not in free and toolchain.artifact in version_of:
            at = (toolchain.family, toolchain.target)
            by_target[at] = by_target.get(at, frozenset()) | {version_of[toolchain.artifact]}
    return Preference(new, versions, by_target)
