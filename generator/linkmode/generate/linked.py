"""What each locked archive puts into the binaries that are linked with it: data for bills of materials.

It lies in the file linked.toml in the folder of a family, a language or a library; one without the file adds nothing.
"""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from linkmode import families, languages, libraries
from linkmode.families import FAMILIES
from linkmode.model.cpus import CPUS
from linkmode.model.values import Artifact, LinkMode, Lock


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that is linked into binaries: a ``[[part]]`` of linked.toml.

    ``purl`` is a package URL without its version (https://github.com/package-url/purl-spec), ``license`` an expression
    of SPDX. ``version`` is ``artifact`` for the archive's own, else a fact measured in it or that releases.toml
    has of its line. The part is inside only in ``modes`` and, where ``libc`` is named, with that libc. ``needed`` is
    ``always``, ``c++`` where a C++ source is linked, or ``as needed`` where the linker takes what the binary calls.
    """

    name: str
    purl: Annotated[str, Meta(pattern="^pkg:[a-z]+/")]
    version: str
    license: str
    modes: tuple[LinkMode, ...]
    needed: Literal["always", "as needed", "c++"]
    libc: str = ""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    part: tuple[Part, ...]


@functools.cache
def _parts(component: str) -> tuple[Part, ...]:
    folder = component.replace(".", "_").replace("-", "_")
    for package in (families, languages, libraries):
        file = Path(package.__path__[0], folder, "linked.toml")
        if file.is_file():
            return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _Table).part
    return ()


def of(artifact: Artifact) -> tuple[Part, ...]:
    """Return what binaries linked with ``artifact`` hold of it; a part whose version is told nowhere is left out."""
    return tuple(
        msgspec.structs.replace(part, version=version, purl=f"{part.purl}@{version}")
        for part in _parts(artifact.family)
        if (version := _version(part, artifact))
    )


def of_lock(lock: Lock) -> tuple[tuple[Part, str, str], ...]:
    """Return what all archives of a lock put into binaries, each with the CPU and libc it is for, empty for any."""
    found: list[tuple[Part, str, str]] = []
    for artifact in lock.artifacts:
        targets = [toolchain.target for toolchain in lock.toolchains if toolchain.artifact == artifact.name]
        platforms = [(CPUS[target.cpu].elf, "musl" if target.libc == "musl" else "glibc") for target in targets] or [
            ("", "")
        ]
        found += [(part, cpu, libc) for part in of(artifact) for cpu, libc in platforms if part.libc in ("", libc)]
    return tuple(dict.fromkeys(found))


def _version(part: Part, artifact: Artifact) -> str:
    if part.version == "artifact":
        return artifact.version
    family = FAMILIES.get(artifact.family)
    line: Mapping[str, str] = family.lines.get(family.line(artifact.version), {}) if family else {}
    return artifact.measured.get(part.version) or str(line.get(part.version, ""))
