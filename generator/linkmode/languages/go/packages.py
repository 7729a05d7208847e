"""Vendored Go packages: what ``go list`` says of them, united over the targets, with cgo and without."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from linkmode.model.cpus import CPUS
from linkmode.model.vendored import Request, refuse, text_of

HINT = "run `go mod tidy` and `go mod vendor`, then this command again"

_FIELDS = (
    "ImportPath,Dir,Name,Standard,Module,Imports,Error,CgoCFLAGS,CgoCPPFLAGS,CgoCXXFLAGS,CgoLDFLAGS,CgoPkgConfig,GoFiles,"
    "CgoFiles,CFiles,CXXFiles,HFiles,SFiles,SysoFiles,EmbedFiles,MFiles,FFiles,SwigFiles,SwigCXXFiles"
)

_LIBC = {"c", "m", "pthread", "dl", "rt", "util", "resolv", "stdc++", "gcc", "gcc_s"}
"""What `#cgo LDFLAGS` may ask for without a library: the C toolchain has it."""


_PLAIN = {"GO111MODULE": "on", "GOAMD64": "", "GOENV": "off", "GOEXPERIMENT": ""}
"""What keeps `go list` from choosing files by settings of the user's, those of `go env -w` too."""


class Module(msgspec.Struct, rename="pascal"):
    """A module, as `go list -m -json` has it; ``main`` is one of the user's own."""

    path: str
    version: str = ""
    go_version: str = ""
    main: bool = False
    replace: "Module | None" = None

    @property
    def language(self) -> str:
        """The version of the language that its go.mod names: 1.21 for ``go 1.21rc2``, and 1.16 without that line."""
        found = re.match(r"\d+\.\d+", (self.replace or self).go_version)
        return found.group() if found else "1.16"


class _Failure(msgspec.Struct, rename="pascal"):
    err: str = ""


def _named(field: str) -> str:
    """Return the name that the go command gives a field."""
    words = {"cxx": "CXX", "cflags": "CFLAGS", "cppflags": "CPPFLAGS", "cxxflags": "CXXFLAGS", "ldflags": "LDFLAGS"}
    return "".join(words.get(part, part.capitalize()) for part in field.split("_"))


class Package(msgspec.Struct, rename=_named):
    """What `go list -json` says of a package: https://pkg.go.dev/cmd/go#hdr-List_packages_or_modules."""

    import_path: str
    dir: str = ""
    name: str = ""
    standard: bool = False
    module: Module | None = None
    imports: list[str] = []
    error: _Failure | None = None
    cgo_cflags: list[str] = []
    cgo_cppflags: list[str] = []
    cgo_cxxflags: list[str] = []
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


class Union(msgspec.Struct):
    """A package over all targets, with cgo and without. ``deps`` and ``on`` say by which GOARCH."""

    path: str
    module: Module
    name: str = ""
    on: set[str] = msgspec.field(default_factory=set)
    srcs: set[str] = msgspec.field(default_factory=set)
    embedsrcs: set[str] = msgspec.field(default_factory=set)
    textual: set[str] = msgspec.field(default_factory=set)
    deps: dict[str, set[str]] = msgspec.field(default_factory=dict)
    libraries: set[str] = msgspec.field(default_factory=set)
    prebuilt: set[str] = msgspec.field(default_factory=set)
    foreign: set[str] = msgspec.field(default_factory=set)
    c_options: list[str] = msgspec.field(default_factory=list)
    cgo: bool = False


def read(request: Request) -> dict[str, Union]:
    """Return the packages of ``vendor/modules.txt`` that have files for a target, by import path.

    Raises ConfigError where the go command cannot list one, or an import of one is not there.
    """
    text = text_of(request.sources / "modules.txt", "run `go mod vendor`, then this command again")
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: dict[str, Union] = {}
    problems: dict[str, None] = {}
    standard, mine = {"C"}, set[str]()
    for architecture in sorted({CPUS[target.cpu].go for target in request.targets}):
        for cgo in ("0",) if request.pure else ("0", "1"):
            for package in _list(request, names, architecture, cgo):
                if package.standard:
                    standard.add(package.import_path)
                elif package.module and package.module.main:
                    mine.add(package.import_path)
                elif package.error and not _is_excluded(package):
                    problems[f"{package.import_path}: {' '.join(package.error.err.split())}"] = None
                elif package.module and (package.go_files or package.cgo_files or package.foreign):
                    _add(found, package, request.sources, architecture)
    refuse(list(problems), expected="packages that `go list -mod=vendor` finds", hint=HINT)
    standing = {path: found[path] for path in sorted(found)}
    for one in standing.values():
        one.deps = {path: on for path, on in one.deps.items() if path not in standard}
    _refuse_what_is_missing(request, standing, mine)
    return standing


def _refuse_what_is_missing(request: Request, found: dict[str, Union], mine: Iterable[str]) -> None:
    missing = [(one.path, dep) for one in found.values() for dep in sorted(one.deps.keys() - found.keys())]
    refuse(
        [f"{path}: imports {dep}, which is a package of your own" for path, dep in missing if dep in mine],
        expected="third-party packages that import third-party packages",
        hint="move what both need into a module of its own, or write the target of this package by hand",
    )
    there = [(path, dep) for path, dep in missing if (request.sources / dep).is_dir()]
    refuse(
        [f"{path}: imports {dep}, which has no Go file for it" for path, dep in there],
        expected=f"a file for each target of linkmode.lock{', without C' if request.pure else ''}",
        hint="give the build tags that it needs by --tags, or leave --no-cgo out" if request.pure else HINT,
    )
    refuse(
        [f"{path}: imports {dep}, which is not below {request.sources}" for path, dep in missing],
        expected="every import of a vendored package in vendor/, or in the standard library",
        hint=HINT,
    )


def _list(request: Request, names: list[str], architecture: str, cgo: str) -> Iterator[Package]:
    if not names:
        return
    tags = (f"-tags={','.join(request.tags)}",) if request.tags else ()
    text = request.run(
        (str(request.home / "bin/go"), "list", "-e", "-mod=vendor", "-deps", *tags, f"-json={_FIELDS}", "--", *names),
        request.folder,
        {**environment(request), **_PLAIN, "CGO_ENABLED": cgo, "GOARCH": architecture, "GOOS": "linux"},
    )
    decoder, at = json.JSONDecoder(), 0
    while (at := _next(text, at)) < len(text):
        value, at = decoder.raw_decode(text, at)
        yield msgspec.convert(value, Package)


def environment(request: Request) -> dict[str, str]:
    """Return what keeps the go command from another Go, from the network and from options of the user's.

    A workspace is one where go.work lies beside ``vendor/``, as `go work vendor` has it.
    """
    work = request.folder.absolute() / "go.work"
    own = {"GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": str(work) if work.is_file() else "off"}
    return {**own, "GOROOT": str(request.home.absolute())}


def _next(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip())


def _is_excluded(package: Package) -> bool:
    return package.error is not None and (
        "build constraints exclude all Go files" in package.error.err or "no Go files in" in package.error.err
    )


def _add(found: dict[str, Union], package: Package, sources: Path, architecture: str) -> None:
    module = package.module or Module(path="")
    one = found.setdefault(package.import_path, Union(path=package.import_path, module=module, name=package.name))
    folder = package.import_path
    one.on.add(architecture)
    one.srcs |= {f"{folder}/{name}" for name in package.sources}
    one.embedsrcs |= {f"{folder}/{name}" for name in package.embed_files}
    one.foreign |= {f"{sources}/{folder}/{name}" for name in package.foreign}
    for dep in package.imports:
        one.deps.setdefault(dep, set()).add(architecture)
    one.libraries |= {flag[2:] for flag in package.cgo_ldflags if flag.startswith("-l")} - _LIBC
    one.libraries |= set(package.cgo_pkg_config)
    one.prebuilt |= {
        flag.removeprefix(f"{sources.absolute()}/")
        for flag in package.cgo_ldflags
        if flag.endswith((".a", ".o", ".so")) and not flag.startswith("-")
    }
    one.c_options += [*package.cgo_cppflags, *package.cgo_cflags, *package.cgo_cxxflags]
    one.cgo = one.cgo or bool(package.cgo_files)
