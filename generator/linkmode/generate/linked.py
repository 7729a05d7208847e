"""What each locked archive puts into the binaries that are linked with it: data for bills of materials."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from linkmode.families import FAMILIES
from linkmode.model.values import Artifact, LinkMode


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
    data = tomllib.loads(resources.files(__package__).joinpath("linked.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data, _Table).part


def of(artifact: Artifact) -> tuple[Part, ...]:
    """Return what binaries linked with ``artifact`` hold of it; a part whose version is told nowhere is left out."""
    return tuple(
        msgspec.structs.replace(part, version=version, purl=f"{part.purl}@{version}")
        for part in _parts()
        if part.family == artifact.family and (version := _version(part, artifact))
    )


def _version(part: Part, artifact: Artifact) -> str:
    if part.version == "artifact":
        return artifact.version
    family = FAMILIES.get(artifact.family)
    line: Mapping[str, str] = family.lines.get(family.line(artifact.version), {}) if family else {}
    return artifact.measured.get(part.version) or str(line.get(part.version, ""))
