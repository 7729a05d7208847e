"""zlib compiled from its locked sources by a locked compiler, as a sysroot has it: headers, libz.a, and zlib.pc."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from linkmode.messages import ConfigError
from linkmode.model.rule_tables import tables

_FILES = "libraries/zlib/zlib_files.bzl"
"""The table of zlib's files that Bazel and Buck2 compile it by."""

_VERSION = re.compile(r'#define ZLIB_VERSION "([0-9.]+)')
_JOBS = 4


def build(
    sources: Path, sysroot: Path, compiler: Sequence[str], archiver: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Compile zlib into ``sysroot``, whose folders are made where they are missing; nothing else there is changed.

    The objects can be part of executables of every kind and of shared libraries, and hold no path of this machine.
    Raises ConfigError, with what the compiler said, when it fails; OSError when the system refuses to write.
    """
    files = tables(_FILES, {})
    include, library = sysroot / "include", sysroot / "lib"
    for folder in (include, library, library / "pkgconfig"):
        folder.mkdir(exist_ok=True)
    for header in files["HEADERS"]:
        (include / header).write_bytes((sources / header).read_bytes())
    objects = [library / f".zlib-{Path(name).stem}.o" for name in files["SOURCES"]]
    flags = ("-O2", "-fPIC", "-w", *(f"-D{define}" for define in files["DEFINES"]), "-c")
    commands = [
        [*compiler, *flags, name, "-o", str(made)] for name, made in zip(files["SOURCES"], objects, strict=True)
    ]
    # Started in the folder of the sources, with names relative to it.
    with ThreadPoolExecutor(_JOBS) as pool:
        for finished in [pool.submit(_run, command, sources, environment) for command in commands]:
            finished.result()
    _run([*archiver, "rcsD", str(library / "libz.a"), *map(str, objects)], sources, environment)
    for made in objects:
        made.unlink()
    found = _VERSION.search((include / "zlib.h").read_text(encoding="latin-1"))
    (library / "pkgconfig" / "zlib.pc").write_text(
        "prefix=${pcfiledir}/../..\n\nName: zlib\nDescription: zlib compression library\n"
        f"Version: {found[1] if found else '0'}\nLibs: -L${{prefix}}/lib -lz\nCflags: -I${{prefix}}/include\n"
    )


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(
            f"{folder}: zlib does not compile: {' '.join(command)} failed:\n{(done.stderr or done.stdout).rstrip()}",
            expected="a compiler that runs on this machine, in a folder that is not mounted noexec",
            hint="run that command to see why; choose another folder with --store DIR if it cannot start there",
        )
