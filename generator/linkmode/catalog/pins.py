"""The catalogue of pins: one TOML file for each family, each checksum with its provenance.

Loading refuses what cannot be trusted (a pin without a checksum, a plain http URL, two checksums for one URL) and
what cannot be meant (an unknown key, a malformed digest, a version that PEP 440 does not know). Every issue of
every file is collected and raised once, each with its line, its key path (``pin[3].urls[0]``) and the archive's name.
The format is described in docs/reference/catalogue.md. Only ``load`` reads the disk.
"""

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast, get_args

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from linkmode.messages import ConfigError
from linkmode.model import field_rules as rules
from linkmode.model import toml
from linkmode.model.issues import Issues, Source
from linkmode.model.pin_rules import Kind, advisory_problems, pin_problems, set_problems, signer_problems
from linkmode.model.values import Advisory, Pin, Signer

SCHEMA = 1
"""The version of the catalogue files' format; a file of another version is refused."""

_KEYS = ("schema", "family", "kind", "homepage", "license", "own-layouts", "pin", "advisory", "signer")
_HINT = "correct the file; if it is one that linkmode ships, install linkmode again"
_USER_HINT = "correct linkmode.toml; `linkmode catalog add URL` prints a whole [[pin]]"


class FamilyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One family. ``pins`` are in the order of preference among equals: the first that fits is taken.

    ``own_layouts`` are layouts that the rules know and no pin of the catalogue has, for a user's own pins.
    """

    name: str
    kind: Kind
    homepage: str
    license: str
    pins: tuple[Pin, ...]
    advisories: tuple[Advisory, ...] = ()
    own_layouts: tuple[str, ...] = ()
    signers: tuple[Signer, ...] = ()


class Catalog(msgspec.Struct, frozen=True):
    """All families by name, in the order of their names."""

    families: Mapping[str, FamilyEntry]

    def advisories_for(
        self, family: str, version: str, measured: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[Advisory, ...]:
        """Return the advisories that affect an archive of ``family``, in the catalogue's order.

        ``version`` is its label. A version ``measured`` in it decides where the advisory is about that.
        """
        entry = self.families[family]
        return tuple(advisory for advisory in entry.advisories if _affects(advisory, version, measured))

    def starting_version(self, family: str, usable: Callable[[str, Sequence[Pin]], bool]) -> str:
        """Return the newest version from upstream without a known vulnerability; the newest of all if each has one.

        ``usable`` says whether a version, by its pins, will do; pre-releases do not. Empty where none does.
        """
        pins: dict[str, list[Pin]] = {}
        for pin in self.families[family].pins:
            if pin.source == "upstream":
                pins.setdefault(pin.version, []).append(pin)
        fit = [one for one in pins if not Version(one).is_prerelease and usable(one, pins[one])]

        def is_free(version: str) -> bool:
            return not any(self.advisories_for(family, version, pin.measured) for pin in pins[version])

        return max(fit, key=lambda one: (is_free(one), Version(one)), default="")


def _affects(advisory: Advisory, version: str, measured: Mapping[str, str]) -> bool:
    for fact, affected in advisory.measured.items():
        # A state between two releases, as git describes it, comes after the first: 1.2.2-git-50-gb76f37fd.
        if release := _RELEASE.match(measured.get(fact, "")):
            return SpecifierSet(affected).contains(release[0], prereleases=True)
    return SpecifierSet(advisory.affects).contains(version, prereleases=True)


_RELEASE = re.compile(r"\d+(?:\.\d+)+")


def load(folder: Path) -> Catalog:
    """Return the catalogue of the ``*.toml`` files in ``folder``.

    Raises:
        ConfigError: with every issue of every file, when there is any, or when there is no file at all.
    """
    found = on_demand(folder).families
    families: dict[str, FamilyEntry] = {}
    problems: list[str] = []
    for name in found:
        try:
            families[name] = found[name]
        except ConfigError as error:
            problems.append(error.problem)
    if problems:
        raise ConfigError(
            "\n".join(problems), expected="for each key of a pin a value that the catalogue may have", hint=_HINT
        )
    return Catalog(families)


def on_demand(folder: Path) -> Catalog:
    """Return the same catalogue, of which a file is read when its family is asked for, and raises its issues then.

    Raises:
        ConfigError: there is no file at all.
    """
    names = sorted(path.name.removesuffix(".toml") for path in folder.glob("*.toml"))
    if not names:
        raise ConfigError(
            f"{folder} holds no catalogue file", expected="one TOML file for each family", hint="install linkmode again"
        )
    return Catalog(_Files(folder, names))


class _Files(Mapping[str, FamilyEntry]):
    """The families of a folder, each of which is read once."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._found: dict[str, FamilyEntry | None] = dict.fromkeys(names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __getitem__(self, name: str) -> FamilyEntry:
        entry = self._found[name]
        if entry is None:
            entry = self._found[name] = self._read(name)
        return entry

    def _read(self, name: str) -> FamilyEntry:
        try:
            text = (self._folder / f"{name}.toml").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot read the catalogue in {self._folder}: {error}",
                expected="a folder that can be read",
                hint="install linkmode again",
            ) from error
        where = f"{self._folder.name}/{name}.toml"
        entry = parse(text, where)
        if entry.name != name:
            raise ConfigError(f"{where}: family: expected {name!r}, as the file is named", hint=_HINT)
        return entry


def parse(text: str, where: str) -> FamilyEntry:
    """Return the family that the catalogue file ``text`` describes; ``where`` names it in messages.

    Raises:
        ConfigError: with every issue of the file.
    """
    try:
        raw = toml.loads(text)
    except toml.NotTomlError as error:
        raise ConfigError(f"{where}: not TOML: {error}", expected="a file of TOML", hint=_HINT) from error
    issues = Issues(where, text)
    issues.unknown_keys("", raw, _KEYS)
    if issues.required("", raw, "schema", int, SCHEMA) != SCHEMA:
        issues.add("schema", f"expected {SCHEMA}, found {raw['schema']}")
    kind: Kind = issues.required("", raw, "kind", str, "toolchain")
    if kind not in get_args(Kind):
        issues.unknown_value("kind", kind, get_args(Kind))
    family: str = issues.required("", raw, "family", str, "")
    rows = issues.tables(raw, "pin")
    if not rows:
        issues.add("pin", "expected at least one [[pin]]")
    pins: list[Pin] = []
    for index, row in enumerate(rows):
        at = f"pin[{index}]"
        if row.get("family", family) != family:
            issues.add(f"{at}.family", f"expected the file's own family, {family!r}, found {row['family']!r}")
        pin = _convert(at, {**row, "family": family}, Pin, issues)
        if pin:
            _check(at, pin, kind, issues, shipped=True)
            pins.append(pin)
    for problem in set_problems(pins):
        issues.add("pin", problem)
    entry = FamilyEntry(
        name=family,
        kind=kind,
        homepage=issues.required("", raw, "homepage", str, ""),
        license=issues.required("", raw, "license", str, ""),
        pins=tuple(pins),
        advisories=_advisories(issues.tables(raw, "advisory"), issues),
        own_layouts=issues.value("", raw, "own-layouts", tuple[str, ...], ()),
        signers=_signers(issues.tables(raw, "signer"), issues),
    )
    issues.raise_if_any(hint=_HINT)
    return entry


def with_pins(catalog: Catalog, pins: Sequence[Pin], source: Source | None = None) -> Catalog:
    """Return ``catalog`` with a user's own ``[[pin]]``s, which come before the catalogue's in each family.

    The same rules hold as for the catalogue, but ``file:`` URLs and relative paths are allowed, and nobody needs to
    confirm the checksum. A pin whose ``source`` says nothing is of the source ``user``. ``source`` is the file of
    ``pins``, for messages.

    Raises:
        ConfigError: with every issue of every pin, among them a family that the catalogue does not have.
    """
    issues = Issues(*(source or Source()))
    own: dict[str, list[Pin]] = {}
    for index, given in enumerate(pins):
        pin = msgspec.structs.replace(given, source="user") if given.source == "upstream" else given
        at = f"pin[{index}]"
        entry = catalog.families.get(pin.family)
        if entry is None:
            problem = "is not a family of the catalogue, and a new one needs code of its own, not only a pin"
            issues.unknown_value(f"{at}.family", pin.family, catalog.families, problem)
            continue
        layouts = sorted({*entry.own_layouts, *(p.layout for p in entry.pins)})
        if pin.layout not in layouts:
            issues.unknown_value(f"{at}.layout", pin.layout, layouts, f"is not a layout of {entry.name}")
        _check(at, pin, entry.kind, issues, shipped=False)
        own.setdefault(pin.family, []).append(pin)
    changed: dict[str, FamilyEntry] = {}
    for name, added in own.items():
        entry = catalog.families[name]
        changed[name] = msgspec.structs.replace(entry, pins=(*added, *entry.pins))
        for problem in set_problems(changed[name].pins):
            issues.add("pin", problem)
    issues.raise_if_any(hint=_USER_HINT)
    # nothing is written to a catalogue
    return Catalog(ChainMap(changed, cast("dict[str, FamilyEntry]", catalog.families))) if changed else catalog


_Row = TypeVar("_Row", Pin, Advisory, Signer)


def _convert(at: str, row: Mapping[str, Any], to: type[_Row], issues: Issues) -> _Row | None:
    """Return ``row`` as ``to``, or None after reporting what is wrong with each of its keys."""
    try:
        return msgspec.convert(row, to)
    except msgspec.ValidationError:
        pass  # every problem is reported below, and this names one
    before = len(issues)
    fields = msgspec.structs.fields(to)
    issues.unknown_keys(at, row, [field.encode_name for field in fields])
    for field in fields:
        ask = issues.required if field.required else issues.value
        ask(at, row, field.encode_name, field.type, None)
    if len(issues) == before:
        raise AssertionError(f"{at}: {row!r} was refused, and each of its keys is right")
    return None


def _check(at: str, pin: Pin, kind: Kind, issues: Issues, *, shipped: bool) -> None:
    for key, problem in pin_problems(pin, kind, shipped=shipped):
        issues.add(f"{at}.{key}", f"{pin.file}: {problem}")


def _advisories(rows: Sequence[Mapping[str, Any]], issues: Issues) -> tuple[Advisory, ...]:
    return _checked("advisory", rows, Advisory, lambda advisory: advisory.id, advisory_problems, issues)


def _signers(rows: Sequence[Mapping[str, Any]], issues: Issues) -> tuple[Signer, ...]:
    return _checked("signer", rows, Signer, lambda signer: rules.shown(signer.urls), signer_problems, issues)


def _checked(
    table: str,
    rows: Sequence[Mapping[str, Any]],
    to: type[_Row],
    name: Callable[[_Row], str],
    problems: Callable[[_Row], Iterable[tuple[str, str]]],
    issues: Issues,
) -> tuple[_Row, ...]:
    """Return the rows that can be read, each after a report of what is wrong with its values."""
    found: list[_Row] = []
    for index, raw in enumerate(rows):
        at = f"{table}[{index}]"
        row = _convert(at, raw, to, issues)
        if row:
            for key, problem in problems(row):
                issues.add(f"{at}.{key}", f"{name(row)}: {problem}")
            found.append(row)
    return tuple(found)
