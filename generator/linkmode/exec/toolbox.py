"""Makes an unpacked toolchain ready for build tools other than Bazel: programs by their usual names, and a sysroot.

    <cache>/exec/<digest>/   of the driver     driver and elfcheck, for this machine
                             of a run time     c/ and names/: crt files and libc, for one target
                             of C++            libc++, for one target; made when a link first asks for it (late.py)
                             of the toolchain  tree/: hard links to every file of a self-contained archive, with zlib
                                               sysroot/: zlib, for others
                             of all, and mode  bin/: `<triple>-gcc` and so on; plain/: `gcc` and so on; driver.conf;
                                               toolchain.cmake, meson.ini

Why hard links: GCC takes its headers and libraries from its own folders only, and they cost no space.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from linkmode.exec import build_systems, driver, late, rules, zlib_sysroot
from linkmode.exec.environment import Ready
from linkmode.families import FAMILIES
from linkmode.families.compiler import Say, Tree
from linkmode.messages import ConfigError, Message, Run
from linkmode.model.cpus import CPUS
from linkmode.model.values import Artifact, ExecPlatform, LinkMode, LockedToolchain
from linkmode.store import trees

_RECIPE = "6"
"""A part of every digest. Raise it when the same archives must give something else."""


class Toolbox:
    """Everything that is made from one toolchain's archive. ``home`` is the cache; ``unpacked`` the archive's folder.

    Raises ConfigError when the archive has a layout that is not known here, or when the system refuses.
    """

    def __init__(
        self, home: Path, toolchain: LockedToolchain, artifact: Artifact, unpacked: Path, zlib: Path | None, say: Say
    ) -> None:
        layouts = FAMILIES[toolchain.family].layouts
        if artifact.layout not in layouts:
            raise ConfigError(
                f"{artifact.name}: layout: {artifact.layout!r} is no layout of {toolchain.family}",
                expected=" or ".join(layouts),
                hint=Message("correct layout in its [[pin]], then run: ", Run("lock")),
            )
        self._home, self._toolchain, self._artifact, self._unpacked = home, toolchain, artifact, unpacked
        self._zlib, self._say = zlib, say
        self._name = toolchain.target.gnu
        self._compiler = FAMILIES[toolchain.family].compiler()

    def programs(self, host: ExecPlatform) -> Path:
        """Compile the driver and elfcheck for this machine unless that was done; return their folder."""
        compiler = self._compiler.static(self._at(self._unpacked), host)
        folder = self._home / "exec" / trees.digest(_RECIPE, *compiler, driver.ingredients())
        if not folder.is_dir():
            self._say(f"compiling linkmode's compiler driver with {self._artifact.name}, once")
        self._make(folder, lambda new: driver.build(new, compiler, self._environment()))
        return folder

    def ready(self, programs: Path, mode: LinkMode) -> Ready:
        """Make the toolchain ready for a mode unless it is. ``programs`` holds the driver and elfcheck."""
        runtime = self._runtime()
        tree = self._tree(programs, runtime)
        cxx = self._late()
        # with the words of the driver's that start Python, which an upgrade may move
        made_by = cxx.command if cxx else ()
        made = cxx.folder if cxx and cxx.folder.is_dir() else None
        folder = self._entry("names", str(programs), str(runtime or ""), str(tree), mode, *made_by)
        self._make(folder, lambda new: self._names(new, folder, programs, runtime, tree, mode))
        try:
            tools = frozenset(path.name for path in (folder / "plain").iterdir())
        except OSError as error:
            raise ConfigError(
                f"{folder}: cannot be read: {error.strerror or error}",
                expected="the folder that `linkmode exec` made",
                hint=f"delete {folder}, and run the command again",
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
            entries=tuple(path for path in (programs, runtime, tree, folder, made) if path),
        )

    def _entry(self, *what: str) -> Path:
        # Configurations name paths, so a cache that was moved needs new ones.
        return (
            self._home
            / "exec"
            / trees.digest(_RECIPE, str(self._home), self._toolchain.target, str(self._unpacked), *what)
        )

    def _runtime(self) -> Path | None:
        if not self._compiler.has_runtime:
            return None
        folder, tree, target = self._entry("runtime"), self._at(self._unpacked), self._toolchain.target
        version, environment = self._artifact.version, self._environment()
        self._make(
            folder,
            lambda new: self._compiler.build_runtime(new, tree, target, version, environment, self._say),
        )
        return folder

    def _late(self) -> driver.Late | None:
        """Where the libraries of C++ are or will be."""
        tree = self._at(self._unpacked)
        if not self._compiler.has_runtime or not self._compiler.has_cxx(tree, self._toolchain):
            return None
        folder = self._entry("c++")
        locked = self._toolchain
        words = late.command(folder, self._home, locked.family, self._artifact.version, locked.target, tree)
        return driver.Late(folder, words)

    def _tree(self, programs: Path, runtime: Path | None) -> Path:
        """The compiler's own folders with zlib in them, or a sysroot that holds zlib alone."""
        folder = self._entry("tree", str(self._zlib or ""))
        if not folder.is_dir():
            self._say(f"making {self._artifact.name} ready for {self._toolchain.target}, once")
        self._make(folder, lambda new: self._fill_tree(new, programs, runtime))
        return folder

    def _fill_tree(self, new: Path, programs: Path, runtime: Path | None) -> None:
        if self._compiler.is_self_contained:
            _link_tree(self._unpacked, new / "tree")
        self._sysroot(new).mkdir(exist_ok=True)
        if not self._zlib:
            return
        words: dict[str, tuple[str, ...]]
        if not self._compiler.is_self_contained:
            # compiled by a driver, as builds are; theirs is not there yet, so this one is temporary
            names = new / "names"
            names.mkdir()
            self._names(names, names, programs, runtime, new, "static" if self._is_musl() else "mostly_static")
            words = {"cc": (str(names / "plain" / "gcc"),), "ar": (str(names / "plain" / "ar"),)}
        else:
            tree = self._at(new / "tree")
            words = {**self._compiler.programs(tree), **self._tools(tree)}
        zlib_sysroot.build(self._zlib, self._sysroot(new), words["cc"], words["ar"], self._environment())
        if not self._compiler.is_self_contained:
            _remove(new / "names")

    def _names(self, new: Path, folder: Path, programs: Path, runtime: Path | None, tree: Path, mode: LinkMode) -> None:
        sysroot, cxx = self._sysroot(tree), self._late()
        at = self._at(tree / "tree" if self._compiler.is_self_contained else self._unpacked)
        compilers, tools = self._compiler.programs(at), self._tools(at)
        places = {
            "root": str(self._unpacked),
            "runtime": str(runtime / "c") if runtime else "",
            "cxx_runtime": str(cxx.folder) if cxx else "",
            "lld": str(folder / "plain" / "ld.lld"),
        }
        (new / "driver.conf").write_text(
            driver.configuration(
                kind=self._compiler.kind,
                own=self._compiler.own,
                target=self._toolchain.target,
                mode=mode,
                check=programs / "elfcheck",
                compilers=compilers,
                flags=rules.flags(self._toolchain, self._artifact, self._compiler),
                places=places,
                search=[
                    sysroot / "lib",
                    *(runtime / part for part in ("c", "names") if runtime),
                    *((cxx.folder,) if cxx else ()),
                ],
                archives=[folder / "archives"] if self._compiler.is_self_contained else [],
                include=[sysroot / "include"] if self._zlib and not self._compiler.is_self_contained else [],
                tools=tools,
                late=cxx,
            ),
            encoding="utf-8",
        )
        for name in ("bin", "plain"):
            (new / name).mkdir()
        if self._compiler.is_self_contained:
            _link_archives(sysroot / "lib", new / "archives")
        has_cxx = self._compiler.has_cxx(at, self._toolchain)
        names = (*driver.C_NAMES, *(driver.CXX_NAMES if has_cxx else ()))
        # Debian's OCaml and Python call the compiler that they were built by, and makefiles may name a version of one:
        # x86_64-linux-gnu-gcc, gcc-12.
        own = (*names, *(name for name in driver.MACHINE_NAMES if has_cxx or "++" not in name))
        paths = [f"plain/{name}" for name in own]
        paths += [f"plain/{self._toolchain.target.cpu}-linux-gnu-{name}" for name in own]
        for name in (*names, driver.GO_TOOL, *tools):
            paths += [f"bin/{self._name}-{name}", f"bin/{self._toolchain.target}-{mode}-{name}", f"plain/{name}"]
        first, *others = dict.fromkeys(paths)
        # ccache and sccache know a compiler by its file: a file of its own keeps the objects of two targets apart.
        shutil.copyfile(programs / "driver", new / first)
        with (new / first).open("ab") as stream:
            stream.write(f"{self._toolchain.target} {mode} {folder.name}\n".encode())
        (new / first).chmod(0o755)
        for path in others:
            os.link(new / first, new / path)
        for name, text in build_systems.files(folder, self._toolchain, mode, sysroot, tools).items():
            (new / name).write_text(text, encoding="utf-8")

    def _at(self, folder: Path) -> Tree:
        return Tree(folder, self._artifact.layout, CPUS[self._toolchain.target.cpu].gcc)

    def _tools(self, tree: Tree) -> dict[str, tuple[str, ...]]:
        return self._compiler.tools(tree, (*driver.C_NAMES, *driver.CXX_NAMES))

    def _sysroot(self, tree: Path) -> Path:
        if self._compiler.is_self_contained:
            return self._compiler.sysroot(self._at(tree / "tree"))
        return tree / "sysroot"

    def _is_musl(self) -> bool:
        return self._toolchain.target.is_musl

    def _environment(self) -> dict[str, str]:
        return late.environment(self._home, self._compiler.caches)

    def _make(self, folder: Path, fill: Callable[[Path], None]) -> None:
        trees.make_frozen(folder, fill, self._say)


def _link_tree(source: Path, target: Path) -> None:
    """Link every file of a tree to a second name below ``target``; create folders and symlinks again."""
    for folder, _, _ in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    (here / entry.name).symlink_to(Path(entry.path).readlink())
                elif entry.is_file():
                    os.link(entry.path, here / entry.name)


def _link_archives(libraries: Path, new: Path) -> None:
    """Link each archive that has a shared object beside it, but the libc's: what a linker would take instead of it."""
    new.mkdir()
    for shared in sorted(libraries.glob("lib*.so")):
        archive = shared.with_suffix(".a")
        if archive.exists() and shared.name != "libc.so":
            (new / archive.name).symlink_to(archive)


def _remove(folder: Path) -> None:
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            Path(path, name).unlink()
        for name in folders:
            Path(path, name).rmdir()
    folder.rmdir()
