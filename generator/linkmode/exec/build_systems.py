"""Files that tell a build system of the toolchain: a toolchain file of CMake's, and a machine file of Meson's. Pure.

https://cmake.org/cmake/help/latest/manual/cmake-toolchains.7.html, https://mesonbuild.com/Machine-files.html
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

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


def _cmake(text: str) -> str:
    """A bracket argument, in which no character has a meaning of its own (cmake-language(7))."""
    return f"[==[{text}]==]"


def _meson(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
