"""Finds the libraries inside a file by texts that only they leave, and their known vulnerabilities."""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping

import msgspec

from linkmode.audit.read.facts import Component, Contents, printable
from linkmode.audit.read.policy import KnownLibc
from linkmode.audit.read.texts import Asked, Findings
from linkmode.model import resources
from linkmode.model.values import Advisory


class Library(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A library of components.toml, which describes the keys."""

    name: str
    license: str
    anchor: str
    seen: str
    pattern: str | None = None
    also: tuple[str, ...] = ()
    family: str | None = None
    letters: bool = False
    advisory: tuple[Advisory, ...] = ()


class Folders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Folders of components.toml, which describes the keys."""

    build: tuple[str, ...]
    build_parts: tuple[str, ...]
    system: tuple[str, ...]


class Private(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Symbols of a library that not every system has; components.toml describes the keys."""

    library: str
    libc: KnownLibc
    symbols: frozenset[str]
    until: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """components.toml, checked on reading."""

    library: tuple[Library, ...]
    private: tuple[Private, ...]
    mark: dict[str, tuple[str, ...]]
    folders: Folders


class Weakness(msgspec.Struct, frozen=True):
    """An advisory that affects a library inside the file, as the version that its text tells goes."""

    component: str
    version: str
    id: str
    fixed_in: str
    summary: str
    url: str


@functools.cache
def load() -> Known:
    """Return the table that this package ships."""
    data = tomllib.loads(resources.beside(__file__, "components.toml"))
    return msgspec.convert(data, Known)


@functools.cache
def asked() -> Mapping[str, Asked]:
    """Return the texts to search for; :func:`found` and :func:`marks` know what their names mean."""
    wanted: dict[str, Asked] = {}
    for library in load().library:
        pattern = re.compile(library.pattern.encode(), re.DOTALL) if library.pattern else None
        wanted[f"library {library.name}"] = Asked(library.anchor.encode(), pattern)
        for text in library.also:
            wanted[f"also {text}"] = Asked(text.encode())
    for texts in load().mark.values():
        wanted |= {f"mark {text}": Asked(text.encode()) for text in texts}
    return wanted


def system_folders() -> tuple[bytes, ...]:
    """Return the folders whose sources' paths tell nothing of the machine that built a file."""
    return tuple(folder.encode() for folder in load().folders.system)


def found(findings: Findings) -> tuple[Component, ...]:
    """Return the libraries of the table that lie inside, each version once, then the crates of Rust's registry."""
    held: list[Component] = []
    for library in load().library:
        if not all(findings.hits[f"also {text}"] for text in library.also):
            continue
        versions: set[str] = set()
        for hit in findings.hits[f"library {library.name}"]:
            version = printable(hit.group)
            if version not in versions:
                versions.add(version)
                text = printable(hit.text.strip(b" \0"))
                held.append(Component("library", library.name, version or None, f'the text "{text}"', hit.offset))
    for name, version_text in sorted(findings.crates):
        evidence = f"the path /registry/src/\N{HORIZONTAL ELLIPSIS}/{printable(name)}-{printable(version_text)}/"
        offset = findings.crates[name, version_text]
        held.append(Component("rust", printable(name), printable(version_text), evidence, offset))
    return tuple(held)


def marks(findings: Findings) -> dict[str, int]:
    """Return the marks all of whose texts are there, with the offset of the first of them."""
    hits = {
        name: [hit for text in texts for hit in findings.hits[f"mark {text}"][:1]]
        for name, texts in load().mark.items()
    }
    return {name: hits[name][0].offset for name, texts in load().mark.items() if len(hits[name]) == len(texts)}


@functools.cache
def private_symbols() -> frozenset[str]:
    """Return the symbols that some library of a platform of wheels keeps to itself."""
    return frozenset[str]().union(*(one.symbols for one in load().private))


def families(contents: Contents | None) -> frozenset[str]:
    """Return the families of the catalogue that libraries inside belong to: whose advisories must be asked for."""
    names = {component.name for component in contents.components} if contents else set()
    return frozenset(library.family for library in load().library if library.family and library.name in names)


def weaknesses(contents: Contents | None, catalogued: Mapping[str, Iterable[Advisory]]) -> tuple[Weakness, ...]:
    """Return the advisories that affect the libraries inside; ``catalogued`` has the catalogue's by family."""
    by_name = {library.name: library for library in load().library}
    affecting: list[Weakness] = []
    for component in contents.components if contents else ():
        library = by_name.get(component.name) if component.kind == "library" else None
        if library is None or component.version is None:
            continue
        advisories = catalogued.get(library.family, ()) if library.family else library.advisory
        affecting += _affecting(component.name, component.version, library, advisories)
    return tuple(affecting)


def _affecting(name: str, version: str, library: Library, advisories: Iterable[Advisory]) -> list[Weakness]:
    # Few files hold a library with advisories; the others do not wait for this import.
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    number = comparable(version) if library.letters else version
    try:
        Version(number)
    except InvalidVersion:
        return []
    return [
        Weakness(name, version, advisory.id, advisory.fixed_in, advisory.summary, advisory.url)
        for advisory in advisories
        if SpecifierSet(advisory.affects).contains(number, prereleases=True)
    ]


def comparable(version: str) -> str:
    """Return OpenSSL's 1.1.1w as 1.1.1.23, and 1.0.2za as 1.0.2.27: after z come za, zb and so on."""
    numbers = version.rstrip("abcdefghijklmnopqrstuvwxyz")
    letters = version[len(numbers) :]
    return f"{numbers}.{sum(ord(letter) - 96 for letter in letters)}" if letters else numbers
