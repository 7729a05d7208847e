"""Vendored Go packages as go_library targets, and each of their files by go.sum of its module."""

import json
from collections.abc import Mapping
from pathlib import Path

from linkmode.languages.go import headers
from linkmode.languages.go.packages import HINT, Module, Union, environment, read
from linkmode.model import module_digest
from linkmode.model.cpus import CPUS
from linkmode.model.vendored import (
    Request,
    Rule,
    Select,
    Vendored,
    distrust,
    files_below,
    packages_within,
    refuse,
    sha256,
    text_of,
)


def vendor(request: Request) -> Vendored:
    """Return a go_library for each package of ``vendor/modules.txt`` that has files for a target.

    A program is a go_binary: the tools that go.mod names are vendored too.

    Raises:
        ConfigError: ``vendor/`` is missing or does not fit go.mod, or a package cannot be built by the rules.
        IntegrityError: a file is not that of its module, or a module is not what go.sum says.
    """
    listed = read(request)
    headers.add(request, listed)
    sums = _sums(request)
    _refuse_what_cannot_be_built(request, listed)
    verified = _verify(request, listed, sums)
    rules = tuple(_rule(request, one, sums) for one in listed.values())
    kinds = tuple(sorted({rule.kind for rule in rules})) or ("go_library",)
    return Vendored(loads={"@linkmode//go:defs.bzl": kinds}, rules=rules, packages=tuple(listed), verified=verified)


def _refuse_what_cannot_be_built(request: Request, listed: Mapping[str, Union]) -> None:
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
    refuse(
        [
            f"{one.path}: #cgo LDFLAGS has the file {file}, which was compiled elsewhere"
            for one in listed.values()
            for file in sorted(one.prebuilt)
        ],
        expected="C libraries that the C toolchain of each target compiles",
        hint="if the module has a build tag that links the library by name, give it: --tags TAG --library NAME=LABEL",
    )
    files = [file for one in listed.values() for file in (*one.srcs, *one.embedsrcs, *one.textual)]
    refuse(
        packages_within(request.sources, files),
        expected=f"no BUILD file below {request.sources}",
        hint="delete it (`go mod vendor` writes it again), then run this command again",
    )


def _rule(request: Request, one: Union, sums: Mapping[str, str]) -> Rule:
    module = one.module.replace or one.module
    name = f"{module.path}@{module.version}" if module.version else one.module.path
    return Rule(
        "go_binary" if one.name == "main" else "go_library",
        one.path,
        {
            "srcs": sorted(one.srcs),
            "cgo": one.cgo,
            "embedsrcs": sorted(one.embedsrcs),
            "gc_goopts": [f"-lang=go{one.module.language}"],
            "gotags": list(request.tags),
            "importpath": one.path,
            "module": name,
            "module_sum": sums.get(name, ""),
            "cdeps": sorted({request.libraries[library] for library in one.libraries}) if one.cgo else [],
            "deps": _deps(request, one),
            "textual_hdrs": sorted(one.textual),
        },
    )


def _deps(request: Request, one: Union) -> list[str] | Select:
    """Return what a package imports, on every CPU and on some: what one CPU imports may have no file for another."""
    always = [f":{dep}" for dep, on in sorted(one.deps.items()) if on == one.on]
    some = {dep: on for dep, on in sorted(one.deps.items()) if on != one.on}
    if not some:
        return always
    choices = {
        f"@linkmode//platforms:cpu_{cpu}": [f":{dep}" for dep, on in some.items() if CPUS[cpu].go in on]
        for cpu in sorted({target.cpu for target in request.targets})
    }
    return Select(tuple(always), choices, tuple(f":{dep}" for dep in some))


def _sums(request: Request) -> dict[str, str]:
    """Return the checksum of each module, ``path@version``, that go.sum has, or those of a workspace's modules."""
    lines = [line.split() for file in _sum_files(request) if file.exists() for line in text_of(file, HINT).splitlines()]
    return {f"{line[0]}@{line[1]}": line[2] for line in lines if len(line) == 3 and not line[1].endswith("/go.mod")}


def _sum_files(request: Request) -> list[Path]:
    if not (request.folder / "go.work").is_file():
        return [request.folder / "go.sum"]
    said = request.run((str(request.home / "bin/go"), "work", "edit", "-json"), request.folder, environment(request))
    used = [request.folder / one["DiskPath"] / "go.sum" for one in json.loads(said).get("Use") or ()]
    return [*used, request.folder / "go.work.sum"]


def _verify(request: Request, listed: Mapping[str, Union], sums: Mapping[str, str]) -> int:
    """Compare every file that becomes a source with its module, and the module with go.sum. Return how many."""
    cache = Path(
        request.run((str(request.home / "bin/go"), "env", "GOMODCACHE"), request.folder, environment(request)).strip()
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
        for file in sorted(one.srcs | one.embedsrcs | one.textual):
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
    request: Request, cache: Path, module: Module, wanted: str, problems: dict[str, None]
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
        where = _sum_files(request)[-1]
        problems[f"{where}: {name}: found {found}; {where.name} has {wanted or 'no line for it'}"] = None
    return found, digests


def _escaped(text: str) -> str:
    """Return a path as the module cache spells it: ``!x`` for ``X``."""
    return "".join(f"!{char.lower()}" if char.isupper() else char for char in text)
