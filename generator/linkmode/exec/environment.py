"""Which locked toolchain `linkmode exec` takes, and the environment that makes build tools take it. Pure.

The variables are those of make (https://www.gnu.org/software/make/manual/html_node/Implicit-Variables.html), autoconf,
CMake (https://cmake.org/cmake/help/latest/manual/cmake-env-variables.7.html), pkg-config and Cargo
(https://doc.rust-lang.org/cargo/reference/environment-variables.html).
"""

import fnmatch
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from linkmode.exec import build_systems
from linkmode.exec.variables import CLEARED
from linkmode.families import FAMILIES
from linkmode.messages import ConfigError, Message, Run, UsageError, did_you_mean
from linkmode.model.cpus import CPUS
from linkmode.model.target import did_you_mean_target
from linkmode.model.values import ExecPlatform, LinkMode, Lock, LockedToolchain, Target

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROGRAMS = {"CC": "gcc", "CXX": "g++", "AR": "ar", "RANLIB": "ranlib", "LD": "ld", "STRIP": "strip"}


class Ready(msgspec.Struct, frozen=True):
    """A toolchain made ready for a mode.

    ``bin`` holds its programs, each as ``<triple>-gcc`` and as ``<name>-gcc``, where ``name`` is target and mode;
    ``plain`` holds them as ``gcc``. ``tools`` are their names without either. ``sysroot`` holds ``include`` and
    ``lib``, with zlib if it is locked. ``check`` is the program elfcheck, for this machine. ``entries`` are the
    folders that all of it lies in.
    """

    triple: str
    name: str
    bin: Path
    plain: Path
    tools: frozenset[str]
    sysroot: Path
    check: Path
    mode: LinkMode
    entries: tuple[Path, ...] = ()


class Machine(msgspec.Struct, frozen=True):
    """This machine: its exec platform, and its own C compilers, each by the variable that names it (``CC``)."""

    platform: ExecPlatform
    compilers: dict[str, str] = {}


class Environment(msgspec.Struct, frozen=True):
    """Changes to an environment. ``before`` are words to put in front of what a variable holds, by a separator.

    ``defaults`` are for variables that are not set. In ``unset``, ``*`` stands for what varies.
    """

    values: dict[str, str]
    before: dict[str, tuple[str, str]]
    unset: tuple[str, ...]
    defaults: dict[str, str] = {}


def choose(
    lock: Lock, host: ExecPlatform, target: str | None, family: str | None, mode: LinkMode | None = None
) -> LockedToolchain:
    """The toolchain that runs on ``host`` and makes ``target``; of several families the one that is locked first.

    Without a target it is the one that link mode ``mode``, or ``static``, builds for on this CPU, or the only one that
    is locked.

    Raises:
        UsageError: the lock has no such target or family, or has several and none was named.
        ConfigError: the lock has nothing that runs on ``host``.
    """
    here = [toolchain for toolchain in lock.toolchains if toolchain.exec == host]
    if not here:
        platforms = ", ".join(dict.fromkeys(toolchain.exec for toolchain in lock.toolchains))
        raise ConfigError(
            f"linkmode.lock: no toolchain runs on this machine, {host}",
            expected=f"a toolchain for {host}; the lock has some for: {platforms or 'none'}",
            hint=Message(f"add {host!r} to exec-platforms in linkmode.toml, then run: ", Run("lock")),
        )
    if family is not None:
        here = _named("--toolchain", family, {t.family: [u for u in here if u.family == t.family] for t in here})
    by_target: dict[str, list[LockedToolchain]] = {t.target: [u for u in here if u.target == t.target] for t in here}
    if target is not None:
        return _named("--target", target, by_target)[0]
    asked_for = {t.target: t for t in reversed(here) if t.purpose == "target"}
    usual = lock.link_modes.get(host.cpu, {}).get(mode or "static")
    if usual in asked_for:
        return asked_for[usual]
    if len(asked_for) == 1:
        return next(iter(asked_for.values()))
    known = sorted(asked_for or by_target)
    raise UsageError(
        "--target is missing, and linkmode.lock has several targets that run here",
        expected=f"one of {', '.join(known)}",
        hint=Message(Run("exec", f"--target {known[0]} -- …")),
    )


def _named(option: str, name: str, known: Mapping[str, list[LockedToolchain]]) -> list[LockedToolchain]:
    if name not in known:
        guess = did_you_mean_target if option == "--target" else did_you_mean
        raise UsageError(
            f"{option}: linkmode.lock has no {name!r} that runs here{guess(name, known)}",
            expected=f"one of {', '.join(known)}",
            hint=Message(
                f"choose one of these, or add {name} to a [[toolchain]] of linkmode.toml and run: ", Run("lock")
            ),
        )
    return known[name]


def for_this_machine(lock: Lock, host: ExecPlatform, chosen: LockedToolchain) -> LockedToolchain:
    """Return the toolchain that compiles programs for this machine: ``chosen`` where it can, another of the lock else.

    Raises ConfigError when the lock has none.
    """
    for one in (chosen, *lock.toolchains):
        if one.exec == host and (one.target == host.musl or FAMILIES[one.family].compiler().makes_every_target):
            return one
    raise ConfigError(
        f"linkmode.lock: no compiler for this machine, {host}: linkmode compiles its own compiler driver with one",
        expected=f"a toolchain for {host} with the target {host.musl}",
        hint=Message(f"add {host.musl} to the targets of a [[toolchain]] in linkmode.toml, then run: ", Run("lock")),
    )


def mode_of(target: Target, mode: LinkMode | None) -> LinkMode:
    """Return the link mode of a run: ``mode`` if it is named, else ``static`` for musl and ``mostly_static`` for glibc.

    Raises UsageError when the target's libc cannot be linked in that mode.
    """
    if mode == "static" and not target.is_musl:
        raise UsageError(
            f"--mode static: {target} has glibc, which cannot be linked statically: it loads modules at run time",
            expected="a musl target, or another mode",
            hint=Message(Run("exec", f"--target {target.cpu}-linux-musl -- …"), ", or --mode mostly_static"),
        )
    return mode or ("static" if target.is_musl else "mostly_static")


def environment(
    toolchain: LockedToolchain, ready: Ready, machine: Machine, *, has_plain_names: bool = True
) -> Environment:
    """What a build tool needs so that it takes this toolchain, its sysroot, and no other.

    Without ``has_plain_names`` a program called ``gcc`` stays the machine's own.
    """
    target = toolchain.target
    is_native = machine.platform == f"{target.cpu}-{target.os}"
    # By name: make splits a value at blanks, which a path may have; and names survive where paths are written down.
    values = {key: f"{ready.name}-{tool}" for key, tool in _PROGRAMS.items() if tool in ready.tools}
    folders = [ready.bin]
    if is_native and has_plain_names:
        # For makefiles that call gcc and ignore CC. A build for another CPU also needs programs for this one.
        folders.append(ready.plain)
    go_flags = [_go_flag(f"-toolexec={shlex.quote(str(ready.bin / f'{ready.triple}-go-toolexec'))}")]
    if ready.mode != "static":
        go_flags.append("-ldflags=-linkmode=external")  # by itself, Go links a program without C statically
    before = {
        "PATH": (":".join(map(str, folders)), ":"),
        "CMAKE_PREFIX_PATH": (str(ready.sysroot), ":"),
        "GOFLAGS": (" ".join(go_flags), " "),
    }
    # The machine's own libraries are of another libc: none of them must be found.
    values["PKG_CONFIG_LIBDIR"] = str(ready.sysroot / "lib" / "pkgconfig")
    values["CMAKE_TOOLCHAIN_FILE"] = str(ready.bin.parent / build_systems.CMAKE)
    values["LINK_MODE"] = ready.mode
    if ready.mode != "dynamic":
        values["PKG_CONFIG_ALL_STATIC"] = "1"
    if not is_native and (go := CPUS[target.cpu].go):
        values |= {"GOOS": target.os, "GOARCH": go, **CPUS[target.cpu].go_settings}
    values |= _rust(target, values, machine)
    # Go turns cgo off for another CPU. A user who sets it to 0 means it.
    return Environment(values, before, CLEARED, {"CGO_ENABLED": "1"})


def _rust(target: Target, values: Mapping[str, str], machine: Machine) -> dict[str, str]:
    """What Cargo and the crate `cc` read. Build scripts are for this machine, and are linked by its own compiler."""
    triple = CPUS[target.cpu].rust
    if not triple:
        return {}
    name = triple.replace("{libc}", target.libc)
    found = {_linker(name): values["CC"], "PKG_CONFIG_ALLOW_CROSS": "1"} if "CC" in values else {}
    found |= {f"{key}_{name.replace('-', '_')}": values[key] for key in ("CC", "CXX", "AR") if key in values}
    host = f"{machine.platform.cpu}-unknown-linux-gnu"
    if name == host:
        return found
    found["CARGO_BUILD_TARGET"] = name
    found |= {f"HOST_{key}": path for key, path in machine.compilers.items()}
    found |= {f"{key}_{host.replace('-', '_')}": path for key, path in machine.compilers.items()}
    if "CC" in machine.compilers:
        found[_linker(host)] = machine.compilers["CC"]
    return found


def _linker(rust_target: str) -> str:
    return f"CARGO_TARGET_{rust_target.upper().replace('-', '_')}_LINKER"


def _go_flag(flag: str) -> str:
    """A flag as a word of GOFLAGS, which has both kinds of quotes and no backslash."""
    if not set(flag) & set(" \t'\""):
        return flag
    return f'"{flag}"' if '"' not in flag else f"'{flag}'"


def applied(changes: Environment, current: Mapping[str, str]) -> dict[str, str]:
    """The environment ``current`` with the changes."""
    cleared = set(_cleared(changes, current))
    kept = {key: value for key, value in current.items() if key not in cleared}
    joined = {
        key: f"{word}{separator}{kept[key]}" if kept.get(key) else word
        for key, (word, separator) in changes.before.items()
    }
    return changes.defaults | kept | changes.values | joined


def _cleared(changes: Environment, current: Iterable[str]) -> list[str]:
    """The names of ``current`` that are cleared."""
    return [key for key in current if any(fnmatch.fnmatchcase(key, pattern) for pattern in changes.unset)]


def as_shell(changes: Environment, toolchain: LockedToolchain, ready: Ready, current: Iterable[str]) -> str:
    """The changes as lines that a POSIX shell can ``eval``, with what cannot be said in a variable as comments.

    Of the names with a ``*``, those are cleared that are in ``current``; a shell cannot clear what is no word.
    """
    varying = [key for key in _cleared(changes, current) if key not in changes.unset and _WORD.fullmatch(key)]
    lines = [
        f"# {toolchain.artifact}, for {toolchain.target}",
        f"# ./configure --host={ready.triple}",
        *(f"unset {key}" for key in changes.unset if "*" not in key),
        *(f"unset {key}" for key in sorted(varying)),
        *(f"export {key}={shlex.quote(value)}" for key, value in sorted(changes.values.items())),
        *(f'export {key}="${{{key}-{value}}}"' for key, value in sorted(changes.defaults.items())),
        *_prepended(changes.before.items()),
    ]
    return "\n".join(lines) + "\n"


def _prepended(before: Iterable[tuple[str, tuple[str, str]]]) -> list[str]:
    return [
        f'export {key}={shlex.quote(word)}"${{{key}:+{separator}${key}}}"' for key, (word, separator) in sorted(before)
    ]
