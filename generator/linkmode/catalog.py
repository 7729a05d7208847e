"""The catalogue of pins: one TOML file per family, each checksum with its provenance.

Loading refuses what cannot be trusted (a pin without a checksum, a plain http URL, two checksums for one URL) and
what cannot be meant (an unknown key, a malformed digest, a version that PEP 440 does not know). Every issue of
every file is collected and raised once, each with its file, its key path (``pin[3].urls[0]``) and the archive's name.
The format is described in docs/reference/catalogue.md. Only ``load`` reads the disk.
"""

import difflib
import tomllib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec
from packaging.specifiers import SpecifierSet

from linkmode.errors import ConfigError
from linkmode.model import Advisory, Pin
from linkmode.pin_rules import Kind, advisory_problems, pin_problems, set_problems

SCHEMA = 1
"""The version of the catalogue files' format; a file of another version is refused."""

_USER_HINT = "docs/how-to/add-your-own-pin.md shows a whole [[pin]]"


class FamilyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One family. ``pins`` are in the order of preference among equals: the first that fits is taken."""

    name: str
    kind: Kind
    homepage: str
    license: str
    pins: tuple[Pin, ...]
    advisories: tuple[Advisory, ...] = ()


class Catalog(msgspec.Struct, frozen=True):
    """All families by name, in the order of their names."""

    families: dict[str, FamilyEntry]

    def advisories_for(self, family: str, version: str) -> tuple[Advisory, ...]:
        """Return the advisories that affect ``version`` of ``family``, in the catalogue's order."""
        entry = self.families[family]
        return tuple(a for a in entry.advisories if SpecifierSet(a.affects).contains(version, prereleases=True))


def load(folder: Path) -> Catalog:
    """Return the catalogue of the ``*.toml`` files in ``folder``.

    Raises:
        ConfigError: with every issue of every file, when there is any, or when there is no file at all.
    """
    issues: list[str] = []
    entries: list[FamilyEntry] = []
    try:
        texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the catalogue in {folder}: {error}") from error
    if not texts:
        raise ConfigError(f"{folder} holds no catalogue file", hint="install linkmode again")
    for name, text in texts.items():
        where = f"{folder.name}/{name}"
        entry, found = _read(text, where)
        issues += found
        if entry:
            if f"{entry.name}.toml" != name:
                issues.append(f"{where}: family: expected {name.removesuffix('.toml')!r} as the file's name says")
            entries.append(entry)
    _refuse(issues)
    return Catalog({entry.name: entry for entry in entries})


def parse(text: str, where: str) -> FamilyEntry:
    """Return the family that the catalogue file ``text`` describes; ``where`` names it in messages.

    Raises:
        ConfigError: with every issue of the file.
    """
    entry, issues = _read(text, where)
    _refuse(issues)
    assert entry is not None  # noqa: S101 - _read gives an entry or an issue
    return entry


def with_pins(catalog: Catalog, pins: Sequence[Pin], where: str = "linkmode.toml") -> Catalog:
    """Return ``catalog`` with a user's own ``[[pin]]``s, which come before the catalogue's in each family.

    The same rules hold as for the catalogue, but ``file:`` URLs and relative paths are allowed. A pin whose
    ``source`` says nothing is of the source ``user``.

    Raises:
        ConfigError: with every issue of every pin, among them a family that the catalogue does not have.
    """
    issues: list[str] = []
    own: dict[str, list[Pin]] = {}
    for index, given in enumerate(pins):
        pin = msgspec.structs.replace(given, source="user") if given.source == "upstream" else given
        at = f"{where}: pin[{index}]"
        entry = catalog.families.get(pin.family)
        if entry is None:
            known = ", ".join(catalog.families)
            issues.append(
                f"{at}.family ({pin.file}): {pin.family!r} is not a family of the catalogue ({known})"
                f"{_did_you_mean(pin.family, catalog.families)}; a new family needs code of its own, not only a pin"
            )
            continue
        layouts = sorted({p.layout for p in entry.pins})
        if pin.layout not in layouts:
            guess = _did_you_mean(pin.layout, layouts)
            issues.append(
                f"{at}.layout ({pin.file}): expected one of {', '.join(layouts)}, found {pin.layout!r}{guess}"
            )
        issues += _pin_issues(pin, entry.kind, at, shipped=False)
        own.setdefault(pin.family, []).append(pin)
    families = dict(catalog.families)
    for name, added in own.items():
        entry = families[name]
        families[name] = msgspec.structs.replace(entry, pins=(*added, *entry.pins))
        issues += [f"{where}: {problem}" for problem in set_problems(families[name].pins)]
    _refuse(issues, hint=_USER_HINT)
    return Catalog(families)


def _refuse(issues: Sequence[str], hint: str = "") -> None:
    if len(issues) == 1:
        raise ConfigError(issues[0], hint=hint)
    if issues:
        listing = "\n  - ".join(issues)
        raise ConfigError(f"{len(issues)} issues with pins:\n  - {listing}", hint=hint)


def _read(text: str, where: str) -> tuple[FamilyEntry | None, list[str]]:
    """Return the family and the issues; the family is None where it could not be made sense of."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [f"{where}: not TOML: {error}"]
    keys = ("schema", "family", "kind", "homepage", "license", "pin", "advisory")
    issues = [f"{where}: {key}: {problem}" for key, problem in _unknown_keys(raw, keys)]
    if raw.get("schema") != SCHEMA:
        issues.append(f"{where}: schema: expected {SCHEMA}, found {raw.get('schema')!r}")
    for key in ("family", "homepage", "license"):
        if not isinstance(raw.get(key), str) or not raw[key]:
            issues.append(f"{where}: {key}: expected a string, found {raw.get(key)!r}")
    if raw.get("kind") not in get_args(Kind):
        issues.append(f"{where}: kind: expected one of {', '.join(get_args(Kind))}, found {raw.get('kind')!r}")
    for key in ("pin", "advisory"):
        if not isinstance(raw.get(key, []), list) or not all(isinstance(row, dict) for row in raw.get(key, [])):
            issues.append(f"{where}: {key}: expected tables, written [[{key}]]")
    if issues:
        return None, issues
    pins: list[Pin] = []
    for index, row in enumerate(raw.get("pin", [])):
        at = f"{where}: pin[{index}]"
        if "family" in row:
            issues.append(f"{at}.family: not for a pin of the catalogue; the file's own family holds for all")
        pin = _convert({**row, "family": raw["family"]}, Pin, at, issues)
        if pin:
            issues += _pin_issues(pin, raw["kind"], at, shipped=True)
            pins.append(pin)
    advisories: list[Advisory] = []
    for index, row in enumerate(raw.get("advisory", [])):
        at = f"{where}: advisory[{index}]"
        advisory = _convert(row, Advisory, at, issues)
        if advisory:
            issues += [f"{at}.{key} ({advisory.id}): {problem}" for key, problem in advisory_problems(advisory)]
            advisories.append(advisory)
    if not pins and not issues:
        issues.append(f"{where}: pin: expected at least one [[pin]]")
    issues += [f"{where}: {problem}" for problem in set_problems(pins)]
    entry = FamilyEntry(
        name=raw["family"],
        kind=raw["kind"],
        homepage=raw["homepage"],
        license=raw["license"],
        pins=tuple(pins),
        advisories=tuple(advisories),
    )
    return entry, issues


_Row = TypeVar("_Row", Pin, Advisory)


def _convert(row: dict[str, Any], to: type[_Row], at: str, issues: list[str]) -> _Row | None:
    """Return ``row`` as ``to``, or None after adding what is wrong with each of its keys to ``issues``."""
    fields = msgspec.structs.fields(to)
    label = f" ({row['file']})" if isinstance(row.get("file"), str) else ""
    found = [f"{at}.{key}{label}: {problem}" for key, problem in _unknown_keys(row, [f.encode_name for f in fields])]
    for field in fields:
        key = field.encode_name
        if key not in row:
            if field.required:
                found.append(f"{at}.{key}{label}: missing; every {to.__name__.lower()} has one")
            continue
        try:
            msgspec.convert(row[key], field.type)
        except msgspec.ValidationError as error:
            problem, _, path = str(error).partition(" - at `$")
            found.append(f"{at}.{key}{path.removesuffix('`')}{label}: {problem}")
    issues += found
    return None if found else msgspec.convert(row, to)


def _unknown_keys(row: Iterable[str], known: Collection[str]) -> list[tuple[str, str]]:
    return [(key, f"not a key that is known here{_did_you_mean(key, known)}") for key in row if key not in known]


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _pin_issues(pin: Pin, kind: Kind, at: str, *, shipped: bool) -> list[str]:
    return [f"{at}.{key} ({pin.file}): {problem}" for key, problem in pin_problems(pin, kind, shipped=shipped)]
