"""The rules for each field of a lock: those of pins and of linkmode.toml, and references inside the lock. Pure."""

from collections.abc import Collection, Iterator

from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.libraries import ALLOCATORS
from linkmode.messages import did_you_mean
from linkmode.model import field_rules as rules
from linkmode.model.pin_rules import archive_problems
from linkmode.model.values import EXEC_PLATFORMS, Artifact, Lock, LockedPart, LockedToolchain


def lock_problems(lock: Lock) -> Iterator[tuple[str, str]]:
    """Yield (key path, problem) for everything about ``lock`` that its types do not say."""
    names: set[str] = set()
    for index, artifact in enumerate(lock.artifacts):
        yield from _artifact(f"artifact[{index}]", artifact, names)
        names.add(artifact.name)
    targets = {toolchain.target for toolchain in lock.toolchains}
    for index, toolchain in enumerate(lock.toolchains):
        yield from _toolchain(f"toolchain[{index}]", toolchain, names)
    for index, part in enumerate(lock.parts):
        yield from _part(f"language[{index}]", part, names)
    for library, name in lock.libraries.items():
        yield from _if_any(f"libraries.{library}", rules.name(library) or _among(name, names, "artifact"))
    for cpu, modes in lock.link_modes.items():
        for mode, chosen in modes.items():
            yield from _if_any(
                f"link-modes.{cpu}.{mode}",
                _among(chosen, {each for each in targets if each.cpu == cpu}, f"target on {cpu}"),
            )
    for platform, properties in lock.exec_properties.items():
        yield from _if_any(f"exec-properties.{platform}", _among(platform, EXEC_PLATFORMS, "exec platform"))
        for key, value in properties.items():
            yield from _if_any(f"exec-properties.{platform}.{key}", rules.line(key) or rules.line(value))
    for target, allocator in lock.malloc.items():
        yield from _if_any(
            f"malloc.{target}",
            _among(target, targets, "target")
            or _among(allocator, ALLOCATORS, "allocator")
            or _among(allocator, lock.libraries, "library"),
        )


def _artifact(at: str, artifact: Artifact, before: Collection[str]) -> Iterator[tuple[str, str]]:
    bad_name = rules.name(artifact.name)
    yield from _if_any(f"{at}.name", bad_name)
    which = "" if bad_name else f"{artifact.name}: "
    if artifact.name in before:
        yield f"{at}.name", f"{which}is there twice"
    # what only one machine can read, and plain http, are a user's own to allow: whether they did, `derive` says
    for key, problem in archive_problems(artifact, machine=True, mirror=True):
        yield f"{at}.{key}", f"{which}{problem}"
    if artifact.upstream not in artifact.urls:
        yield f"{at}.upstream", f"{which}expected one of its urls, found {rules.shown(artifact.upstream)}"


def _toolchain(at: str, toolchain: LockedToolchain, artifacts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from _if_any(f"{at}.family", _among(toolchain.family, FAMILIES, "family"))
    yield from _if_any(f"{at}.artifact", _among(toolchain.artifact, artifacts, "artifact"))
    yield from _if_any(f"{at}.exec", _among(toolchain.exec, EXEC_PLATFORMS, "exec platform"))
    yield from _if_any(f"{at}.target", rules.target(toolchain.target))
    parts = FAMILIES[toolchain.family].parts if toolchain.family in FAMILIES else ()
    for index, part in enumerate(toolchain.without):
        yield from _if_any(f"{at}.without[{index}]", _among(part, parts, "part"))


def _part(at: str, part: LockedPart, artifacts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from _if_any(f"{at}.language", _among(part.language, LANGUAGES, "language"))
    yield from _if_any(f"{at}.role", rules.name(part.role))
    yield from _if_any(f"{at}.artifact", _among(part.artifact, artifacts, "artifact"))
    if part.exec:
        yield from _if_any(f"{at}.exec", _among(part.exec, EXEC_PLATFORMS, "exec platform"))
    if part.target:
        yield from _if_any(f"{at}.target", rules.target(part.target))


def _among(value: str, known: Collection[str], what: str) -> str:
    """Return what is wrong with ``value`` as a reference to one of ``known``, each of which is a ``what``."""
    if value in known:
        return ""
    return f"{rules.shown(value)} is no {what} here{did_you_mean(value, known)}"


def _if_any(path: str, problem: str) -> Iterator[tuple[str, str]]:
    if problem:
        yield path, problem
