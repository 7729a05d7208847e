"""Zig for ``linkmode exec``: its clang, its linker, and run-time files that it builds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from linkmode.families.compiler import Say, Tree
from linkmode.families.zig import runtime
from linkmode.model.components import releases
from linkmode.model.values import Artifact, ExecPlatform, LockedToolchain, Target

_TOOLS = {
    **dict.fromkeys(("ar", "gcc-ar", "llvm-ar"), "ar"),
    **dict.fromkeys(("ranlib", "gcc-ranlib", "llvm-ranlib"), "ranlib"),
    **dict.fromkeys(("ld", "ld.lld"), "ld.lld"),
}
"""A program by its usual names, and Zig's own command for it.

The machine's own gcc-ranlib would call Zig's ranlib with a plugin of GCC's.
"""


class ZigCompiler:
    """One program, which is told what to be by its first word."""

    kind: Literal["clang", "gcc"] = "clang"
    own: tuple[str, ...] = ("c++", "c++abi", "unwind")
    rules = "families/zig/zig_archive.bzl"
    makes_every_target = True
    is_self_contained = False
    has_runtime = True
    caches: tuple[str, ...] = ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")

    def rule_data(self, artifact: Artifact) -> Mapping[str, Any]:
        """Return what is known of each line of releases."""
        del artifact
        return {"ZIG_LINES": releases(runtime.FAMILY)}

    def static(self, tree: Tree, host: ExecPlatform) -> tuple[str, ...]:
        """Return the words of a compiler for the musl target of ``host``."""
        return (str(tree.root / "zig"), "cc", "-target", host.musl, *runtime.WORDS, "-fPIE", "-pie", "-static")

    def build_runtime(
        self, new: Path, tree: Tree, target: Target, version: str, environment: Mapping[str, str], say: Say
    ) -> None:
        """Build crt files, libc and compiler-rt for ``target``."""
        wanted = runtime.wanted(version, target, has_cxx=False)
        runtime.build(new, tree.root / "zig", target, wanted, environment, say)

    def build_cxx(
        self, new: Path, tree: Tree, target: Target, version: str, environment: Mapping[str, str], say: Say
    ) -> None:
        """Build libc++, libc++abi and libunwind for ``target``."""
        wanted = runtime.wanted(version, target, has_cxx=True)
        runtime.build_cxx(new, tree.root / "zig", target, wanted, environment, say)

    def sysroot(self, tree: Tree) -> Path:
        """Return the folder of the archive: no headers or libraries lie in it that a build could add to."""
        return tree.root

    def programs(self, tree: Tree) -> dict[str, tuple[str, ...]]:
        """Return the words of clang, which is in the program ``zig``."""
        clang = (str(tree.root / "zig"), "clang", "--no-default-config")
        return {"cc": clang, "cxx": (*clang, "--driver-mode=g++")}

    def tools(self, tree: Tree, compilers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return those of LLVM's programs that ``zig`` can be; it has no ``strip``."""
        del compilers
        return {name: (str(tree.root / "zig"), command) for name, command in _TOOLS.items()}

    def has_cxx(self, tree: Tree, toolchain: LockedToolchain) -> bool:
        """Return whether the libraries of C++ are built."""
        del tree
        return "c++" not in toolchain.without
