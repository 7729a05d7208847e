"""The values that pass between the steps. Frozen, and importing nothing of ours but messages and CPUs.

Terms: an *exec platform* (``x86_64-linux``) is where compilers run; a *target* is a triple in Zig's notation
(``x86_64-linux-gnu.2.28``, https://ziglang.org/documentation/0.15.2/#Targets); a *pin* is a catalogue entry; an
*artifact* is a pin that was chosen, and is written to the lock.
"""

import base64
from typing import Literal, get_args

import msgspec

from linkmode.messages import ConfigError
from linkmode.model.target import EXEC_PLATFORMS, ExecPlatform, Target

LinkMode = Literal["static", "mostly_static", "dynamic"]
LINK_MODES: tuple[LinkMode, ...] = get_args(LinkMode)

Algorithm = Literal["sha256", "sha512"]


class Checksum(msgspec.Struct, frozen=True):
    """A digest as lower-case hexadecimal."""

    algorithm: Algorithm
    hex: str

    @property
    def sri(self) -> str:
        """The digest as Subresource Integrity (https://www.w3.org/TR/SRI/), as Bazel's ``integrity`` takes it."""
        return f"{self.algorithm}-{base64.b64encode(bytes.fromhex(self.hex)).decode()}"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Advisory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A published weakness. ``affects`` is a PEP 440 specifier set; ``fixed_in`` the first version without it."""

    id: str
    affects: str
    fixed_in: str
    summary: str
    url: str


class Archive(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True
):
    """What a pin and a locked artifact share.

    ``urls`` are tried in order: https, or ``pypi:<project>/<file>`` for a file of the package index that the
    user's pip is configured for; a user's own pin may also have ``file:`` URLs and paths relative to linkmode.toml.
    ``exec`` is absent for sources. ``layout`` is the family's word for its shape (``cross``, ``native``).
    ``measured`` holds facts read from the archive itself (``gcc``, ``musl``, ``binutils``, ``zig``), not its label.
    ``confirmations`` counts the independent public projects that pin the same bytes; ``confirmed_by`` names some.
    """

    family: str
    version: str
    file: str
    urls: tuple[str, ...]
    sha256: str | None = None
    sha512: str | None = None
    size: int | None = None
    source: Literal["upstream", "pypi", "user"] = "upstream"
    exec: str | None = None
    layout: str = ""
    strip_prefix: str = ""
    measured: dict[str, str] = {}
    confirmations: int = 0
    confirmed_by: tuple[str, ...] = ()

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
    of the tree below ``strip_prefix`` (`measure.survey.tree_digest`), the same for a repacked archive of these files.
    """

    targets: tuple[str, ...] = ()
    tree_sha256: str | None = None
    contradictions: tuple[str, ...] = ()
    notes: str = ""


class Artifact(Archive, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """A chosen pin, as the lock holds it. ``name`` is unique in the lock and fit to be part of a repository name.

    ``urls`` are the mirrors' URLs first, then the pin's own. ``upstream`` is the pin's first URL: the identity that a
    cache checks (Bazel's ``canonical_id``), the same whatever mirrors are configured.
    """

    name: str
    upstream: str


class LockedToolchain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A compiler for one (exec platform, target): what becomes one ``toolchain()`` in Bazel.

    ``purpose`` is ``target`` when linkmode.toml asks for it, and ``exec-tools`` when it was added because
    the library's own build-time tools (the ELF checker) must be compiled for that exec platform.
    ``without`` names the parts of the compiler that are no input of any action.
    """

    family: str
    artifact: str
    exec: ExecPlatform
    target: Target
    purpose: Literal["target", "exec-tools"] = "target"
    without: tuple[str, ...] = ()


class LockedPart(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True
):
    """An archive of a language, in the role that its rules know it by (``sdk``, ``std``).

    ``exec`` and ``target`` say for which of them it is; an empty one stands for all.
    """

    language: str
    role: str
    artifact: str
    exec: str = ""
    target: str = ""


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """linkmode.lock. Order is meaning: toolchains come as linkmode.toml lists them, artifacts by name.

    ``link_modes`` maps a CPU to the target that each link mode builds for when a rule names none.
    ``libraries`` maps a library (``zlib``) to its artifact. ``parts`` are what the languages are made of, by language.
    ``exec_properties`` are what a remote execution service is told, by exec platform; one that has none is absent.
    ``malloc`` maps a target to the allocator of its binaries; one that keeps its libc's is absent.
    """

    version: int
    inputs_digest: str
    artifacts: tuple[Artifact, ...]
    toolchains: tuple[LockedToolchain, ...]
    link_modes: dict[str, dict[LinkMode, Target]]
    libraries: dict[str, str]
    parts: tuple[LockedPart, ...] = ()
    exec_properties: dict[str, dict[str, str]] = {}
    malloc: dict[str, str] = {}


Tree = dict[str, bytes]
"""A tree to write: path relative to the output folder, with ``/``, to contents."""

__all__ = [
    "EXEC_PLATFORMS",
    "LINK_MODES",
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
    "Target",
    "Tree",
]
