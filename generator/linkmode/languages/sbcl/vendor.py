"""Systems of a Quicklisp-format dist as lisp_library targets, and their releases as folders of sources and pins.

The format: releases.txt has ``project url size file-md5 content-sha1 prefix system-file…`` on a line, and systems.txt
``project system-file system-name dependency…``. MD5 is no pin, so the SHA-256 of each archive is written down at first.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from linkmode.model.vendored import (
    Glob,
    Request,
    Rule,
    Vendored,
    distrust,
    files_below,
    header,
    packages_within,
    refuse,
    text_of,
    toml_of,
)

PINS = "archives.toml"
_SIZE = re.compile(r"[0-9]{1,18}")

_HINT = "name the folder of a dist, which holds both, with --dist"
_OWN = {"asdf", "uiop"}
_SOURCES = ("lisp", "lsp", "cl")


class _Pin(msgspec.Struct, frozen=True):
    """What an earlier run wrote down of a release."""

    prefix: str = ""
    sha256: str = ""


class Release(msgspec.Struct, frozen=True):
    """A line of releases.txt."""

    project: str
    url: str
    size: int
    md5: str
    prefix: str
    files: tuple[str, ...]


class System(msgspec.Struct, frozen=True):
    """A line of systems.txt. ``file`` is the name of the .asd file that defines the system, without its ending."""

    project: str
    file: str
    name: str
    deps: tuple[str, ...]


def vendor(request: Request) -> Vendored:
    """Return a lisp_library for each .asd file that one of ``request.names`` needs, and the files of its release.

    Raises:
        ConfigError: the dist has no such system, or one cannot be built by the rules.
        IntegrityError: an archive is not what the dist or the pins say.
    """
    releases, systems = _releases(request.archives), _systems(request.archives)
    needed = _closure(request.names, systems)
    _refuse_circles(needed, systems)
    pins = _pins(request.sources / PINS)
    files: dict[str, bytes] = {}
    rows = []
    for project in sorted({system.project for system in needed}):
        release = releases.get(project)
        if release is None:
            refuse(
                [f"{request.archives / 'releases.txt'}: no release of {project!r}, which systems.txt names"],
                expected="a line for each project of systems.txt",
                hint="download both files of the dist again, then run this command again",
            )
        else:
            digest = _verified(request, release, pins)
            files |= _sources(request, release, pins)
            rows.append((release, digest))
    refuse(
        packages_within(request.sources, files),
        expected=f"no BUILD file below {request.sources}",
        hint="write the targets of this project by hand",
    )
    rules = tuple(_rules(request, needed, systems, releases))
    return Vendored(
        loads={"@linkmode//lisp:defs.bzl": ("lisp_library",)} if rules else {},
        rules=rules,
        packages=tuple(system.name for system in needed),
        verified=len(files),
        files={PINS: _record(rows)},
        sources=files,
    )


def _releases(dist: Path) -> dict[str, Release]:
    found = {}
    for number, words in _lines(dist / "releases.txt", least=6):
        project, url, size, md5, _, prefix, *files = words
        plain = all(part not in ("", ".", "..") for part in (*prefix.split("/"), *"/".join(files).split("/")))
        if not _SIZE.fullmatch(size) or len(md5) != 32 or "/" in prefix or (files and not plain):
            _bad(dist / "releases.txt", number, "project url size file-md5 content-sha1 prefix system-file…")
        found[project] = Release(project, url, int(size), md5.lower(), prefix, tuple(files))
    return found


def _systems(dist: Path) -> dict[str, System]:
    lines = _lines(dist / "systems.txt", least=3)
    return {words[2]: System(words[0], words[1], words[2], tuple(words[3:])) for _, words in lines}


def _lines(path: Path, least: int) -> Iterable[tuple[int, list[str]]]:
    for number, line in enumerate(text_of(path, _HINT).splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            words = line.split()
            if len(words) < least:
                _bad(path, number, "at least " + str(least) + " words")
            yield number, words


def _bad(path: Path, number: int, expected: str) -> None:
    refuse([f"{path}: line {number} is none of a dist"], expected=expected, hint=_HINT)


def _closure(names: Iterable[str], systems: Mapping[str, System]) -> list[System]:
    found: dict[str, System] = {}
    problems = []
    pending = [(name, "the command line") for name in names]
    while pending:
        name, asked = pending.pop()
        if name in found or name in _OWN or name.startswith("sb-"):  # contribs of SBCL
            continue
        if name not in systems:
            problems.append(f"{name}: the dist has no such system, which {asked} names")
            continue
        found[name] = systems[name]
        pending += [(dep, name) for dep in systems[name].deps]
    refuse(
        problems,
        expected="systems of systems.txt, or contribs of SBCL",
        hint="correct the names, or add the systems to the dist; then run this command again",
    )
    return [found[name] for name in sorted(found)]


def _groups(needed: Iterable[System]) -> dict[tuple[str, str], list[System]]:
    """Return the systems by the .asd file that defines them, which is one target."""
    groups: dict[tuple[str, str], list[System]] = {}
    for system in needed:
        groups.setdefault((system.project, system.file), []).append(system)
    return groups


def _refuse_circles(needed: list[System], systems: Mapping[str, System]) -> None:
    groups = _groups(needed)
    below = {key: _deps(key, groups, systems) for key in groups}
    left = dict(below)
    while ready := [key for key, deps in left.items() if not deps & left.keys()]:
        for key in ready:
            del left[key]
    refuse(
        [f"{file}.asd of {project}: its systems and those of other files need each other" for project, file in left],
        expected="files of systems without a circle between them",
        hint="name fewer systems, or write these targets by hand",
    )


def _deps(
    key: tuple[str, str], groups: Mapping[tuple[str, str], list[System]], systems: Mapping[str, System]
) -> set[tuple[str, str]]:
    names = {dep for system in groups[key] for dep in system.deps}
    return {(systems[name].project, systems[name].file) for name in names if name in systems} & groups.keys() - {key}


def _pins(path: Path) -> dict[str, _Pin]:
    return toml_of(path, _HINT, dict[str, _Pin]) if path.is_file() else {}


def _archive(request: Request, release: Release) -> Path:
    name = release.url.rpartition("/")[2]
    places = (request.archives / "archives" / name, request.archives / name)
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        refuse(
            [f"{places[0]}: is missing"],
            expected=f"the archive of {release.project}, as {release.url} has it",
            hint="download it there, then run this command again",
        )
    return found or places[0]


def _verified(request: Request, release: Release, pins: Mapping[str, _Pin]) -> str:
    """Return the SHA-256 of a release's archive, which is what the dist and the pins say."""
    path = _archive(request, release)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    pinned = pins.get(release.project, _Pin())
    problems = []
    if len(data) != release.size:
        problems.append(f"{path}: has {len(data)} bytes; releases.txt says {release.size}")
    if md5 != release.md5:
        problems.append(f"{path}: MD5 is {md5}; releases.txt says {release.md5}")
    if pinned.prefix == release.prefix and pinned.sha256 != digest:
        problems.append(f"{path}: SHA-256 is {digest}; {request.sources / PINS} says {pinned.sha256}")
    distrust(problems, expected="the archive that was published", hint="download it again, and compare it with others'")
    return digest


def _sources(request: Request, release: Release, pins: Mapping[str, _Pin]) -> dict[str, bytes]:
    files = request.contents(_archive(request, release), release.prefix)
    folder = request.sources / release.prefix
    there = {*(files_below(folder) if folder.is_dir() else ())}
    others = there if pins.get(release.project, _Pin()).prefix != release.prefix else there - files.keys()
    refuse(
        [f"{folder / name}: is not of the archive of {release.project}" for name in sorted(others)],
        expected="a folder that this command made, or none",
        hint=f"move it out of {folder}, then run this command again",
    )
    return {f"{release.prefix}/{name}": data for name, data in files.items()}


def _rules(
    request: Request, needed: list[System], systems: Mapping[str, System], releases: Mapping[str, Release]
) -> Iterable[Rule]:
    groups = _groups(needed)
    for key in sorted(groups):
        project, file = key
        release = releases[project]
        asd = next((path for path in release.files if path.rpartition("/")[2] == f"{file}.asd"), "")
        if not asd:
            refuse(
                [f"{project}: releases.txt lists no {file}.asd, which systems.txt names"],
                expected="each .asd file among the system files of its release",
                hint="download both files of the dist again, then run this command again",
            )
        names = [system.name for system in groups[key]]
        lisp = tuple(f"{release.prefix}/**/*.{ending}" for ending in _SOURCES)
        yield Rule(
            "lisp_library",
            file,
            {
                "srcs": Glob(lisp),
                "asd": [f"{release.prefix}/{asd}"],
                "compile_data": Glob((f"{release.prefix}/**",), lisp),
                # what uses UIOP may do so while it is loaded; every system of a dist is said to need asdf
                "contribs": ["asdf"] if any("uiop" in system.deps for system in groups[key]) else [],
                "systems": names,
                "deps": sorted(f":{other}" for _, other in _deps(key, groups, systems))
                + [request.libraries[name] for name in names if name in request.libraries],
            },
        )


def _record(rows: Iterable[tuple[Release, str]]) -> bytes:
    parts = [f"# {header('lisp')}", ""]
    for release, digest in rows:
        values = {**msgspec.to_builtins(release), "sha256": digest}
        keys = ("url", "prefix", "size", "md5", "sha256")
        parts += [f"[{_toml(release.project)}]", *(f"{key} = {_toml(values[key])}" for key in keys), ""]
    return "\n".join(parts).encode()


def _toml(value: object) -> str:
    """Return a text or a number as TOML has it, which is as JSON has it."""
    return msgspec.json.encode(value).decode()
