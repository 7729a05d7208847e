"""Vendored crates as rust_library, rust_proc_macro and rust_build_script targets."""

import re
from collections.abc import Mapping
from pathlib import Path

from linkmode.languages.rust import build_scripts
from linkmode.languages.rust.build_scripts import Said
from linkmode.languages.rust.crates import Crate, read, verify
from linkmode.model.vendored import Glob, Request, Rule, Select, Vendored, files_below, header, packages_within, refuse

_VARIABLE = re.compile(r"\bCARGO_(?:PKG_[A-Z_]+|CRATE_NAME)\b")
_OUT_DIR = re.compile(r"""env!\s*\(\s*"OUT_DIR"|include!\s*\(.*OUT_DIR""")


def vendor(request: Request) -> Vendored:
    """Return the targets for every crate that the packages of a workspace depend on, on any of the targets.

    Raises:
        ConfigError: a crate is not vendored, or cannot be built by the rules.
        IntegrityError: a file is not the crate's, or a crate is not the one of Cargo.lock.
    """
    crates, direct, own = read(request)
    verified = verify(request, crates.values())
    for crate in crates.values():
        files = [path.relative_to(request.sources).as_posix() for path in _files(request, crate)]
        refuse(
            packages_within(request.sources, files),
            expected=f"no BUILD file below {request.sources}",
            hint="exclude it by --deleted_packages of Bazel, or write the target of this crate by hand",
        )
    refuse(
        [f"{crate.name}: is no library that a crate can depend on" for crate in crates.values() if not crate.library],
        expected="a lib or a proc-macro in its Cargo.toml",
        hint="remove it from [dependencies]",
    )
    said = build_scripts.run(request, crates, own)
    _refuse_what_cannot_be_linked(request, crates, said)
    rules = [rule for key in crates for rule in _rules(request, crates, key, said)]
    rules += [Rule("alias", name, {"actual": f":{crates[key].name}"}) for name, key in sorted(direct.items())]
    kinds = {rule.kind for rule in rules} - {"alias"}
    order = [(crates[key], said[key]) for key in crates if key in said]
    return Vendored(
        loads={"@linkmode//rust:defs.bzl": tuple(sorted(kinds))} if kinds else {},
        rules=tuple(rules),
        packages=tuple(crate.name for crate in crates.values()),
        verified=verified,
        files={build_scripts.FILE: build_scripts.record(header("rust"), order)} if order else {},
    )


def _files(request: Request, crate: Crate) -> list[Path]:
    folder = request.sources / crate.folder
    return sorted(path for path in (folder / name for name in files_below(folder)) if path.is_file())


def _refuse_what_cannot_be_linked(request: Request, crates: Mapping[str, Crate], said: Mapping[str, Said]) -> None:
    refuse(
        [
            f"{crates[key].name}: its build script links the C library {name!r}, and none is known by that name"
            for key, one in said.items()
            for name in one.libraries
            if name not in request.libraries
        ],
        expected="a cc_library for each, such as --library z=@linkmode//lib:zlib",
        hint="repeat the command with --library NAME=LABEL for each",
    )
    refuse(
        [
            f"{crates[key].name}: its build script links a C library and makes Rust sources, which need both at once"
            for key, one in said.items()
            if one.libraries and one.made and _mentions(request, crates[key], _OUT_DIR)
        ],
        expected="sources of the crate itself where it links a C library",
        hint="choose the feature of the crate that brings its sources along, or write its target by hand",
    )


def _rules(request: Request, crates: Mapping[str, Crate], key: str, said: Mapping[str, Said]) -> list[Rule]:
    crate = crates[key]
    library = crate.library or crate.package.targets[0]
    native = said[key].libraries if key in said else []
    flags = ["--cap-lints=allow"]
    environment = _variables(request, crate, library.name)
    if native:
        # its script would look for the library on the machine: what it said is taken, and the library from a target
        flags += [f"--cfg={value}" for value in said[key].values("rustc-cfg")]
        environment |= dict(value.partition("=")[::2] for value in said[key].values("rustc-env"))
    runs = crate.script is not None and not native
    rules = [
        Rule(
            "rust_proc_macro" if crate.is_macro else "rust_library",
            crate.name,
            {
                **_common(request, crate, crate.deps, crates),
                "build_script": f":{crate.name}_build_script" if runs else "",
                "compile_data": Glob((f"{crate.folder}/**",), (f"{crate.folder}/**/*.rs",)),
                "crate_name": library.name.replace("-", "_"),
                "crate_root": _below(request, library.src_path),
                "edition": library.edition,
                "native_libraries": {request.libraries[name]: name for name in native},
                "rustc_env": dict(sorted(environment.items())),
                "rustc_flags": flags,
            },
        )
    ]
    if runs and crate.script:
        others = [other for other in crate.deps if crates[other].package.links and other in said]
        given = {
            f"DEP_{_upper(crates[other].package.links or '')}_{_upper(key)}": value
            for other in others
            if said[other].libraries
            for key, value in said[other].metadata.items()
            if "$" not in value
        }
        rules.append(
            Rule(
                "rust_build_script",
                f"{crate.name}_build_script",
                {
                    **_common(request, crate, crate.build_deps, crates),
                    "crate_root": _below(request, crate.script.src_path),
                    "data": Glob((f"{crate.folder}/**",), (f"{crate.folder}/**/*.rs",)),
                    "edition": crate.script.edition,
                    "env": given,
                    "folder": crate.folder,
                    "link_deps": [
                        f":{crates[other].name}_build_script" for other in others if not said[other].libraries
                    ],
                    "links": crate.package.links or "",
                    "package_name": crate.package.name,
                    "rustc_env": _variables(request, crate, "build_script_build"),
                    "rustc_flags": ["--cap-lints=allow"],
                    "version": crate.package.version,
                },
            )
        )
    return rules


def _common(request: Request, crate: Crate, deps: Mapping[str, str], crates: Mapping[str, Crate]) -> dict[str, object]:
    aliases = {}
    for other, name in deps.items():
        library = crates[other].library
        if library and library.name.replace("-", "_") != name:
            aliases[f":{crates[other].name}"] = name
    return {
        "srcs": Glob((f"{crate.folder}/**/*.rs",)),
        "aliases": dict(sorted(aliases.items())),
        "crate_features": sorted(crate.features),
        "deps": _labels(request, crate, [other for other in deps if not crates[other].is_macro], crates),
        "proc_macro_deps": _labels(request, crate, [other for other in deps if crates[other].is_macro], crates),
    }


def _labels(request: Request, crate: Crate, others: list[str], crates: Mapping[str, Crate]) -> list[str] | Select:
    """Return the targets of dependencies: those for every CPU of the crate, and then those that some CPUs need."""
    label = {other: f":{crates[other].name}" for other in sorted(others, key=lambda other: crates[other].name)}
    some = [other for other in label if crate.deps_on[other] != crate.on]
    always = [label[other] for other in label if other not in some]
    if not some:
        return always
    cases = {
        f"@linkmode//platforms:cpu_{cpu}": [label[other] for other in some if cpu in crate.deps_on[other]]
        for cpu in {target.cpu for target in request.targets}
    }
    return Select(tuple(always), cases, tuple(label[other] for other in some))


def _variables(request: Request, crate: Crate, name: str) -> dict[str, str]:
    """Return those variables of cargo's that the sources name."""
    package = crate.package
    core, _, pre = package.version.partition("+")[0].partition("-")
    major, minor, patch = core.split(".")
    known = {
        "CARGO_CRATE_NAME": name.replace("-", "_"),
        "CARGO_PKG_AUTHORS": ":".join(package.authors),
        "CARGO_PKG_DESCRIPTION": " ".join((package.description or "").split()),
        "CARGO_PKG_HOMEPAGE": package.homepage or "",
        "CARGO_PKG_LICENSE": package.license or "",
        "CARGO_PKG_LICENSE_FILE": package.license_file or "",
        "CARGO_PKG_NAME": package.name,
        "CARGO_PKG_README": package.readme or "",
        "CARGO_PKG_REPOSITORY": package.repository or "",
        "CARGO_PKG_RUST_VERSION": package.rust_version or "",
        "CARGO_PKG_VERSION": package.version,
        "CARGO_PKG_VERSION_MAJOR": major,
        "CARGO_PKG_VERSION_MINOR": minor,
        "CARGO_PKG_VERSION_PATCH": patch,
        "CARGO_PKG_VERSION_PRE": pre,
    }
    named = {word for text in _texts(request, crate) for word in _VARIABLE.findall(text)}
    return {key: known[key] for key in sorted(named & known.keys())}


def _mentions(request: Request, crate: Crate, pattern: re.Pattern[str]) -> bool:
    script = crate.script.src_path if crate.script else ""
    return any(pattern.search(text) for text in _texts(request, crate, without=script))


def _texts(request: Request, crate: Crate, without: str = "") -> list[str]:
    own = Path(without).name if without else ""
    return [
        path.read_text(encoding="utf-8", errors="replace")
        for path in _files(request, crate)
        if path.suffix == ".rs" and path.name != own
    ]


def _below(request: Request, path: str) -> str:
    return Path(path).relative_to(request.sources.absolute()).as_posix()


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")
