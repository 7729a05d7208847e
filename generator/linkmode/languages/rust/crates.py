"""Vendored crates: what ``cargo metadata`` says of them, and their files by Cargo.lock."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from linkmode.model.cpus import CPUS
from linkmode.model.vendored import Request, distrust, files_below, json_of, refuse, sha256, toml_of

_HINT = "run `cargo vendor` again, then this command"
_LOCK_HINT = "run `cargo generate-lockfile` and `cargo vendor`, then this command again"
_LIST = ".cargo-checksum.json"


class _LockedCrate(msgspec.Struct):
    name: str
    version: str
    source: str | None = None
    checksum: str | None = None


class _Locked(msgspec.Struct):
    package: list[_LockedCrate] = []


class _Listed(msgspec.Struct):
    package: str | None = None
    files: dict[str, str] = {}


class _Target(msgspec.Struct):
    name: str
    kind: list[str]
    src_path: str
    edition: str = "2015"


class _Package(msgspec.Struct):
    id: str
    name: str
    version: str
    manifest_path: str
    targets: list[_Target]
    source: str | None = None
    links: str | None = None
    authors: list[str] = []
    description: str | None = None
    homepage: str | None = None
    repository: str | None = None
    license: str | None = None
    license_file: str | None = None
    readme: str | None = None
    rust_version: str | None = None


class _Kind(msgspec.Struct):
    kind: str | None = None


class _Edge(msgspec.Struct):
    name: str
    pkg: str
    dep_kinds: list[_Kind] = []


class _Node(msgspec.Struct):
    id: str
    deps: list[_Edge] = []


class _Resolve(msgspec.Struct):
    nodes: list[_Node]


class Metadata(msgspec.Struct):
    """What `cargo metadata` prints: https://doc.rust-lang.org/cargo/commands/cargo-metadata.html."""

    packages: list[_Package]
    resolve: _Resolve


class Crate(msgspec.Struct):
    """A package over all targets. ``folder`` is relative to the sources; dependencies are names by package id.

    ``on`` are the CPUs that it is for, and ``deps_on`` those that a dependency is needed on, by package id.
    """

    package: _Package
    folder: str
    on: set[str] = msgspec.field(default_factory=set)
    features: set[str] = msgspec.field(default_factory=set)
    deps: dict[str, str] = msgspec.field(default_factory=dict)
    build_deps: dict[str, str] = msgspec.field(default_factory=dict)
    deps_on: dict[str, set[str]] = msgspec.field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its target."""
        return f"{self.package.name}-{self.package.version}"

    def target(self, *kinds: str) -> _Target | None:
        """Return the target of one of these kinds."""
        return next((one for one in self.package.targets if set(one.kind) & set(kinds)), None)

    @property
    def library(self) -> _Target | None:
        """The target that others depend on."""
        return self.target("lib", "rlib", "dylib", "proc-macro")

    @property
    def script(self) -> _Target | None:
        """The build script."""
        return self.target("custom-build")

    @property
    def is_macro(self) -> bool:
        """Whether the compiler loads it."""
        return self.target("proc-macro") is not None


def options(request: Request, directory: str) -> tuple[str, ...]:
    """Return what tells cargo to take every crate of the public registry from a folder, and nothing from a network.

    The source has the name that the user's settings give the folder: cargo refuses a folder with two names.
    """
    named = next(_names_of(request), "vendored-sources")
    return (
        "--locked",
        "--offline",
        f"--config=source.crates-io.replace-with='{named}'",
        f"--config=source.{named}.directory='{directory}'",
    )


def _names_of(request: Request) -> Iterator[str]:
    """Yield the names of the folder of the crates in the files of settings that cargo reads.

    `cargo vendor` prints what to write there: https://doc.rust-lang.org/cargo/reference/source-replacement.html.
    """
    folder = request.folder.absolute()
    for place in (folder, *folder.parents):
        for file in (place / ".cargo/config.toml", place / ".cargo/config"):
            if file.is_file():
                for name, source in _sources_of(file).items():
                    directory = source.get("directory") if isinstance(source, dict) else None
                    if isinstance(directory, str) and _same(place / directory, request.sources):
                        yield name


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)  # Path.resolve raises where links go in a circle


def _sources_of(file: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("source")
    except (OSError, ValueError):
        return {}  # cargo says what is wrong with it
    return found if isinstance(found, dict) else {}


def read(request: Request) -> tuple[dict[str, Crate], dict[str, str], set[Path]]:
    """Return the crates of others by package id, and the ids of those that the user's own packages name, by name.

    The folders are those of the user's own packages: a dependency by ``path`` can lie beside the workspace.
    """
    own = {request.folder.absolute()}
    if not (request.folder / "Cargo.lock").exists():
        around = next((place for place in request.folder.absolute().parents if (place / "Cargo.lock").is_file()), None)
        refuse(
            [f"{request.folder / 'Cargo.lock'}: is missing, and {around} has one"] if around else [],
            expected="the folder of a workspace, and not that of a package in it",
            hint="run this command with the folder of the workspace",
        )
    toml_of(request.folder / "Cargo.lock", _LOCK_HINT, _Locked)
    if not request.sources.is_dir():
        refuse(
            [f"{request.sources}: is missing"],
            expected="the folder that `cargo vendor` fills",
            hint=f"run `cargo vendor {request.sources.name}`, then this command again",
        )
    crates: dict[str, Crate] = {}
    direct: dict[str, set[str]] = {}
    triples = {
        CPUS[target.cpu].rust.format(libc="musl" if target.is_musl else "gnu"): target.cpu for target in request.targets
    }
    for triple, cpu in sorted(triples.items()):
        told = options(request, str(request.sources.absolute()))
        argv = ("cargo", "metadata", "--format-version=1", f"--filter-platform={triple}", *told)
        found = msgspec.json.decode(request.run(argv, request.folder, {}), type=Metadata)
        own |= {Path(package.manifest_path).parent.absolute() for package in found.packages if package.source is None}
        argv = ("cargo", "tree", "--workspace", "--edges=normal,build,dev", f"--target={triple}", *_LINES, *told)
        _add(request, found, _built(request.run(argv, request.folder, {})), cpu, crates, direct)
    named = {name: ids.copy().pop() for name, ids in direct.items() if len(ids) == 1}
    return {key: crates[key] for key in sorted(crates, key=lambda key: crates[key].name)}, named, own


_LINES = ("--color=never", "--prefix=none", "--format={p}|{f}")
"""A line for each package, without the colours that CARGO_TERM_COLOR or a file of cargo's settings asks for."""


def _built(tree: str) -> dict[tuple[str, str], set[str]]:
    """Return the features of each package that cargo builds, by name and version, from what `cargo tree` prints.

    `cargo metadata` has more: what a weak feature (``serde?/std``) would turn on, and features of other platforms.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for line in filter(None, tree.splitlines()):
        package, _, features = line.removesuffix(" (*)").partition("|")
        name, version = package.split()[:2]
        found.setdefault((name, version.removeprefix("v")), set()).update(filter(None, features.split(",")))
    return found


def _add(
    request: Request,
    found: Metadata,
    built: Mapping[tuple[str, str], set[str]],
    cpu: str,
    crates: dict[str, Crate],
    direct: dict[str, set[str]],
) -> None:
    packages = {package.id: package for package in found.packages}
    nodes = {node.id: node for node in found.resolve.nodes}
    pending = [key for key in nodes if packages[key].source is None]
    seen = set(pending)
    while pending:
        key = pending.pop()
        package = packages[key]
        own = package.source is None
        if not own:
            crate = crates.setdefault(key, Crate(package, _folder(request, package)))
            crate.on.add(cpu)
            crate.features |= built[package.name, package.version]
        for edge in nodes[key].deps:
            kinds = {one.kind for one in edge.dep_kinds}
            other = packages[edge.pkg]
            if (other.name, other.version) not in built:
                continue
            if other.source is None:
                if not own:
                    refuse(
                        [f"{package.name} {package.version}: depends on your own package {other.name}"],
                        expected="third-party crates that depend on third-party crates",
                        hint="remove the [patch] of Cargo.toml, or write this crate's target by hand",
                    )
                continue
            if own:
                direct.setdefault(other.name, set()).add(edge.pkg)
            else:
                if None in kinds:
                    crate.deps[edge.pkg] = edge.name
                if "build" in kinds:
                    crate.build_deps[edge.pkg] = edge.name
                crate.deps_on.setdefault(edge.pkg, set()).add(cpu)
            if (own or kinds & {None, "build"}) and edge.pkg not in seen:
                seen.add(edge.pkg)
                pending.append(edge.pkg)


def _folder(request: Request, package: _Package) -> str:
    folder = Path(package.manifest_path).parent
    sources = request.sources.absolute()
    if folder.parent not in (sources, sources.resolve()):
        refuse(
            [f"{package.name} {package.version}: lies in {folder}, and not in {request.sources}"],
            expected="crates of the public registry, whose checksums are in Cargo.lock, each in a folder there",
            hint="publish it or make it a package of your workspace; a revision of Git has no checksum",
        )
    return folder.name


def verify(request: Request, crates: Iterable[Crate]) -> int:
    """Compare each file with the list of `cargo vendor`, and that with Cargo.lock. Return how many files there are."""
    locked = toml_of(request.folder / "Cargo.lock", _LOCK_HINT, _Locked).package
    checksums = {(one.name, one.version): one.checksum for one in locked if one.source}
    problems = []
    count = 0
    for crate in crates:
        folder = request.sources / crate.folder
        listed = json_of(folder / _LIST, _HINT, _Listed)
        wanted = checksums.get((crate.package.name, crate.package.version))
        if wanted is None or listed.package != wanted:
            problems.append(f"{folder / _LIST}: package: {listed.package}; Cargo.lock has {wanted or 'no checksum'}")
        files = listed.files
        there = {*files_below(folder)} - {_LIST}
        problems += [f"{folder / name}: is missing" for name in sorted(files.keys() - there)]
        problems += [f"{folder / name}: is not in {_LIST}" for name in sorted(there - files.keys())]
        for name in sorted(there & files.keys()):
            if (found := sha256(folder / name)) != files[name]:
                problems.append(f"{folder / name}: SHA-256 is {found}; {_LIST} has {files[name]}")
        count += len(there)
    distrust(problems, expected="the files that `cargo vendor` wrote, of the crates in Cargo.lock", hint=_HINT)
    return count
