"""The compiler driver and the ELF check, compiled from templates/ by a locked compiler, and the driver's configuration.

templates/common/driver/driver.c says what the driver does, and config.h beside it what its configuration holds.
"""

import hashlib
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from linkmode.exec.rules import Flags
from linkmode.exec.variables import ALWAYS_CLEARED
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.cpus import CPUS
from linkmode.model.values import LinkMode, Target

C_NAMES = ("gcc", "cc", "clang", "c99", "c89", "cpp")
CXX_NAMES = ("g++", "c++", "clang++")
GO_TOOL = "go-toolexec"
"""The names of the driver, as driver.c knows them."""

MACHINE_NAMES = (
    *(f"{name}-{version}" for name in ("gcc", "g++") for version in range(5, 20)),
    *(f"{name}-{version}" for name in ("clang", "clang++") for version in range(11, 27)),
    "musl-gcc",
    "musl-clang",
)
"""More names that a machine has compilers under, and that makefiles may say."""

_LIBC = ("c", "m", "pthread", "dl", "rt", "util", "resolv", "crypt", "xnet")
_COMPILER = ("gcc", "gcc_s", "gcc_eh", "stdc++", "supc++", "stdc++fs", "atomic", "ssp", "ssp_nonshared")
OWN = (*_LIBC, *_COMPILER)
"""Libraries that every toolchain has, by the name after ``-l``. The driver adds them to a link itself."""


_WORDS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-s")
"""What every compiler of the two is told."""


class Late(msgspec.Struct, frozen=True):
    """Libraries that lie in ``folder`` when ``command`` has run."""

    folder: Path
    command: tuple[str, ...]


def sources() -> tuple[Path, Path]:
    """Return the C files of the driver and of elfcheck; what they include lies beside them."""
    common = resources.templates() / "common"
    return common / "driver" / "driver.c", common / "tools" / "elfcheck" / "elfcheck.c"


def ingredients() -> str:
    """Return all that the two are compiled from, and how, as one text for a digest."""
    common = resources.templates() / "common"
    folders = [*(source.parent for source in sources()), common / "private" / "cc", common / "languages" / "graalvm"]
    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix in {".c", ".h"}]
    texts = [f"{path.relative_to(common)}\0{path.read_text(encoding='utf-8')}" for path in files]
    return "\0".join([*_WORDS, *texts])


def build(new: Path, compiler: Sequence[str], environment: Mapping[str, str]) -> None:
    """Compile ``driver`` and ``elfcheck`` into the folder ``new``, by a compiler for this machine.

    Raises ConfigError, with what the compiler said, when it fails.
    """
    # Zig's cache takes a file for unchanged by its name, size, time and inode, which another release of linkmode may
    # have as well (a time that a package fixes, an image of a container): the digest is a part of that cache's key.
    digest = f"-DLINKMODE_DIGEST={hashlib.sha256(ingredients().encode()).hexdigest()}"
    for source in sources():
        command = [*compiler, *_WORDS, digest, source.name, "-o", str(new / source.stem)]
        done = subprocess.run(command, cwd=source.parent, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ConfigError(
                f"{source}: the compiler driver does not compile: {' '.join(command)} failed:\n{done.stderr.rstrip()}",
                expected="a compiler that runs on this machine, in a folder that is not mounted noexec",
                hint="run that command to see why; choose another folder with --store DIR if it cannot start there",
            )


def configuration(
    *,
    kind: str,
    own: Iterable[str],
    target: Target,
    mode: LinkMode,
    check: Path,
    compilers: Mapping[str, Sequence[str]],
    flags: Flags,
    places: Mapping[str, str],
    search: Iterable[Path],
    archives: Iterable[Path] = (),
    include: Iterable[Path],
    tools: Mapping[str, Sequence[str]],
    late: Late | None = None,
) -> str:
    """Return the text of driver.conf.

    ``kind`` is whose command line the compiler has, and ``own`` what it brings along beside `OWN`.
    ``compilers`` are the words that start the compiler of C (``cc``) and C++ (``cxx``); ``tools`` those of each other
    program by its name. ``late`` is what is built when a link first needs it. ``search`` and ``include`` are folders of
    libraries and headers, in the order in which they are looked at; ``archives`` hold the compiler's own libraries as
    archives alone. Raises ConfigError where a path cannot be written into it.
    """
    single = {
        "kind": kind,
        "target": target,
        "triple": target.gnu,
        "mode": mode,
        "machine": CPUS[target.cpu].elf,
        "libc": "musl" if target.is_musl else "glibc",
        "glibc": f"{target.glibc[0]}.{target.glibc[1]}" if target.glibc else "",
        "check": str(check),
    }
    cxx = flags.at("cxx_flags", places)
    lists: dict[str, Sequence[str]] = {
        **compilers,
        "abi": CPUS[target.cpu].abi,
        "compile": flags.at("compile_flags", places),
        "compile-cxx": [word for word in cxx if word.startswith("-D")],
        "include-cxx": [word for word in cxx if not word.startswith("-D")],
        "include": [
            *(word for path in include for word in ("-isystem", str(path))),
            *flags.at("include_flags", places),
        ],
        "link": flags.at("link_flags", places),
        "static": flags.at("static_flags", places),
        "static-pie": flags.at("static_pie_flags", places),
        "pie": flags.at("pie_flags", places),
        "no-pie": flags.at("no_pie_flags", places),
        "libraries-static": flags.at("static_libraries", places),
        "libraries-mostly_static": flags.at("mostly_static_libraries", places),
        "libraries-dynamic": flags.at("dynamic_libraries", places),
        "search": [str(path) for path in search],
        "archives": [str(path) for path in archives],
        "own": (*OWN, *own),
        "cleared": ALWAYS_CLEARED,
        "late": late.command if late else (),
        "late-folder": (str(late.folder),) if late else (),
    }
    lines = [f"{key}\t{value}" for key, value in single.items() if value]
    lines += [f"{key}\t{word}" for key, words in lists.items() for word in words]
    lines += ["\t".join(("tool", name, *words)) for name, words in tools.items()]
    _check_lines(lines, search)
    return "\n".join(lines) + "\n"


def _check_lines(lines: Iterable[str], search: Iterable[Path]) -> None:
    if any("\n" in line or line.count("\t") > (1 if not line.startswith("tool\t") else 99) for line in lines):
        path = next((str(one) for one in search if set("\t\n") & set(str(one))), "the store")
        raise ConfigError(
            f"{path!r}: the path has a tab or a line break in it",
            expected="a path without either, such as ~/.cache/linkmode",
            hint="choose another with --store DIR",
        )
