"""The values that pass between the steps. Frozen; import only messages and CPUs of ours.

Terms: an *exec platform* (``x86_64-linux``) is where compilers run; a *target* is a triple in Zig's notation
(``x86_64-linux-gnu.2.28``, https://ziglang.org/documentation/0.15.2/#Targets); a *pin* is a catalogue entry; an
*artifact* is a pin that was chosen, and is written to the lock.
"""

import base64
import re
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from linkmode.messages import ConfigError
from linkmode.model.target import EXEC_PLATFORMS, ExecPlatform, Target

LinkMode = Literal["static", "mostly_static", "dynamic"]
LINK_MODES: tuple[LinkMode, ...] = get_args(LinkMode)

DEFAULT_SOURCE = "upstream"
SOURCES = (DEFAULT_SOURCE, "pypi", "goproxy")
"""Where a family's archives may come from by choice; a user's own pin needs none."""

Algorithm = Literal["sha256", "sha512"]
DIGITS: dict[Algorithm, int] = {"sha256": 64, "sha512": 128}
"""How many hexadecimal digits a digest has."""


class Checksum(msgspec.Struct, frozen=True):
    """A digest as lower-case hexadecimal."""

    algorithm: Algorithm
    hex: str

    @property
    def path_part(self) -> str:
        """``hex`` as a part of a path. Every path is built from this, so that it is always checked.

        Raises:
            ConfigError: it is not the digits of a digest.
        """
        length = DIGITS.get(self.algorithm)
        if length and re.fullmatch(f"[0-9a-f]{{{length}}}", self.hex):
            return self.hex
        raise ConfigError(f"{self.hex[:200]!a} is not a {self.algorithm} of {length} hexadecimal digits")

    @property
    def sri(self) -> str:
        """The digest as Subresource Integrity (https://www.w3.org/TR/SRI/), as Bazel's ``integrity`` takes it."""
        return f"{self.algorithm}-{base64.b64encode(bytes.fromhex(self.hex)).decode()}"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Advisory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A published vulnerability. ``affects`` is a PEP 440 specifier set; ``fixed_in`` the first version without it.

    ``measured`` has the affected versions of what was measured in an archive, by fact; where that is told, it decides,
    and not the archive's label.
    """

    id: Annotated[str, Meta(description="The identifier: `CVE-2022-37434`.")]
    affects: Annotated[str, Meta(description="A PEP 440 specifier of the affected versions: `<1.2.13`.")]
    fixed_in: Annotated[str, Meta(description="The first version with the fix; empty when no version has it.")]
    measured: Annotated[
        dict[str, str],
        Meta(description="The affected versions of what was measured in an archive, by fact: `musl`."),
    ] = {}
    summary: Annotated[str, Meta(description="What can happen, in one sentence.")]
    url: Annotated[str, Meta(description="The published record.")]


class Signer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """Who signs the archives at the URLs that begin with ``urls``: one of ``minisign``, ``repository`` and ``sumdb``.

    With a key of minisign, each archive has its signature beside it, under its URL and ``.minisig``. A repository is
    one of GitHub, whose workflows attest what they publish. ``sumdb`` is the key of a checksum database of Go, which
    has the modules of a proxy, and is asked through the proxy that gave the archive.
    """

    urls: Annotated[str, Meta(description="How the URLs of these archives begin.")]
    minisign: Annotated[str, Meta(description="The public key of minisign, as it is published.")] = ""
    repository: Annotated[str, Meta(description="The GitHub repository whose workflows sign: `owner/name`.")] = ""
    sumdb: Annotated[str, Meta(description="The public key of Go's checksum database: `name+number+key`.")] = ""
    confirmed_by: Annotated[tuple[str, ...], Meta(description="Who says so, each as owner/name@revision:file.")] = ()


class Archive(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True
):
    """What a pin and a locked artifact share.

    ``urls`` are tried in order: https, ``pypi:<project>/<file>`` for a file of the package index that the user's pip
    is configured for, or ``goproxy:<module>/@v/<version>.zip`` for a module of the proxy that the user's Go is
    configured for. A user's own pin may also have ``file:`` URLs and paths relative to linkmode.toml.
    ``exec`` is absent for sources. ``layout`` is the family's word for its shape (``cross``, ``native``).
    ``measured`` holds facts read from the archive itself (``gcc``, ``musl``, ``binutils``, ``zig``), not its label.
    """

    family: Annotated[str, Meta(description="The family that the archive belongs to.")]
    version: Annotated[str, Meta(description="The version, as PEP 440 writes it.")]
    file: Annotated[str, Meta(description="The archive's file name, without a folder.")]
    urls: Annotated[tuple[str, ...], Meta(description="Where the archive is, in the order to try.")]
    sha256: Annotated[str | None, Meta(description="The SHA-256 of the archive, in lower-case hexadecimal.")] = None
    sha512: Annotated[str | None, Meta(description="The SHA-512 of the archive, in lower-case hexadecimal.")] = None
    size: Annotated[int | None, Meta(description="The size in bytes.")] = None
    source: Annotated[
        Literal["upstream", "pypi", "goproxy", "user"],
        Meta(description="Who serves the archive: its publisher, the Python package index, a Go proxy, or you."),
    ] = "upstream"
    exec: Annotated[str | None, Meta(description="The exec platform that its programs run on. Sources have none.")] = (
        None
    )
    layout: Annotated[
        str, Meta(description="The family's word for the shape of the archive: `cross`, `native`, `zig`.")
    ] = ""
    strip_prefix: Annotated[str, Meta(description="The folder in the archive that is taken as its root.")] = ""
    measured: Annotated[
        dict[str, str],
        Meta(description="Facts that the files themselves state: versions of `gcc`, `musl`, `zig`, and others."),
    ] = {}

    @property
    def checksum(self) -> Checksum:
        """The digest to verify: sha256 where it is known, else sha512 (loading refuses an archive with neither)."""
        if self.sha256:
            return Checksum("sha256", self.sha256)
        if self.sha512:
            return Checksum("sha512", self.sha512)
        raise ConfigError(f"{self.file}: neither sha256 nor sha512")


class Pin(Archive, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """One archive of the catalogue, or a user's own ``[[pin]]``.

    ``targets`` is empty where the family makes any target it knows from one archive. ``tree_sha256`` is the digest
    of the tree below ``strip_prefix`` (`survey.tree_digest`), the same for a repacked archive of these files.
    ``confirmations`` counts the repositories that ``confirmed_by`` names in a form that can be checked (`provenance`).
    """

    targets: Annotated[
        tuple[str, ...],
        Meta(description="The triples that it compiles for; absent where one archive compiles for all."),
    ] = ()
    tree_sha256: Annotated[
        str | None, Meta(description="The digest of the files below `strip-prefix`, the same for a repacked archive.")
    ] = None
    confirmations: Annotated[
        int, Meta(description="How many public repositories pin the same bytes, of those that confirmed-by names.")
    ] = 0
    confirmed_by: Annotated[
        tuple[str, ...],
        Meta(description="Each as owner/name@revision:file; other statements are shown, and not counted."),
    ] = ()
    contradictions: Annotated[
        tuple[str, ...], Meta(description="Who pins other bytes under the same name or URL.")
    ] = ()
    notes: Annotated[str, Meta(description="What else one should know.")] = ""


class Artifact(Archive, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """A chosen pin, as the lock holds it. ``name`` is unique in the lock and fit to be part of a repository name.

    ``urls`` are the mirrors' URLs first, then the pin's own. ``upstream`` is the pin's first URL: the identity that a
    cache checks (Bazel's ``canonical_id``). Mirrors do not change it.
    """

    name: Annotated[str, Meta(description="A unique name, which is part of the name of its Bazel repository.")]
    upstream: Annotated[
        str, Meta(description="The pin's first URL: the identity that caches check (Bazel's `canonical_id`).")
    ]


class LockedToolchain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A compiler for one (exec platform, target): what becomes one ``toolchain()`` in Bazel.

    ``purpose`` is ``target`` when linkmode.toml asks for it, and ``exec-tools`` when it was added because
    the library's own build-time tools (the ELF checker) must be compiled for that exec platform.
    ``without`` names the parts of the compiler that are no input of any action.
    """

    family: Annotated[str, Meta(description="The family of the compiler.")]
    artifact: Annotated[str, Meta(description="The `name` of its `[[artifact]]`.")]
    exec: Annotated[ExecPlatform, Meta(description="The exec platform.")]
    target: Annotated[Target, Meta(description="The target.")]
    purpose: Annotated[
        Literal["target", "exec-tools"],
        Meta(description="`target` when linkmode.toml asks for it; `exec-tools` when the build's own tools need it."),
    ] = "target"
    without: Annotated[
        tuple[str, ...], Meta(description="Parts of the compiler that are not inputs of any action.")
    ] = ()


class LockedPart(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True
):
    """An archive of a language, in the role that its rules know it by (``sdk``, ``std``).

    ``exec`` and ``target`` say for which of them it is; an empty one stands for all.
    """

    language: Annotated[str, Meta(description="The language.")]
    role: Annotated[str, Meta(description="What its rules use the archive for: `sdk`, `std`, and others.")]
    artifact: Annotated[str, Meta(description="The `name` of its `[[artifact]]`.")]
    exec: Annotated[str, Meta(description="The exec platform that it is for; absent when it is for all.")] = ""
    target: Annotated[str, Meta(description="The target that it is for; absent when it is for all.")] = ""


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """linkmode.lock. Order is meaning: toolchains come as linkmode.toml lists them, artifacts by name.

    ``link_modes`` maps a CPU to the target that each link mode builds for when a rule names none.
    ``libraries`` maps a library (``zlib``) to its artifact. ``parts`` are what the languages are made of, by language.
    ``exec_properties`` are what a remote execution service is told, by exec platform; one that has none is absent.
    ``malloc`` maps a target to the allocator of its binaries; one that keeps its libc's is absent.
    """

    version: Annotated[int, Meta(description="The format version.")]
    artifacts: Annotated[tuple[Artifact, ...], Meta(description="One archive. Sorted by name.")]
    toolchains: Annotated[
        tuple[LockedToolchain, ...],
        Meta(description="A compiler for one exec platform and one target, in the order of linkmode.toml."),
    ]
    link_modes: Annotated[
        dict[str, dict[LinkMode, Target]],
        Meta(description="For each CPU, the target of each link mode when a rule names none."),
    ]
    libraries: Annotated[dict[str, str], Meta(description="For each library, the `name` of its `[[artifact]]`.")]
    parts: Annotated[tuple[LockedPart, ...], Meta(description="An archive that a language needs.")] = ()
    exec_properties: Annotated[
        dict[str, dict[str, str]],
        Meta(description="For each exec platform, its properties for remote execution. Absent if there are none."),
    ] = {}
    malloc: Annotated[
        dict[str, str],
        Meta(description="For each target, the allocator of its binaries. Absent when all keep their libc's."),
    ] = {}


Tree = dict[str, bytes]
"""A tree to write: path relative to the output folder, with ``/``, to contents."""

__all__ = [
    "DEFAULT_SOURCE",
    "EXEC_PLATFORMS",
    "LINK_MODES",
    "SOURCES",
    "Advisory",
    "Algorithm",
    "Archive",
    "Artifact",
    "Checksum",
    "ExecPlatform",
    "LinkMode",
    "Lock",
    "LockedPart",
    "LockedToolchain",
    "Pin",
    "Signer",
    "Target",
    "Tree",
]
