"""Resolves linkmode.toml to locked archives. Pure: the same input gives the same lock.

A version is chosen once for each ``[[toolchain]]``: the newest that satisfies it and has an archive for every pair of
exec platform and target. What was locked before is kept while it satisfies (``Preference``).
"""

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from packaging.version import Version

from linkmode.catalog.pins import Catalog, FamilyEntry
from linkmode.config.document import Config, ToolchainRequest, specifier
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.libraries import OTHER_LIBRARIES
from linkmode.lock.artifacts import artifact, told_apart
from linkmode.lock.preference import Preference
from linkmode.messages import ConfigError, Message, Run, did_you_mean
from linkmode.model.issues import Issues, Source
from linkmode.model.values import (
    DEFAULT_SOURCE,
    LINK_MODES,
    Artifact,
    ExecPlatform,
    LinkMode,
    Lock,
    LockedPart,
    LockedToolchain,
    Pin,
    Target,
)

LOCK_VERSION = 2
"""The format version of linkmode.lock."""

_VERSION_FACT = re.compile(r"\d+(\.\d+)+")


def resolve(
    config: Config, catalog: Catalog, preference: Preference | None = None, source: Source | None = None
) -> Lock:
    """Return the lock that answers ``config``; ``catalog`` includes the user's own pins (``catalog.with_pins``).

    ``source`` is the file of ``config``, for messages.

    Raises:
        ConfigError: with every problem: a family, library or source that is not there; no version that satisfies, with
            the reason why each of them does not.
    """
    issues = Issues(*(source or Source()))
    resolution = _Resolution(config, catalog, preference or Preference(), issues)
    toolchains = resolution.toolchains()
    libraries = resolution.libraries()
    parts = resolution.parts()
    issues.raise_if_any(hint=Message("correct it, then run: ", Run("lock")))
    artifacts = tuple(sorted(resolution.artifacts.values(), key=lambda one: one.name))
    return Lock(
        version=LOCK_VERSION,
        artifacts=artifacts,
        toolchains=toolchains,
        link_modes=_link_modes(config),
        libraries=libraries,
        parts=parts,
        exec_properties=config.exec_properties,
        malloc=config.malloc,
    )


class _RefusedError(Exception):
    """What one key of linkmode.toml asks for is not there."""

    def __init__(self, path: str, problem: str, hint: str | Message = "") -> None:
        super().__init__(problem)
        self.path, self.problem, self.hint = path, problem, hint


class _Resolution:
    """One run of the resolver: the inputs, and the artifacts that were chosen so far by name."""

    def __init__(self, config: Config, catalog: Catalog, preference: Preference, issues: Issues) -> None:
        self.config = config
        self.issues = issues
        self.catalog = catalog
        self.preference = preference
        self.artifacts: dict[str, Artifact] = {}
        self._by_version: dict[str, dict[str, list[Pin]]] = {}

    def toolchains(self) -> tuple[LockedToolchain, ...]:
        found: list[LockedToolchain] = []
        versions: list[str] = []
        for index, request in enumerate(self.config.toolchains):
            version = ""
            with self._reported():
                version = self._toolchain_version(f"toolchain[{index}]", request)
            if not version:
                continue
            versions.append(version)
            for exec_platform in self.config.exec_platforms:
                for target in request.targets:
                    pin = self._pins(request, version, exec_platform, target)[0]
                    locked = self._locked(request.family, pin, exec_platform, target, "target")
                    found.append(msgspec.structs.replace(locked, without=request.without))
        if len(versions) == len(self.config.toolchains):
            for exec_platform in self.config.exec_platforms:
                with self._reported():
                    found += self._exec_tools(found, versions, exec_platform)
        return tuple(dict.fromkeys(found))

    def libraries(self) -> dict[str, str]:
        found = {}
        for name, version in sorted(self.config.library.items()):
            with self._reported():
                found[name] = self._library(name, version)
        return found

    def parts(self) -> tuple[LockedPart, ...]:
        found: list[LockedPart] = []
        for name, asked in sorted(self.config.language.items()):
            with self._reported():
                found += self._parts(name, asked)
        return tuple(found)

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except _RefusedError as error:
            self.issues.add(error.path, error.problem, error.hint)

    def _parts(self, name: str, asked: str) -> Iterator[LockedPart]:
        at = f"language.{name}"
        language = LANGUAGES[name]
        if name not in self.catalog.families:
            raise _RefusedError(at, f"the catalogue has no language {name!r}")
        pins = self._source_pins(at, self.catalog.families[name])
        targets = [target for request in self.config.toolchains for target in request.targets]
        by_version = {version: [pin for pin in pins if pin.version == version] for version in (p.version for p in pins)}
        refusals = {
            version: language.refuses(own, self.config.exec_platforms, targets) for version, own in by_version.items()
        }
        version = self._choose(at, name, asked, pins, refusals, self.preference.versions.get(name, ()))
        for part in language.parts(by_version[version], self.config.exec_platforms, targets):
            yield LockedPart(
                language=name, role=part.role, artifact=self._add(part.pin), exec=part.exec, target=part.target
            )

    def _exec_tools(
        self, found: Sequence[LockedToolchain], versions: Sequence[str], exec_platform: ExecPlatform
    ) -> list[LockedToolchain]:
        """Add a compiler for the exec platform itself where none was asked for: the ELF checker is built with it."""
        target = exec_platform.musl
        if any(toolchain.exec == exec_platform and toolchain.target == target for toolchain in found):
            return []
        for request, version in zip(self.config.toolchains, versions, strict=True):
            pins = self._pins(request, version, exec_platform, target)
            if pins:
                return [self._locked(request.family, pins[0], exec_platform, target, "exec-tools")]
        raise _RefusedError(
            "exec-platforms",
            f"no [[toolchain]] makes {target} on {exec_platform}, and the program that checks link modes during the "
            "build is compiled for it",
            f'add a [[toolchain]] with family = "zig" and targets = ["{target}"]',
        )

    def _locked(
        self, family: str, pin: Pin, exec_platform: ExecPlatform, target: Target, purpose: Any
    ) -> LockedToolchain:
        name = self._add(pin)
        return LockedToolchain(family=family, artifact=name, exec=exec_platform, target=target, purpose=purpose)

    def _library(self, name: str, version: str) -> str:
        at = f"library.{name}"
        entry = self.catalog.families.get(name)
        if entry is None or entry.kind != "library":
            libraries = [each.name for each in self.catalog.families.values() if each.kind == "library"]
            raise _RefusedError(
                at,
                f"the catalogue has no library {name!r}{did_you_mean(name, libraries)}",
                f"linkmode builds {', '.join(libraries)}. {OTHER_LIBRARIES}",
            )
        pins = self._source_pins(at, entry)
        refusals = {pin.version: "" for pin in pins}
        chosen = self._choose(at, name, version, pins, refusals, self.preference.versions.get(name, ()))
        return self._add(next(pin for pin in pins if pin.version == chosen))

    def _toolchain_version(self, at: str, request: ToolchainRequest) -> str:
        at = f"{at}.version"
        pins = self._source_pins(at, self._family(request))
        refusals = {version: self._refusal(request, version) for version in dict.fromkeys(pin.version for pin in pins)}
        own = [self.preference.by_target.get((request.family, target), frozenset()) for target in request.targets]
        locked = frozenset[str]().union(*own) or self.preference.versions.get(request.family, frozenset())
        return self._choose(at, request.family, request.version, pins, refusals, locked)

    def _refusal(self, request: ToolchainRequest, version: str) -> str:
        """Return why ``version`` does not make every target on every exec platform, or an empty string."""
        for target in request.targets:
            if why := FAMILIES[request.family].refuses(target, version):
                return f"{target}: {why}"
            for exec_platform in self.config.exec_platforms:
                if not self._pins(request, version, exec_platform, target):
                    return f"no archive that runs on {exec_platform} and makes {target}"
        return ""

    def _choose(
        self,
        at: str,
        name: str,
        asked: str,
        pins: Sequence[Pin],
        refusals: Mapping[str, str],
        locked: Collection[str],
    ) -> str:
        """Return the best version that ``asked`` and ``refusals`` allow: the user's own, then locked, then newest."""
        versions = sorted(refusals, key=Version, reverse=True)
        satisfying = list(specifier(asked).filter(versions))
        usable = [version for version in satisfying if not refusals[version]]
        if usable:
            own = {pin.version for pin in pins if pin.source == "user"}
            return min(usable, key=lambda version: (version not in own, version not in locked))
        if not satisfying:
            raise _RefusedError(
                at,
                f"no version of {name} satisfies {asked!r}; the catalogue has {', '.join(versions)}"
                f"{self._only_from(name)}",
                Message(
                    _series(asked, versions),
                    "see them with `",
                    Run("catalog", f"list --family {name}"),
                    "`",
                    self._elsewhere(name, asked),
                ),
            )
        reasons = "".join(f"\n  {version}: {refusals[version]}" for version in satisfying)
        targets = {target for pin in self.catalog.families[name].pins for target in pin.targets}
        makes = f"{name} makes {', '.join(sorted(targets))}; " if targets else ""
        raise _RefusedError(
            at,
            f"no version of {name} that satisfies {asked!r} can do all that is asked:{reasons}",
            Message(f"{makes}see the archives with `", Run("catalog", f"list --family {name}"), "`"),
        )

    def _only_from(self, name: str) -> str:
        source = self.preference.sources.get(name, DEFAULT_SOURCE)
        return "" if source == DEFAULT_SOURCE else f" from {source}, which was chosen with --source"

    def _elsewhere(self, name: str, asked: str) -> Message:
        """Return the command that would help, in words, where it is the chosen source that lacks the version."""
        others = {pin.version for pin in self.catalog.families[name].pins if pin.source == DEFAULT_SOURCE}
        if name not in self.preference.sources or not any(specifier(asked).filter(others)):
            return Message()
        return Message(", or run: ", self._by_family({name: DEFAULT_SOURCE}))

    def _family(self, request: ToolchainRequest) -> FamilyEntry:
        if request.family in self.catalog.families:
            return self.catalog.families[request.family]
        raise _RefusedError("toolchain", f"the catalogue has no family {request.family!r}")

    def _source_pins(self, at: str, entry: FamilyEntry) -> list[Pin]:
        """Return the pins of the source that was chosen for the family, the user's own before them."""
        source = self.preference.sources.get(entry.name, DEFAULT_SOURCE)
        pins = [pin for pin in entry.pins if pin.source in ("user", source)]
        if not any(pin.source == source for pin in pins) and source != DEFAULT_SOURCE:
            known = ", ".join(dict.fromkeys(pin.source for pin in entry.pins))
            raise _RefusedError(
                at,
                f"the catalogue has no {entry.name} from source {source!r}, only from {known}",
                Message("choose for each family by itself: ", self._by_family()),
            )
        return pins

    def _by_family(self, otherwise: Mapping[str, str] | None = None) -> Run:
        """Return the command that takes each family from the chosen source, if that source has it.

        ``otherwise`` are those that it takes from another.
        """
        words = []
        config = self.config
        asked = {*(request.family for request in config.toolchains), *config.library, *config.language}
        for name, source in sorted({**self.preference.sources, **(otherwise or {})}.items()):
            if name not in asked:
                continue
            pins = self.catalog.families[name].pins if name in self.catalog.families else ()
            words.append(f"--source {name}={source if any(pin.source == source for pin in pins) else DEFAULT_SOURCE}")
        return Run("lock", " ".join(words))

    def _pins(self, request: ToolchainRequest, version: str, exec_platform: ExecPlatform, target: Target) -> list[Pin]:
        family = FAMILIES[request.family]
        source = self.preference.sources.get(request.family, DEFAULT_SOURCE)
        pins = [pin for pin in self._of_version(request.family, version) if pin.source in ("user", source)]
        if family.refuses(target, version):
            return []
        return sorted(family.pins_for(pins, exec_platform, target), key=lambda pin: pin.source != "user")

    def _of_version(self, family: str, version: str) -> list[Pin]:
        """Return the pins of one version; those of a family are sorted once, however often they are asked for."""
        if family not in self._by_version:
            found = self._by_version[family] = {}
            for pin in self.catalog.families[family].pins:
                found.setdefault(pin.version, []).append(pin)
        return self._by_version[family][version]

    def _add(self, pin: Pin) -> str:
        """Lock ``pin`` and return its name, which tells it from every other."""
        for fact in FAMILIES[pin.family].facts if pin.family in FAMILIES else ():
            if not _VERSION_FACT.fullmatch(found := pin.measured.get(fact, "")):
                raise ConfigError(
                    f"{pin.file}: measured.{fact}: expected a version such as 12.2.0, as it is in the archive; "
                    f"found {found!r}",
                    hint=f'add `measured = {{ {fact} = "…" }}` to its [[pin]]; the generated rules find files by it',
                )
        made = artifact(pin, self.config.mirrors)
        if self.artifacts.setdefault(made.name, made) != made:
            made = told_apart(made)
            self.artifacts[made.name] = made
        return made.name


def _series(asked: str, versions: Iterable[str]) -> str:
    """Return what to write for the versions that begin with the bare version ``asked``, or an empty string."""
    same = [version for version in versions if version.startswith(f"{asked}.")]
    return f'a bare version means exactly that one; write "~={asked}.0", or ' if same else ""


def _link_modes(config: Config) -> dict[str, dict[LinkMode, Target]]:
    """Return, for each CPU in the order of its first target, the target of each mode that is possible there."""
    targets = [target for request in config.toolchains for target in request.targets]
    table: dict[str, dict[LinkMode, Target]] = {}
    for cpu in dict.fromkeys(target.cpu for target in targets):
        musl = [target for target in targets if target.cpu == cpu and target.is_musl]
        glibc = [target for target in targets if target.cpu == cpu and not target.is_musl]
        defaults = {"static": musl, "mostly_static": glibc or musl, "dynamic": glibc or musl}
        chosen: dict[LinkMode, Target] = {}
        for mode in LINK_MODES:
            named = [target for target in config.link_modes.get(mode, ()) if target.cpu == cpu]
            if named or defaults[mode]:
                chosen[mode] = (named or defaults[mode])[0]
        table[cpu] = chosen
    return table
