"""Vendored Go packages as go_library targets: what ``go list`` says of them, and go.sum of their modules."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from linkmode.model import module_digest
from linkmode.model.cpus import CPUS
from linkmode.model.vendored import (
    Request,
    Rule,
    Vendored,
    distrust,
    files_below,
    packages_within,
    refuse,
    sha256,
    text_of,
)

_FIELDS = (
    "ImportPath,Dir,Standard,Module,Imports,Error,CgoLDFLAGS,CgoPkgConfig,GoFiles,CgoFiles,CFiles,CXXFiles,HFiles,SFiles,"
    "SysoFiles,EmbedFiles,MFiles,FFiles,SwigFiles,SwigCXXFiles"
)

_LIBC = {"c", "m", "pthread", "dl", "rt", "util", "resolv", "stdc++", "gcc", "gcc_s"}
"""What `#cgo LDFLAGS` may ask for without a library: the C toolchain has it."""

_HINT = "run `go mod tidy` and `go mod vendor`, then this command again"


class _Module(msgspec.Struct, rename="pascal"):
    path: str
    version: str = ""
    go_version: str = ""
    replace: "_Module | None" = None


class _Failure(msgspec.Struct, rename="pascal"):
    err: str = ""


def _named(field: str) -> str:
    """Return the name that the go command gives a field."""
    words = {"cxx": "CXX", "ldflags": "LDFLAGS"}
    return "".join(words.get(part, part.capitalize()) for part in field.split("_"))


class _Package(msgspec.Struct, rename=_named):
    """What `go list -json` says of a package: https://pkg.go.dev/cmd/go#hdr-List_packages_or_modules."""

    import_path: str
    dir: str = ""
    standard: bool = False
    module: _Module | None = None
    imports: list[str] = []
    error: _Failure | None = None
    cgo_ldflags: list[str] = []
    cgo_pkg_config: list[str] = []
    go_files: list[str] = []
    cgo_files: list[str] = []
    c_files: list[str] = []
    cxx_files: list[str] = []
    h_files: list[str] = []
    s_files: list[str] = []
    syso_files: list[str] = []
    embed_files: list[str] = []
    m_files: list[str] = []
    f_files: list[str] = []
    swig_files: list[str] = []
    swig_cxx_files: list[str] = []

    @property
    def sources(self) -> list[str]:
        """The files for ``srcs``."""
        kinds = (self.go_files, self.cgo_files, self.c_files, self.cxx_files, self.h_files, self.s_files)
        return [name for kind in (*kinds, self.syso_files) for name in kind]

    @property
    def foreign(self) -> list[str]:
        """The files of languages that the rules do not compile."""
        return [*self.m_files, *self.f_files, *self.swig_files, *self.swig_cxx_files]


class _Union(msgspec.Struct):
    """A package over all targets, with cgo and without."""

    path: str
    module: _Module
    srcs: set[str] = msgspec.field(default_factory=set)
    embedsrcs: set[str] = msgspec.field(default_factory=set)
    deps: set[str] = msgspec.field(default_factory=set)
    libraries: set[str] = msgspec.field(default_factory=set)
    foreign: set[str] = msgspec.field(default_factory=set)
    cgo: bool = False


def vendor(request: Request) -> Vendored:
    """Return a go_library for each package of ``vendor/modules.txt`` that has files for a target.

    Raises:
        ConfigError: ``vendor/`` is missing or does not fit go.mod, or a package cannot be built by the rules.
        IntegrityError: a file is not that of its module, or a module is not what go.sum says.
    """
    listed = _packages(request)
    sums = _sums(request.folder)
    _refuse_what_cannot_be_built(request, listed)
    verified = _verify(request, listed, sums)
    rules = tuple(_rule(request, one, listed, sums) for one in listed.values())
    return Vendored(
        loads={"@linkmode//go:defs.bzl": ("go_library",)}, rules=rules, packages=tuple(listed), verified=verified
    )


def _packages(request: Request) -> dict[str, _Union]:
    text = text_of(request.sources / "modules.txt", "run `go mod vendor`, then this command again")
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: dict[str, _Union] = {}
    problems: dict[str, None] = {}
    own = {"C"}
    architectures = sorted({CPUS[target.cpu].go for target in request.targets})
    for architecture in architectures:
        for cgo in ("0",) if request.pure else ("0", "1"):
            for package in _list(request, names, architecture, cgo):
                if package.standard:
                    own.add(package.import_path)
                elif package.error and not _is_excluded(package):
                    problems[f"{package.import_path}: {' '.join(package.error.err.split())}"] = None
                elif package.module and (package.sources or package.foreign):
                    _add(found, package, request.sources)
    refuse(list(problems), expected="packages that `go list -mod=vendor` finds", hint=_HINT)
    standing = {path: found[path] for path in sorted(found)}
    for one in standing.values():
        one.deps -= own
    missing = [
        f"{one.path}: imports {dep}, which is not below {request.sources}"
        for one in standing.values()
        for dep in sorted(one.deps - standing.keys())
    ]
    refuse(missing, expected="every import of a vendored package in vendor/, or in the standard library", hint=_HINT)
    return standing


def _list(request: Request, names: list[str], architecture: str, cgo: str) -> Iterator[_Package]:
    if not names:
        return
    text = request.run(
        (str(request.home / "bin/go"), "list", "-e", "-mod=vendor", "-deps", f"-json={_FIELDS}", "--", *names),
        request.folder,
        {**_environment(request), "CGO_ENABLED": cgo, "GOARCH": architecture, "GOOS": "linux"},
    )
    decoder, at = json.JSONDecoder(), 0
    while (at := _next(text, at)) < len(text):
        value, at = decoder.raw_decode(text, at)
        yield msgspec.convert(value, _Package)


def _environment(request: Request) -> dict[str, str]:
    """Return what keeps the go command from another Go, from the network and from options of the user's."""
    own = {"GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return {**own, "GOROOT": str(request.home.absolute())}


def _next(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip())


def _is_excluded(package: _Package) -> bool:
    return package.error is not None and (
        "build constraints exclude all Go files" in package.error.err or "no Go files in" in package.error.err
    )


def _add(found: dict[str, _Union], package: _Package, sources: Path) -> None:
    module = package.module or _Module(path="")
    one = found.setdefault(package.import_path, _Union(path=package.import_path, module=module))
    folder = package.import_path
    one.srcs |= {f"{folder}/{name}" for name in package.sources}
    one.embedsrcs |= {f"{folder}/{name}" for name in package.embed_files}
    one.foreign |= {f"{sources}/{folder}/{name}" for name in package.foreign}
    one.deps |= set(package.imports)
    one.libraries |= {flag[2:] for flag in package.cgo_ldflags if flag.startswith("-l")} - _LIBC
    one.libraries |= set(package.cgo_pkg_config)
    one.cgo = one.cgo or bool(package.cgo_files)


def _refuse_what_cannot_be_built(request: Request, listed: Mapping[str, _Union]) -> None:
    refuse(
        [
            f"{file}: the rules compile no Objective-C, Fortran or SWIG"
            for one in listed.values()
            for file in one.foreign
        ],
        expected="packages of Go, C, C++ and assembly",
        hint="remove what imports the package, or build it with rules_go",
    )
    unknown = [
        f"{one.path}: #cgo asks for the C library {name!r}, and none is known by that name"
        for one in listed.values()
        for name in sorted(one.libraries - request.libraries.keys())
    ]
    refuse(
        unknown,
        expected="a cc_library for each, such as --library z=@linkmode//lib:zlib",
        hint="repeat the command with --library NAME=LABEL for each, or with --no-cgo",
    )
    files = [file for one in listed.values() for file in (*one.srcs, *one.embedsrcs)]
    refuse(
        packages_within(request.sources, files),
        expected=f"no BUILD file below {request.sources}",
        hint="delete it (`go mod vendor` writes it again), then run this command again",
    )


def _rule(request: Request, one: _Union, listed: Mapping[str, _Union], sums: Mapping[str, str]) -> Rule:
    module = one.module.replace or one.module
    version = ".".join((one.module.replace or one.module).go_version.split(".")[:2]) or "1.16"
    name = f"{module.path}@{module.version}" if module.version else one.module.path
    return Rule(
        "go_library",
        one.path,
        {
            "srcs": sorted(one.srcs),
            "cgo": one.cgo,
            "embedsrcs": sorted(one.embedsrcs),
            # without a line in go.mod, the go command takes 1.16
            "gc_goopts": [f"-lang=go{version}"],
            "importpath": one.path,
            "module": name,
            "module_sum": sums.get(name, ""),
            "cdeps": sorted({request.libraries[library] for library in one.libraries}) if one.cgo else [],
            "deps": sorted(f":{dep}" for dep in one.deps if dep in listed),
        },
    )


def _sums(folder: Path) -> dict[str, str]:
    """Return the checksum of each module, ``path@version``, that go.sum has."""
    file = folder / "go.sum"
    lines = [line.split() for line in text_of(file, _HINT).splitlines()] if file.exists() else []
    return {f"{line[0]}@{line[1]}": line[2] for line in lines if len(line) == 3 and not line[1].endswith("/go.mod")}


def _verify(request: Request, listed: Mapping[str, _Union], sums: Mapping[str, str]) -> int:
    """Compare every file that becomes a source with its module, and the module with go.sum. Return how many."""
    cache = Path(
        request.run((str(request.home / "bin/go"), "env", "GOMODCACHE"), request.folder, _environment(request)).strip()
    )
    modules: dict[str, tuple[str, dict[str, str]]] = {}
    problems: dict[str, None] = {}
    count = 0
    for one in listed.values():
        module = one.module.replace or one.module
        if not module.version:  # replaced by a folder of the user's own
            digests, prefix = None, f"{module.path}/"
        else:
            name = f"{module.path}@{module.version}"
            if name not in modules:
                modules[name] = _module(request, cache, module, sums.get(name, ""), problems)
            prefix, digests = f"{name}/", modules[name][1]
        for file in sorted(one.srcs | one.embedsrcs):
            rest = file.removeprefix(f"{one.module.path}/")
            found = sha256(request.sources / file)
            own = request.folder / f"{prefix}{rest}"
            wanted = digests.get(prefix + rest) if digests is not None else sha256(own) if own.is_file() else None
            if wanted is None:
                problems[f"{request.sources / file}: {prefix.rstrip('/')} has no such file"] = None
            elif found != wanted:
                problems[f"{request.sources / file}: SHA-256 is {found}; {prefix.rstrip('/')} has {wanted}"] = None
            count += 1
    distrust(
        list(problems),
        expected="the files of the modules that go.sum names",
        hint="run `go mod download` and `go mod vendor`, then this command again",
    )
    return count


def _module(
    request: Request, cache: Path, module: _Module, wanted: str, problems: dict[str, None]
) -> tuple[str, dict[str, str]]:
    """Return the digests of a module's files, from its zip archive or the module cache, once go.sum agrees."""
    name = f"{module.path}@{module.version}"
    path, version = _escaped(module.path), _escaped(module.version)
    archive = cache / "cache" / "download" / path / "@v" / f"{version}.zip"
    unpacked = cache / f"{path}@{version}"
    if archive.is_file():
        digests = request.digests(archive)
    elif unpacked.is_dir():
        digests = {f"{name}/{file}": sha256(unpacked / file) for file in files_below(unpacked)}
    else:
        distrust(
            [f"{archive}: is missing, and so is {unpacked}"],
            expected=f"{name} in the module cache, to compare it with go.sum",
            hint="run `go mod download`, then this command again",
        )
    found = module_digest.h1(digests)
    if found != wanted:
        problems[f"{request.folder / 'go.sum'}: {name}: found {found}; go.sum has {wanted or 'no line for it'}"] = None
    return found, digests


def _escaped(text: str) -> str:
    """Return a path as the module cache spells it: ``!x`` for ``X``."""
    return "".join(f"!{char.lower()}" if char.isupper() else char for char in text)
