"""What a build system has to be told of the toolchain: CMake by a file, Meson by another, and dune by an empty folder.

https://cmake.org/cmake/help/latest/manual/cmake-toolchains.7.html, https://mesonbuild.com/Machine-files.html
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from linkmode.messages import ConfigError
from linkmode.model import textfile
from linkmode.model.values import LinkMode, LockedToolchain

CMAKE, MESON = "toolchain.cmake", "meson.ini"

_CMAKE = """\
# Written by linkmode exec: {target}, {mode}.
set(CMAKE_C_COMPILER {c})
set(CMAKE_CXX_COMPILER {cxx})
{tools}{system}
# The machine's own libraries are for another libc. What a project builds, and what it is told by CMAKE_PREFIX_PATH, is
# found.
list(APPEND CMAKE_FIND_ROOT_PATH {sysroot} ${{CMAKE_SOURCE_DIR}} ${{CMAKE_BINARY_DIR}} ${{CMAKE_PREFIX_PATH}})
if(DEFINED ENV{{CMAKE_PREFIX_PATH}})
  string(REPLACE ":" ";" _linkmode_prefixes "$ENV{{CMAKE_PREFIX_PATH}}")
  list(APPEND CMAKE_FIND_ROOT_PATH ${{_linkmode_prefixes}})
endif()
# A Python that is no part of the machine's own folders, for extension modules.
foreach(_linkmode_python IN ITEMS "${{Python_EXECUTABLE}}" "${{Python3_EXECUTABLE}}" "${{PYTHON_EXECUTABLE}}")
  if(_linkmode_python)
    get_filename_component(_linkmode_python "${{_linkmode_python}}" REALPATH)
    string(REGEX REPLACE "/bin/[^/]*$" "" _linkmode_python "${{_linkmode_python}}")
    if(NOT _linkmode_python MATCHES "^(/usr|/usr/local)?$")
      list(APPEND CMAKE_FIND_ROOT_PATH "${{_linkmode_python}}")
    endif()
  endif()
endforeach()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
{shared}"""

_STATIC = """\
# A program of this mode takes its libraries from archives; a project that says SHARED by name is refused at its link.
option(BUILD_SHARED_LIBS "Build shared libraries" OFF)
"""

_NO_RPATH = """\
# CMake changes a program's search path when it installs it, and a static program has none.
set(CMAKE_SKIP_RPATH ON)
"""


def files(
    folder: Path, toolchain: LockedToolchain, mode: LinkMode, sysroot: Path, tools: Iterable[str]
) -> dict[str, str]:
    """Return the files by name. ``folder`` holds ``bin`` and ``plain``; ``tools`` are the programs that there are."""
    target = toolchain.target
    is_cross = toolchain.exec.cpu != target.cpu
    prefix = folder / "bin" / f"{toolchain.target}-{mode}"
    present = set(tools)
    programs = {"AR": "ar", "RANLIB": "ranlib", "LINKER": "ld", "STRIP": "strip", "NM": "nm", "OBJCOPY": "objcopy"}
    cmake = _CMAKE.format(
        target=toolchain.target,
        mode=mode,
        c=_cmake(f"{prefix}-gcc"),
        cxx=_cmake(f"{prefix}-g++"),
        tools="".join(
            f'set(CMAKE_{key} {_cmake(f"{prefix}-{name}")} CACHE FILEPATH "{name}")\n'
            for key, name in programs.items()
            if name in present
        ),
        system=f"set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR {target.cpu})\n" if is_cross else "",
        sysroot=_cmake(str(sysroot)),
        shared="" if mode == "dynamic" else _STATIC + (_NO_RPATH if mode == "static" else ""),
    )
    binaries: dict[str, str] = {
        "c": "gcc",
        "cpp": "g++",
        **{name: name for name in ("ar", "strip", "nm", "ranlib") if name in present},
    }
    lines = [
        f"# Written by linkmode exec: {toolchain.target}, {mode}.",
        "[binaries]",
        *(f"{key} = {_meson(f'{prefix}-{name}')}" for key, name in binaries.items()),
        *(["pkg-config = 'pkg-config'"] if is_cross else []),
        *(
            []
            if mode == "dynamic"
            else ["", "[built-in options]", "default_library = 'static'", "prefer_static = true"]
        ),
    ]
    if is_cross:
        lines += [
            "",
            "[properties]",
            f"pkg_config_libdir = [{_meson(str(sysroot / 'lib' / 'pkgconfig'))}]",
            "",
            "[host_machine]",
            "system = 'linux'",
            f"cpu_family = {_meson(target.cpu)}",
            f"cpu = {_meson(target.cpu)}",
            "endian = 'little'",
        ]
    return {CMAKE: cmake, MESON: "\n".join(lines) + "\n"}


def with_machine_file(command: Sequence[str], folder: Path, *, is_cross: bool) -> tuple[str, ...]:
    """Return ``command``; Meson's own ``setup`` with the machine file in ``folder``, which no variable can name.

    One that the command line has comes later, and so decides.
    """
    if [Path(word).name for word in command[:1]] != ["meson"] or "setup" not in command:
        return tuple(command)
    after = list(command).index("setup") + 1
    option = "--cross-file" if is_cross else "--native-file"
    return (*command[:after], f"{option}={folder / MESON}", *command[after:])


def dune_folder(command: Sequence[str], here: Path, variables: Mapping[str, str]) -> Path | None:
    """Return the build folder of a dune command; None for any other command, and for ``dune clean``.

    Its root is the outermost folder above with a dune-workspace, or else a dune-project (dune's manual, "Finding the
    root").
    """
    if [Path(word).name for word in command[:1]] != ["dune"] or "clean" in command[1:2]:
        return None
    root = _option(command, "--root")
    if root is None:
        above = (here, *here.parents)
        marked = next(
            (
                found
                for name in ("dune-workspace", "dune-project")
                if (found := [a for a in above if (a / name).exists()])
            ),
            [here],
        )
        root = str(marked[-1])
    return here / root / (_option(command, "--build-dir") or variables.get("DUNE_BUILD_DIR") or "_build")


def _option(command: Sequence[str], name: str) -> str | None:
    for word, after in zip(command, (*command[1:], None), strict=True):
        if word == name:
            return after
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
    return None


def claim_dune_folder(folder: Path, toolchain: str) -> None:
    """Write down which toolchain and mode builds in a folder of dune's.

    dune does not know which compiler it links by: what is there, it would take for up to date. Raises ConfigError where
    another compiler has built.
    """
    mark = folder / ".linkmode"
    try:
        owner = textfile.regular(mark).decode("utf-8", "replace") if os.path.lexists(mark) else ""
        if owner != toolchain and (folder / "default").exists():
            raise ConfigError(
                f"{folder}: was built by another compiler or for another mode, and dune would link nothing again",
                expected="an empty folder, or one of the same target and mode",
                hint="run: dune clean",
            )
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(toolchain, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{mark}: cannot be written: {error.strerror or error}",
            expected="a build folder of dune's that this user can write",
            hint="remove it, or name another by DUNE_BUILD_DIR",
        ) from error


def _cmake(text: str) -> str:
    """A bracket argument, in which no character has a meaning of its own (cmake-language(7))."""
    return f"[==[{text}]==]"


def _meson(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
