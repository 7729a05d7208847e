"""One run of a command under the compiler driver: the note that the driver leaves, and the verdict at the end."""

import contextlib
import itertools
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import msgspec

from linkmode.exec.environment import Ready
from linkmode.model import link_errors, textfile
from linkmode.model.cpus import CPUS
from linkmode.model.values import LockedToolchain, Target

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
"""The terminal sends these to the whole group, the command included."""

_PROBES = ("conftest", "/CMakeFiles/", "/meson-private/", "/cmTC_", "/_configtest", "/build_script_build-")
"""Parts of the paths of what configure scripts, CMake, Meson and setuptools try out, and of Cargo's build scripts."""

LIBRARIES = {
    "bzlib.h": "bzip2",
    "curl/curl.h": "curl",
    "expat.h": "expat",
    "ffi.h": "libffi",
    "gmp.h": "gmp",
    "jpeglib.h": "libjpeg",
    "libxml/parser.h": "libxml2",
    "lz4.h": "lz4",
    "lzma.h": "xz",
    "ncurses.h": "ncurses",
    "openssl/ssl.h": "openssl",
    "pcre2.h": "pcre2",
    "png.h": "libpng",
    "readline/readline.h": "readline",
    "sqlite3.h": "sqlite",
    "uuid/uuid.h": "libuuid",
    "yaml.h": "libyaml",
    "zlib.h": "zlib",
    "zstd.h": "zstd",
}
"""Headers by which a project looks for a library that it can do without."""


class Note(msgspec.Struct, frozen=True):
    """What the driver wrote (templates/common/driver/check.h), without repetitions.

    ``linked`` are programs, and ``libraries`` shared objects, each as target, mode and path; ``wrong`` are those that
    were removed; ``packages`` are programs of Go's by their import path. ``headers`` and ``missing`` are headers and
    libraries that were not found, with the file that wanted them.
    """

    linked: tuple[tuple[str, str, str], ...] = ()
    libraries: tuple[tuple[str, str, str], ...] = ()
    wrong: tuple[tuple[str, str, str], ...] = ()
    packages: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """Lines to print, and whether all that was linked is of its mode."""

    lines: tuple[str, ...]
    holds: bool


def parse(text: str) -> Note:
    """Return a note. Lines that are not whole are left out: a killed driver may have left one."""
    entries: dict[str, dict[tuple[str, ...], None]] = {}
    for line in text.splitlines():
        kind, *fields = line.split("\t")
        entries.setdefault(kind, {})[tuple(fields)] = None

    def triples(kind: str) -> tuple[tuple[str, str, str], ...]:
        return tuple((entry[0], entry[1], entry[2]) for entry in entries.get(kind, ()) if len(entry) == 3)

    def pairs(kind: str) -> tuple[tuple[str, str], ...]:
        return tuple((entry[0], entry[1]) for entry in entries.get(kind, ()) if len(entry) == 2)

    return Note(
        linked=triples("program"),
        libraries=triples("library"),
        wrong=triples("wrong"),
        packages=tuple(package for _, package in pairs("go")),
        headers=pairs("header"),
        missing=pairs("missing"),
    )


def judge(note: Note, toolchain: LockedToolchain, ready: Ready, here: Path, libraries: Sequence[str]) -> Verdict:
    """Read again what was linked and is still there, and say what came out.

    ``here`` is the folder that paths are shown relative to; ``libraries`` are those of linkmode.toml.
    """
    what = f"{ready.mode} for {toolchain.target}"
    lines: list[str] = []
    # A program that a build tool only tried, or linked again, is gone, and cannot be wrong.
    wrong = [path for _, _, path in note.wrong if not _is_probe(path) and not Path(path).exists()]
    there = [entry for entry in note.linked if Path(entry[2]).is_file()]
    for target, mode, path in there:
        if (target, mode) != (toolchain.target, ready.mode):
            lines.append(
                f"{_shown(path, here)} was linked for {target} and {mode}: the build folder comes from another run; "
                "start with an empty one"
            )
            wrong.append(path)
        elif problem := _problem(path, toolchain, ready):
            lines.append(problem)
            wrong.append(path)
    lines += _looked_for(note, libraries, toolchain.target)
    if wrong:
        shown = ", ".join(_shown(path, here) for path in dict.fromkeys(wrong))
        lines.append(f"not {what}: {shown}")
    elif note.linked:
        lines.append(f"{what}: {_listed(note, there, here)}")
    return Verdict(tuple(lines), not wrong)


_LINKERS = (("make",), ("gmake",), ("ninja",), ("cmake", "--build"), ("cargo", "build"), ("dune", "build"))
"""Commands that link what is out of date, and nothing else."""


def idle(note: Note, command: Sequence[str], here: Path, began: float) -> str:
    """Return what to say of a command that linked nothing by the driver, and ran since ``began`` (seconds since 1970).

    Another compiler linked what is new in ``here``: one that the build names by its path. Where nothing is new, a build
    tool took what was there for up to date, no matter which compiler made it.
    """
    if note.linked or note.libraries or note.packages:
        return ""
    if made := list(itertools.islice(_programs(here, began), _SHOWN + 1)):
        more = " and more" if len(made) > _SHOWN else ""
        return (
            f"the locked compiler linked nothing. New here, and was not checked: {', '.join(made[:_SHOWN])}{more}; "
            "where this command linked it, name the compiler by $CC, or as gcc: a path such as /usr/bin/gcc is the "
            "machine's own"
        )
    words = (Path(command[0]).name, *command[1:])
    if not any(words[: len(one)] == one for one in _LINKERS):
        return ""
    return (
        "the locked compiler linked nothing: existing files were built earlier or by another compiler, and were not "
        "checked"
    )


_OTHERS = ("node_modules", "site-packages", "target", "venv")
"""Folders of programs that are not linked for the target: those of packages, and of Cargo's build scripts."""


_MOST = 50_000
"""Files that are looked at: a whole file system takes longer than a word about it is worth."""


def _programs(here: Path, began: float) -> Iterator[str]:
    """Yield the ELF programs and shared objects in ``here`` that are no older than ``began``, by their path in it."""
    for path in itertools.islice(_files(here), _MOST):
        # what cannot be read, or is gone by now, is not the build's program
        with contextlib.suppress(OSError):
            if path.lstat().st_mtime >= began and _is_program(path):
                yield str(path.relative_to(here))


def _files(here: Path) -> Iterator[Path]:
    """Yield the files in ``here``, but for what is mounted below: /proc has files that never end."""
    for folder, folders, names in os.walk(here):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _OTHERS and not name.startswith(".") and not os.path.ismount(Path(folder, name))
        )
        yield from (Path(folder, name) for name in sorted(names))


def _is_program(path: Path) -> bool:
    # a link is passed over: nothing links that
    with textfile.open_regular(path, follow=False) as file:
        head = file.read(18)
    return head.startswith(b"\x7fELF") and head[16:18] in (b"\2\0", b"\3\0", b"\0\2", b"\0\3")


def _listed(note: Note, there: Sequence[tuple[str, str, str]], here: Path) -> str:
    names = [_shown(path, here) for _, _, path in there if not _is_probe(path)]
    names += [f"{package} (go)" for package in note.packages]
    others = len(note.linked) - len(names)
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    if not others:
        return shown
    tried = f"{others} temporary {'program' if others == 1 else 'programs'}"
    return f"{shown}; and {tried}" if shown else tried


def _is_probe(path: str) -> bool:
    return any(part in path for part in _PROBES)


_SHOWN = 8


def _problem(path: str, toolchain: LockedToolchain, ready: Ready) -> str:
    """Return what elfcheck says of a program that is not of its mode; nothing when it is."""
    target = toolchain.target
    cpu = CPUS[target.cpu]
    command = [str(ready.check), "--machine", cpu.elf, "--libc", "musl" if target.is_musl else "glibc"]
    command += [word for abi in cpu.abi for word in ("--abi", abi)]
    command += ["--expect", ready.mode]
    command += ["--max-glibc", f"{target.glibc[0]}.{target.glibc[1]}"] if target.glibc else []
    done = subprocess.run([*command, path], capture_output=True, text=True, check=False, errors="replace")
    return done.stderr.rstrip() if done.returncode else ""


def _looked_for(note: Note, libraries: Sequence[str], target: Target) -> Iterator[str]:
    """Name the libraries that the build did not find: it may have left out a part of the project."""
    for header, source in note.headers:
        library = LIBRARIES.get(header)
        if (_is_probe(source) and not library) or library in libraries:
            continue
        name = f" of {library}" if library else ""
        yield (
            f"looked for {header}{name}, and no library of linkmode.toml has it ({Path(source).name}): build the "
            "library with linkmode exec too and name its folder (CPPFLAGS=-I…, LDFLAGS=-L…, CMAKE_PREFIX_PATH), or "
            "switch it off"
        )
    for name, output in note.missing:
        if not _is_probe(output):
            yield f"{Path(output).name}: {link_errors.sentence('library', [name], asker='exec', target=target)}"


def _shown(path: str, here: Path) -> str:
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command and return its exit code, or the negative of the signal that ended it.

    Signals to this process reach it, and so do its inheritable descriptors, such as those of make's job server. Raises
    OSError when it cannot be started.
    """
    # Python ignores them, and the command would inherit that: `yes | head` would not end.
    with subprocess.Popen(  # noqa: SIM117
        command, env=dict(environment), close_fds=False, restore_signals=True
    ) as child:
        with _passing_on(child):
            return child.wait()


@contextlib.contextmanager
def _passing_on(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    def forward(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    before |= {number: signal.signal(number, lambda *_: None) for number in _TERMINAL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_by(number: int) -> None:
    """End this process by the signal that ended the command, so that the caller sees the same."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
