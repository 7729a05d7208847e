"""Reads the tables of the generated rules, so that `exec` compiles with the flags that Bazel compiles with.

The .bzl files of a toolchain family are plain enough to be Python too (Starlark is a subset of it,
https://github.com/bazelbuild/starlark/blob/master/spec.md). They are loaded here with stand-ins for Bazel's own
functions; the one for ``cc_toolchain_config`` keeps what it is given. They are files of linkmode's own, and never a
user's.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from linkmode.model import resources
from linkmode.model.components import first_two, releases
from linkmode.model.cpus import CPUS, Cpu
from linkmode.model.values import Artifact, LockedToolchain


class Flags(msgspec.Struct, frozen=True):
    """The words of a compiler for one target, by what they are for: the attributes of ``cc_toolchain_config``.

    Paths in them begin with ``{root}`` (the unpacked archive), ``{runtime}`` and ``{cxx_runtime}`` (the built run-time
    files) or ``{lld}`` (the linker that clang is to call): `at` puts the real ones there.
    """

    words: dict[str, tuple[str, ...]]

    def at(self, name: str, places: Mapping[str, str]) -> tuple[str, ...]:
        """Return the words of an attribute, with ``places`` put in; none where the family does not set it."""
        return tuple(_placed(word, places) for word in self.words.get(name, ()))


class Runtime(msgspec.Struct, frozen=True):
    """How Zig is made to build its run-time files: links of an empty program, and the files that each brings to light.

    ``empty`` are the libraries that are part of the libc, and are an archive of nothing by their own name.
    """

    c: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    cxx: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    empty: tuple[str, ...]


_FAMILY_FILES = {"zig": "families/zig/zig_archive.bzl", "gcc": "families/musl.cc/gcc_archive.bzl"}
_FLAG_ATTRIBUTES = "_flags", "_libraries"
_ZIG = "linkmode.families.zig"
_DATA = ("//:lock.bzl", ":zig_lines.bzl")
"""Files of data alone, which are rendered."""


def flags(toolchain: LockedToolchain, artifact: Artifact) -> Flags:
    """Return the flags that the generated rules give a locked toolchain."""
    kind = "zig" if artifact.layout == "zig" else "gcc"
    data: dict[str, Any] = {
        "ARTIFACTS": {
            artifact.name: {
                "measured": artifact.measured,
                "layout": artifact.layout,
                "line": first_two(artifact.version),
            }
        },
        "CPUS": {name: _facts(cpu) for name, cpu in CPUS.items()},
        "ZIG_LINES": releases(_ZIG),
        "TOOLCHAINS": [
            {
                "artifact": artifact.name,
                "exec": toolchain.exec,
                "target": toolchain.target,
                "without": list(toolchain.without),
            }
        ],
    }
    taken: list[dict[str, Any]] = []
    names = _load(_FAMILY_FILES[kind], data, lambda **attributes: taken.append(attributes))
    names[f"{kind}_archive"](name=artifact.name)
    [attributes] = taken
    return Flags(
        {name: tuple(value) for name, value in attributes.items() if name.endswith(_FLAG_ATTRIBUTES)},
    )


def zig_runtime(version: str, *, is_musl: bool, has_cxx: bool) -> Runtime:
    """Return how a release of Zig is made to build its run-time files for one of the libcs."""
    tables = _zig_tables()
    libraries = releases(_ZIG)[first_two(version)]["musl-libraries"]

    def links(language: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        found = tables["runtime_links"](language, "musl" if is_musl else "glibc", libraries)
        return tuple((tuple(words), tuple(files)) for words, files in found)

    return Runtime(links("c"), links("c++") if has_cxx else (), tuple(tables["EMPTY_LIBRARIES"]))


def zig_runtime_words() -> tuple[str, ...]:
    """Return the words with which every run-time file of Zig's is built."""
    return tuple(_zig_tables()["RUNTIME_WORDS"])


def _zig_tables() -> dict[str, Any]:
    return _load("families/zig/zig_tables.bzl", {}, _nothing)


def _facts(cpu: Cpu) -> dict[str, str]:
    """The facts of a CPU as the rules have them."""
    return {name.replace("_", "-"): str(value) for name, value in msgspec.structs.asdict(cpu).items()}


class _Anything:
    """Stands for what only Bazel has: any attribute of it, and any call, is one more."""

    def __getattr__(self, name: str) -> "_Anything":
        return self

    def __call__(self, *_: object, **__: object) -> "_Anything":
        return self


class _Native(_Anything):
    def glob(self, *_: object, **__: object) -> list[str]:
        return []


def _nothing(**_: object) -> None:
    return None


def _load(path: str, data: Mapping[str, Any], config: Callable[..., None]) -> dict[str, Any]:
    """Return the names that a .bzl of the generated rules defines."""
    folders = (resources.templates() / name / path for name in ("bazel", "common"))
    file = next(file for file in folders if file.is_file())
    names: dict[str, Any] = {
        "struct": SimpleNamespace,
        "native": _Native(),
        **dict.fromkeys(("rule", "attr", "provider", "Label", "DefaultInfo", "OutputGroupInfo", "depset"), _Anything()),
    }

    def load(label: str, *wanted: str, **renamed: str) -> None:
        renamed |= {name: name for name in wanted}
        if label in _DATA:
            found: Mapping[str, Any] = data
        elif label.endswith(":cc_toolchain_config.bzl"):
            found = {"cc_toolchain_config": config}
        elif label.startswith(":"):
            found = _load(str(Path(path).with_name(label[1:])), data, config)
        else:
            found = dict.fromkeys(renamed.values(), _Anything())
        names.update({new: found[old] for new, old in renamed.items()})

    names["load"] = load
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)  # noqa: S102 - a file of our own
    return names


def _placed(word: str, places: Mapping[str, str]) -> str:
    for name, path in places.items():
        word = word.replace(f"{{{name}}}", path)
    return word
