"""Makes an unpacked toolchain ready for build tools other than Bazel: programs by their usual names, and a sysroot.

    <cache>/exec/<digest>/   of the driver     driver and elfcheck, for this machine
                             of Zig's runtime  c/, cxx/ and names/: crt files, libc, libc++, for one target
                             of the toolchain  tree/: GCC, as hard links to every file of the archive, with zlib
                                               sysroot/: zlib, for Zig
                             of all, and mode  bin/: `<triple>-gcc` and so on; plain/: `gcc` and so on; driver.conf;
                                               toolchain.cmake, meson.ini

Why hard links: GCC takes its headers and libraries from its own folders only, and they cost no space.
"""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from linkmode.exec import build_systems, driver, rules, zig_runtime, zlib_sysroot
from linkmode.exec.environment import Ready
from linkmode.messages import ConfigError, Message, Run
from linkmode.model.values import Artifact, ExecPlatform, LinkMode, LockedToolchain
from linkmode.store import private, trees

_RECIPE = "5"
"""Part of every digest; raise it when something else is to be made from the same archives."""

_ZIG_TOOLS = {"ar": "ar", "ranlib": "ranlib", "ld": "ld.lld", "ld.lld": "ld.lld"}
"""A program by its usual name, and Zig's own command for it."""

Say = Callable[[str], None]
"""Told, in half a sentence, what takes a while."""


class Toolbox:
    """Everything that is made from one toolchain's archive. ``home`` is the cache; ``unpacked`` the archive's folder.

    Raises ConfigError when the archive has a layout that is not known here, or when the system refuses.
    """

    def __init__(
        self, home: Path, toolchain: LockedToolchain, artifact: Artifact, unpacked: Path, zlib: Path | None, say: Say
    ) -> None:
        if artifact.layout not in ("cross", "native", "zig"):
            raise ConfigError(
                f"{artifact.name}: linkmode exec knows no layout {artifact.layout!r}; expected cross, native or zig",
                hint=Message("correct layout in its [[pin]], then run: ", Run("lock")),
            )
        self._home, self._toolchain, self._artifact, self._unpacked = home, toolchain, artifact, unpacked
        self._zlib, self._say = zlib, say
        self._name = toolchain.target.gnu
        self._is_zig = artifact.layout == "zig"

    def host_compiler(self, host: ExecPlatform) -> tuple[str, ...]:
        """Return the words that compile a static program for this machine, an exec platform."""
        if self._is_zig:
            words = ("cc", "-target", host.musl, *rules.zig_runtime_words(), "-fPIE", "-pie", "-static")
            return (str(self._unpacked / "zig"), *words)
        return (str(self._gcc(self._unpacked, "gcc")), "-static")

    def programs(self, host: ExecPlatform) -> Path:
        """Compile the driver and elfcheck for this machine unless that was done; return their folder."""
        compiler = self.host_compiler(host)
        folder = self._home / "exec" / trees.digest(_RECIPE, *compiler, driver.ingredients())
        if not folder.is_dir():
            self._say(f"compiling linkmode's compiler driver with {self._artifact.name}, once")
        self._make(folder, lambda new: driver.build(new, compiler, self._environment()))
        return folder

    def ready(self, programs: Path, mode: LinkMode) -> Ready:
        """Make the toolchain ready for a mode unless it is. ``programs`` holds the driver and elfcheck."""
        runtime = self._runtime()
        tree = self._tree(programs, runtime)
        folder = self._entry("names", str(programs), str(runtime or ""), str(tree), mode)
        self._make(folder, lambda new: self._names(new, folder, programs, runtime, tree, mode))
        try:
            tools = frozenset(path.name for path in (folder / "plain").iterdir())
        except OSError as error:
            raise ConfigError(
                f"{folder}: cannot be read: {error.strerror or error}", hint=f"delete {folder}; it is made again"
            ) from error
        return Ready(
            triple=self._name,
            name=f"{self._toolchain.target}-{mode}",
            bin=folder / "bin",
            plain=folder / "plain",
            tools=tools,
            sysroot=self._sysroot(tree),
            check=programs / "elfcheck",
            mode=mode,
            entries=tuple(path for path in (programs, runtime, tree, folder) if path),
        )

    def _entry(self, *what: str) -> Path:
        # Configurations name paths: in a cache that was moved they are written anew.
        return (
            self._home
            / "exec"
            / trees.digest(_RECIPE, str(self._home), self._toolchain.target, str(self._unpacked), *what)
        )

    def _runtime(self) -> Path | None:
        if not self._is_zig:
            return None
        folder = self._entry("runtime", *self._toolchain.without)
        tables = rules.zig_runtime(
            self._artifact.version,
            is_musl=self._toolchain.target.is_musl,
            has_cxx="c++" not in self._toolchain.without,
        )
        zig, target = self._unpacked / "zig", self._toolchain.target
        self._make(folder, lambda new: zig_runtime.build(new, zig, target, tables, self._environment(), self._say))
        return folder

    def _tree(self, programs: Path, runtime: Path | None) -> Path:
        """GCC's folders with zlib in them, or a sysroot for Zig that holds zlib alone."""
        folder = self._entry("tree", str(self._zlib or ""))
        if not folder.is_dir():
            self._say(f"making {self._artifact.name} ready for {self._toolchain.target}, once")
        self._make(folder, lambda new: self._fill_tree(new, programs, runtime))
        return folder

    def _fill_tree(self, new: Path, programs: Path, runtime: Path | None) -> None:
        if not self._is_zig:
            _link_tree(self._unpacked, new / "tree")
        self._sysroot(new).mkdir(exist_ok=True)
        if not self._zlib:
            return
        if self._is_zig:
            # by the driver that builds will have, which is not there yet: by one of its own for a moment
            names = new / "names"
            names.mkdir()
            self._names(names, names, programs, runtime, new, "static" if self._is_musl() else "mostly_static")
            compiler, archiver = names / "plain" / "gcc", names / "plain" / "ar"
        else:
            compiler, archiver = self._gcc(new / "tree", "gcc"), self._gcc(new / "tree", "ar")
        zlib_sysroot.build(self._zlib, self._sysroot(new), (str(compiler),), (str(archiver),), self._environment())
        if self._is_zig:
            _remove(new / "names")

    def _names(self, new: Path, folder: Path, programs: Path, runtime: Path | None, tree: Path, mode: LinkMode) -> None:
        sysroot = self._sysroot(tree)
        zig = str(self._unpacked / "zig")
        places = {
            "root": str(self._unpacked),
            "runtime": str(runtime / "c") if runtime else "",
            "cxx_runtime": str(runtime / "cxx") if runtime else "",
            "lld": str(folder / "plain" / "ld.lld"),
        }
        tools: dict[str, Sequence[str]]
        compilers: dict[str, Sequence[str]]
        if self._is_zig:
            clang = (zig, "clang", "--no-default-config")
            compilers = {"cc": clang, "cxx": (*clang, "--driver-mode=g++")}
            tools = {name: (zig, command) for name, command in _ZIG_TOOLS.items()}
            search = [sysroot / "lib", *(runtime / part for part in ("c", "cxx", "names") if runtime)]
        else:
            compilers = {"cc": (str(self._gcc(tree / "tree", "gcc")),), "cxx": (str(self._gcc(tree / "tree", "g++")),)}
            tools = self._gcc_tools(tree / "tree")
            search = [sysroot / "lib"]
        (new / "driver.conf").write_text(
            driver.configuration(
                kind="clang" if self._is_zig else "gcc",
                target=self._toolchain.target,
                mode=mode,
                check=programs / "elfcheck",
                compilers=compilers,
                flags=rules.flags(self._toolchain, self._artifact),
                places=places,
                search=search,
                include=[sysroot / "include"] if self._is_zig and self._zlib else [],
                tools=tools,
            ),
            encoding="utf-8",
        )
        for name in ("bin", "plain"):
            (new / name).mkdir()
        has_cxx = "c++" not in self._toolchain.without if self._is_zig else Path(compilers["cxx"][0]).exists()
        for name in (*driver.C_NAMES, *(driver.CXX_NAMES if has_cxx else ()), driver.GO_TOOL, *tools):
            for path in (f"bin/{self._name}-{name}", f"bin/{self._toolchain.target}-{mode}-{name}", f"plain/{name}"):
                if not (new / path).exists():
                    os.link(programs / "driver", new / path)
        for name, text in build_systems.files(folder, self._toolchain, mode, sysroot, tools).items():
            (new / name).write_text(text, encoding="utf-8")

    def _gcc(self, tree: Path, name: str) -> Path:
        return tree / "bin" / (name if self._artifact.layout == "native" else f"{self._name}-{name}")

    def _gcc_tools(self, tree: Path) -> dict[str, Sequence[str]]:
        """Every program of GCC's that is no compiler, by its usual name."""
        found = {path.name.removeprefix(f"{self._name}-"): (str(path),) for path in sorted((tree / "bin").iterdir())}
        compilers = {*driver.C_NAMES, *driver.CXX_NAMES}
        return {name: words for name, words in found.items() if name not in compilers}

    def _sysroot(self, tree: Path) -> Path:
        if self._is_zig:
            return tree / "sysroot"
        return tree / "tree" if self._artifact.layout == "native" else tree / "tree" / self._name

    def _is_musl(self) -> bool:
        return self._toolchain.target.is_musl

    def _environment(self) -> dict[str, str]:
        """The environment to compile in: nothing of the user's that could change what comes out."""
        kept = {key: os.environ[key] for key in ("HOME", "TMPDIR") if key in os.environ} | {"LC_ALL": "C"}
        if not self._is_zig:
            return kept
        caches = str(private.own(self._home, "zig"))
        return kept | {key: os.environ.get(key) or caches for key in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}

    def _make(self, folder: Path, fill: Callable[[Path], None]) -> None:
        """Make a folder unless it is there, and let nobody write to it."""

        def frozen(new: Path) -> None:
            fill(new)
            _freeze(new)

        trees.make_once(folder, frozen, self._say)


def _link_tree(source: Path, target: Path) -> None:
    """Give every file of a tree a second name below ``target``; folders and symlinks are made anew."""
    for folder, _, _ in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    (here / entry.name).symlink_to(Path(entry.path).readlink())
                elif entry.is_file():
                    os.link(entry.path, here / entry.name)


def _remove(folder: Path) -> None:
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            Path(path, name).unlink()
        for name in folders:
            Path(path, name).rmdir()
    folder.rmdir()


def _freeze(folder: Path) -> None:
    """Take the right to write from everything below a folder."""
    for path, _, files in os.walk(folder):
        for file in (Path(path, name) for name in files):
            if not file.is_symlink() and file.stat().st_mode & 0o222:
                file.chmod(stat.S_IMODE(file.stat().st_mode) & ~0o222)
        Path(path).chmod(0o555)
