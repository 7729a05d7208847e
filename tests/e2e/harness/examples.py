"""Every example by its name, with how a workspace of it is made: what `make remote` and `make reproduce` choose from.

Those of C and C++ are in `cases`. Go, Rust, OCaml and SBCL link by GCC where its archives are, whose run-time files
need not be built, and else by Zig. rustc and the SBCL that builds SBCL are started by a glibc of their own, without
which they do not run in an empty sandbox.
"""

import functools
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness import cases, golang, lisp, ocaml, rust, workspace
from harness.cases import Binary, Case, LinkMode
from harness.places import STORE, TOOLCHAINS

_MUSL = "{}-linux-musl"
_PINS = ("x86_64-linux-musl-cross.tgz", "aarch64-linux-musl-cross.tgz")
_GNU = "x86_64-linux-gnu.2.28"


@dataclass(frozen=True)
class Example:
    """A case, and what makes a workspace for it, given the case and the name of a Bazel (or of a purpose)."""

    case: Case
    prepare: Callable[[Case, str], Path]

    def copy_to(self, place: Path, template: Path, *, store: Path = STORE, environment: Mapping[str, str]) -> Path:
        """Return ``place`` with what ``template``, a workspace of this, holds: locked, fetched and generated again."""
        ignored = shutil.ignore_patterns("bazel-*", "linkmode.lock", "third_party", "__pycache__")
        shutil.copytree(template, place, ignore=ignored)
        sources = (f"--source={source}" for source in self.case.sources)
        workspace.linkmode(place, "lock", *sources, environment=environment)
        workspace.linkmode(place, "fetch", f"--store={store}", environment=environment)
        workspace.linkmode(place, "generate", environment=environment)
        return place


def known() -> dict[str, Example]:
    """Return every example by its name."""
    found = {name: Example(case, workspace.prepare) for name, case in cases.CASES.items()}
    found["go_http"] = Example(_language("go_http", "server", "go=pypi"), golang.prepare)
    found["rust_native"] = Example(
        _language("rust_native", "service", "rust=pypi"), functools.partial(rust.prepare, own_libc=True)
    )
    found["ocaml_fserv"] = Example(_language("ocaml_fserv", "fserv"), ocaml.prepare)
    tool = _language("sbcl_tool", "lisptool")
    own_cpu = tuple(binary for binary in tool.binaries if binary.target.startswith("x86_64"))
    found["sbcl_tool"] = Example(replace(tool, binaries=own_cpu), lisp.prepare)
    return found


def _language(example: str, program: str, *sources: str) -> Case:
    gcc = all((TOOLCHAINS / file).exists() for file in _PINS)
    x86, others = _MUSL.format("x86_64"), _MUSL.format("x86_64") if gcc else _GNU
    modes: dict[LinkMode, str] = {"static": x86, "mostly_static": others, "dynamic": others}
    case = Case(
        name=example,
        binaries=(
            *(Binary(f"//:{program}_as_{mode}", mode, target) for mode, target in modes.items()),
            Binary(f"//aarch64:{program}_static", "static", _MUSL.format("aarch64")),
        ),
        prints="",
        sources=("zlib=pypi", *sources, *(() if gcc else ("zig=pypi",))),
    )
    return replace(case, pins=_PINS) if gcc else case
