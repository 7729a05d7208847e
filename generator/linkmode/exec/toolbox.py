"""Makes an unpacked toolchain ready for build tools other than Bazel: programs by their usual names, and a sysroot.

    <cache>/exec/<digest>/tree/     GCC: hard links to every file of the unpacked archive, with zlib beside musl
    <cache>/exec/<digest>/bin/      `<triple>-gcc` and so on, where the archive has no programs of these names
    <cache>/exec/<digest>/sysroot/  Zig: what its wrappers name, with zlib

Why hard links, and no CPATH and LIBRARY_PATH: GCC reads LIBRARY_PATH as a native compiler only, the machine's own
compiler would see both, and a tool that clears its environment neither. They cost no space, and GCC needs no wrapper
then. Zig needs one anyway, to be told its target.
"""

import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

from linkmode.exec import zlib_sysroot
from linkmode.exec.environment import Ready
from linkmode.messages import ConfigError, Message, Run
from linkmode.model.values import Artifact, LockedToolchain, Target
from linkmode.store import trees

_RECIPE = "3"
"""Part of every digest; raise it when something else is to be made from the same archives."""

_ZIG_TOOLS = {"gcc": "cc", "cc": "cc", "g++": "c++", "c++": "c++", "ar": "ar", "ranlib": "ranlib", "ld": "ld.lld"}
"""A tool by its usual name, and zig's own command for it."""

_COMPILERS = ("cc", "c++")

Say = Callable[[str], None]
"""Told, in half a sentence, what takes a while."""


def ready(
    home: Path, toolchain: LockedToolchain, artifact: Artifact, unpacked: Path, zlib: Path | None, say: Say
) -> Ready:
    """Make a toolchain ready unless it is. ``unpacked`` is its archive's folder, ``zlib`` that of zlib's sources.

    Raises ConfigError when the archive has a layout that is not known here, or when the system refuses.
    """
    # Wrappers name paths: in a cache that was moved they are written anew.
    folder = home / "exec" / trees.digest(_RECIPE, str(home), toolchain.target, str(unpacked), str(zlib or ""))
    name = toolchain.target.gnu
    if not folder.is_dir():
        say(f"making {artifact.name} ready for {toolchain.target}, once")
    match artifact.layout:
        case "cross" | "native":
            native = artifact.layout == "native"
            trees.make_once(folder, lambda new: _gcc(new, name, unpacked, zlib, native=native), say)
            programs = folder / "bin" if native else folder / "tree" / "bin"
            sysroot = folder / "tree" if native else folder / "tree" / name
        case "zig":
            trees.make_once(folder, lambda new: _zig(new, folder, home, toolchain.target, unpacked, zlib), say)
            programs, sysroot = folder / "bin", folder / "sysroot"
        case other:
            raise ConfigError(
                f"{artifact.name}: linkmode exec knows no layout {other!r}; expected cross, native or zig",
                hint=Message("correct layout in its [[pin]], then run: ", Run("lock")),
            )
    try:
        tools = frozenset(path.name.removeprefix(f"{name}-") for path in programs.iterdir())
    except OSError as error:
        raise ConfigError(
            f"{programs}: cannot be read: {error.strerror or error}", hint=f"delete {folder}; it is made again"
        ) from error
    return Ready(name, programs, tools, sysroot)


def hold_caches(home: Path, artifact: Artifact) -> list[int]:
    """Hold what a toolchain keeps for itself, and return the descriptors: `trees.hold_cache`."""
    held = trees.hold_cache(home, "zig") if artifact.layout == "zig" else None
    return [] if held is None else [held]


def _gcc(new: Path, name: str, unpacked: Path, zlib: Path | None, *, native: bool) -> None:
    tree = new / "tree"
    _link_tree(unpacked, tree)
    if native:
        (new / "bin").mkdir()
        for path in sorted((tree / "bin").iterdir()):
            short = path.name.removeprefix(f"{name}-")
            link = new / "bin" / f"{name}-{short}"
            # Where there are both names, as of gcc, the one with the triple is taken.
            if path.name != short or not (tree / "bin" / f"{name}-{short}").exists():
                link.symlink_to(f"../tree/bin/{path.name}")
    if zlib:
        programs = f"{tree}/bin/{'' if native else f'{name}-'}"
        sysroot = tree if native else tree / name
        zlib_sysroot.build(zlib, sysroot, (f"{programs}gcc",), (f"{programs}ar",), _surroundings())
    _freeze(new)


def _zig(new: Path, folder: Path, home: Path, target: Target, unpacked: Path, zlib: Path | None) -> None:
    zig, caches = str(unpacked / "zig"), str(home / "zig")
    (new / "sysroot").mkdir()
    if zlib:
        variables = _surroundings() | {"ZIG_GLOBAL_CACHE_DIR": caches, "ZIG_LOCAL_CACHE_DIR": caches}
        zlib_sysroot.build(zlib, new / "sysroot", (zig, "cc", "-target", target), (zig, "ar"), variables)
    sysroot = folder / "sysroot"
    flags = ("-isystem", str(sysroot / "include"), "-L", str(sysroot / "lib")) if zlib else ()
    (new / "bin").mkdir()
    for tool, command in _ZIG_TOOLS.items():
        words = (zig, command, *(("-target", target, *flags) if command in _COMPILERS else ()))
        wrapper = new / "bin" / f"{target.gnu}-{tool}"
        wrapper.write_text(
            "#!/bin/sh\n"
            f"# Written by linkmode exec: zig {command} for {target}.\n"
            f'[ -n "$ZIG_GLOBAL_CACHE_DIR" ] || export ZIG_GLOBAL_CACHE_DIR={shlex.quote(caches)}\n'
            f'[ -n "$ZIG_LOCAL_CACHE_DIR" ] || export ZIG_LOCAL_CACHE_DIR={shlex.quote(caches)}\n'
            f"{_version_question(zig, command, target)}{_NO_PUSHED_STATE if command in _COMPILERS else ''}"
            f'exec {shlex.join(words)} "$@"\n'
        )
        wrapper.chmod(0o755)
    _freeze(new)


_NO_PUSHED_STATE = """\
state=dynamic pushed=
for word do
    shift
    case $word in
    -Wl,-Bstatic) state=static ;;
    -Wl,-Bdynamic) state=dynamic ;;
    -Wl,--push-state)
        pushed="$state $pushed"
        continue
        ;;
    -Wl,--pop-state)
        state=${pushed%% *} pushed=${pushed#* }
        word=-Wl,-B${state:-dynamic}
        ;;
    esac
    set -- "$@" "$word"
done
"""
"""Lines that say how libraries are looked for once more, for ``--pop-state``: Zig ends with "unsupported linker arg".

GraalVM's native-image pushes and pops it around the libraries of a mostly static image
(https://sourceware.org/binutils/docs/ld/Options.html).
"""


def _version_question(zig: str, command: str, target: Target) -> str:
    """Return a line that answers ``-v`` for a target without its glibc version, which Zig calls an error then.

    GraalVM's native-image asks so, and reads the compiler and the CPU off the first lines.
    """
    if command not in _COMPILERS or target.gnu == target:
        return ""
    return f'[ "$*" = -v ] && exec {shlex.join((zig, command, "-target", target.gnu, "-v"))}\n'


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


def _surroundings() -> dict[str, str]:
    """The environment to compile in: nothing of the user's that could change what comes out."""
    return {key: os.environ[key] for key in ("HOME", "TMPDIR") if key in os.environ} | {"LC_ALL": "C"}


def _freeze(folder: Path) -> None:
    """Take the right to write from everything below a folder."""
    for path, _, files in os.walk(folder):
        for file in (Path(path, name) for name in files):
            if not file.is_symlink() and file.stat().st_mode & 0o222:
                file.chmod(stat.S_IMODE(file.stat().st_mode) & ~0o222)
        Path(path).chmod(0o555)
