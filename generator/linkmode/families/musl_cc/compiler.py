"""musl.cc's GCC for ``linkmode exec``: programs in ``bin``, with or without the target in front of their names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from linkmode.families.compiler import Say, Tree
from linkmode.model.values import Artifact, ExecPlatform, LockedToolchain, Target


class MuslCcCompiler:
    """Only a cross compiler has the target in front of its programs' names, and a folder for it."""

    kind: Literal["clang", "gcc"] = "gcc"
    own: tuple[str, ...] = ("gomp", "quadmath")
    rules = "families/musl.cc/gcc_archive.bzl"
    makes_every_target = False
    is_self_contained = True
    has_runtime = False
    caches: tuple[str, ...] = ()

    def rule_data(self, artifact: Artifact) -> Mapping[str, Any]:
        """Return nothing: what the rules read is in the lock."""
        del artifact
        return {}

    def static(self, tree: Tree, host: ExecPlatform) -> tuple[str, ...]:
        """Return the words of the compiler for its own target, which is ``host``."""
        del host
        return (str(_program(tree, "gcc")), "-static")

    def build_runtime(
        self, new: Path, tree: Tree, target: Target, version: str, environment: Mapping[str, str], say: Say
    ) -> None:
        """Build nothing: the run-time files are in the archive."""

    def build_cxx(
        self, new: Path, tree: Tree, target: Target, version: str, environment: Mapping[str, str], say: Say
    ) -> None:
        """Build nothing: the libraries of C++ are in the archive."""

    def sysroot(self, tree: Tree) -> Path:
        """Return the folder of the target, which is the archive itself for a native compiler."""
        return tree.root if tree.layout == "native" else tree.root / tree.triple

    def programs(self, tree: Tree) -> dict[str, tuple[str, ...]]:
        """Return the paths of ``gcc`` and ``g++``."""
        return {"cc": (str(_program(tree, "gcc")),), "cxx": (str(_program(tree, "g++")),)}

    def tools(self, tree: Tree, compilers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return every program that is no compiler."""
        paths = sorted((tree.root / "bin").iterdir())
        found = {path.name.removeprefix(f"{tree.triple}-"): (str(path),) for path in paths}
        return {name: words for name, words in found.items() if name not in compilers}

    def has_cxx(self, tree: Tree, toolchain: LockedToolchain) -> bool:
        """Return whether ``g++`` is there."""
        del toolchain
        return _program(tree, "g++").exists()


def _program(tree: Tree, name: str) -> Path:
    return tree.root / "bin" / (name if tree.layout == "native" else f"{tree.triple}-{name}")
