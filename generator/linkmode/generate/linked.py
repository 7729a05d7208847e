"""What each locked archive puts into the binaries that are linked with it: data for bills of materials."""

import functools
import tomllib
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from linkmode.families import FAMILIES
from linkmode.model import resources
from linkmode.model.cpus import CPUS
from linkmode.model.values import Artifact, LinkMode, Lock


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that is linked into binaries; linked.toml describes the keys. ``version`` is what it stands for."""

    family: str
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
def _parts() -> tuple[Part, ...]:
    data = tomllib.loads(resources.beside(__file__, "linked.toml"))
    return msgspec.convert(data, _Table).part


def of(artifact: Artifact) -> tuple[Part, ...]:
    """Return what binaries linked with ``artifact`` hold of it; a part whose version is told nowhere is left out."""
    return tuple(
        msgspec.structs.replace(part, version=version, purl=f"{part.purl}@{version}")
        for part in _parts()
        if part.family == artifact.family and (version := _version(part, artifact))
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
