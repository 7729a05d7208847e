"""What ``linkmode exec`` must know about a family: where its programs lie, and what they need around them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from linkmode.model.values import Artifact, ExecPlatform, LockedToolchain, Target

Say = Callable[[str], None]
"""Told, in half a sentence, what takes a while."""


class Tree(msgspec.Struct, frozen=True):
    """An archive in the folder ``root``. ``layout`` is the word for its shape, ``triple`` what GNU calls its target."""

    root: Path
    layout: str
    triple: str


class Compiler(Protocol):
    """The compilers of a family, for every version and target."""

    @property
    def kind(self) -> Literal["clang", "gcc"]:
        """Whose command line it has, as templates/common/driver/config.h calls them."""

    @property
    def own(self) -> tuple[str, ...]:
        """Libraries beside those of every libc and compiler that it brings along, by the name after ``-l``."""

    @property
    def rules(self) -> str:
        """The .bzl file that holds its flags, below templates/bazel/; it defines a macro of its own name."""

    @property
    def makes_every_target(self) -> bool:
        """Whether one archive makes programs for every target, this machine among them."""

    @property
    def is_self_contained(self) -> bool:
        """Whether it takes headers and libraries from folders of its own only, so that others must lie among them."""

    @property
    def has_runtime(self) -> bool:
        """Whether its run-time files are built, by `build_runtime` and, when a link asks for them, by `build_cxx`."""

    @property
    def caches(self) -> tuple[str, ...]:
        """Variables that name the folder of what it compiled for itself."""

    def rule_data(self, artifact: Artifact) -> Mapping[str, Any]:
        """Return what `rules` loads beside the lock, by name."""

    def static(self, tree: Tree, host: ExecPlatform) -> tuple[str, ...]:
        """Return the words that compile a static program for ``host``, where it can."""

    def build_runtime(
        self, new: Path, tree: Tree, target: Target, version: str, environment: Mapping[str, str], say: Say
    ) -> None:
        """Fill ``c`` and ``names`` of a folder. Raises ConfigError, with what the compiler said, when it fails."""

    def build_cxx(
        self, new: Path, tree: Tree, target: Target, version: str, environment: Mapping[str, str], say: Say
    ) -> None:
        """Fill a folder with the libraries of C++. Raises as `build_runtime` does."""

    def sysroot(self, tree: Tree) -> Path:
        """Return the folder of ``include`` and ``lib`` where it is self-contained."""

    def programs(self, tree: Tree) -> dict[str, tuple[str, ...]]:
        """Return the words that start the compiler of C (``cc``) and of C++ (``cxx``)."""

    def tools(self, tree: Tree, compilers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return those that start each other program, by its usual name; ``compilers`` are names of compilers."""

    def has_cxx(self, tree: Tree, toolchain: LockedToolchain) -> bool:
        """Whether it compiles C++."""
