"""Which locked toolchain `linkmode exec` takes, and the environment that makes build tools take it. Pure.

The variables are those of make (https://www.gnu.org/software/make/manual/html_node/Implicit-Variables.html), autoconf,
CMake (https://cmake.org/cmake/help/latest/manual/cmake-env-variables.7.html), pkg-config and Cargo
(https://doc.rust-lang.org/cargo/reference/environment-variables.html).
"""

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from linkmode.exec.variables import CLEARED
from linkmode.messages import ConfigError, Message, Run, UsageError, did_you_mean
from linkmode.model.cpus import CPUS
from linkmode.model.values import ExecPlatform, Lock, LockedToolchain

_PROGRAMS = {"CC": "gcc", "CXX": "g++", "AR": "ar", "RANLIB": "ranlib", "LD": "ld", "STRIP": "strip"}


class Ready(msgspec.Struct, frozen=True):
    """A toolchain made ready: ``bin`` holds its programs, called ``<triple>-gcc`` and so on.

    ``tools`` are their names without the triple. ``sysroot`` holds ``include`` and ``lib``, with zlib if it is locked.
    """

    triple: str
    bin: Path
    tools: frozenset[str]
    sysroot: Path


class Environment(msgspec.Struct, frozen=True):
    """Changes to an environment. ``before`` are words to put in front of what a variable holds, by a separator."""

    values: dict[str, str]
    before: dict[str, tuple[str, str]]
    unset: tuple[str, ...]


def choose(lock: Lock, host: ExecPlatform, target: str | None, family: str | None) -> LockedToolchain:
    """The toolchain that runs on ``host`` and makes ``target``; of several families the one that is locked first.

    Without a target it is the one that link mode ``static`` builds for on this CPU, or the only one that is locked.

    Raises:
        UsageError: the lock has no such target or family, or has several and none was named.
        ConfigError: the lock has nothing that runs on ``host``.
    """
    here = [toolchain for toolchain in lock.toolchains if toolchain.exec == host]
    if not here:
        platforms = ", ".join(dict.fromkeys(toolchain.exec for toolchain in lock.toolchains))
        raise ConfigError(
            f"linkmode.lock has no toolchain that runs on this machine, {host}; it has some for: {platforms or 'none'}",
            hint=Message(f"add {host!r} to exec-platforms in linkmode.toml, then run: ", Run("lock")),
        )
    if family is not None:
        here = _named("--toolchain", family, {t.family: [u for u in here if u.family == t.family] for t in here})
    by_target: dict[str, list[LockedToolchain]] = {t.target: [u for u in here if u.target == t.target] for t in here}
    if target is not None:
        return _named("--target", target, by_target)[0]
    asked_for = {t.target: t for t in reversed(here) if t.purpose == "target"}
    usual = lock.link_modes.get(host.cpu, {}).get("static")
    if usual in asked_for:
        return asked_for[usual]
    if len(asked_for) == 1:
        return next(iter(asked_for.values()))
    raise UsageError("--target: which one?", hint=f"the lock has: {', '.join(sorted(asked_for or by_target))}")


def _named(option: str, name: str, known: Mapping[str, list[LockedToolchain]]) -> list[LockedToolchain]:
    if name not in known:
        raise UsageError(
            f"{option}: linkmode.lock has no {name!r} that runs here{did_you_mean(name, known)}",
            hint=Message(f"it has: {', '.join(known)}; others are asked for in linkmode.toml, then: ", Run("lock")),
        )
    return known[name]


def environment(toolchain: LockedToolchain, ready: Ready) -> Environment:
    """What a build tool needs so that it takes this toolchain, its sysroot, and no other."""
    target = toolchain.target
    # By name: make splits a value at blanks, which a path may have; and names survive where paths are written down.
    values = {key: f"{ready.triple}-{tool}" for key, tool in _PROGRAMS.items() if tool in ready.tools}
    before = {"PATH": (str(ready.bin), ":"), "CMAKE_PREFIX_PATH": (str(ready.sysroot), ":")}
    # The machine's own libraries are of another libc: none of them must be found.
    values["PKG_CONFIG_LIBDIR"] = str(ready.sysroot / "lib" / "pkgconfig")
    if target.is_musl:
        # What configure scripts try out must run here, where there is no musl to load.
        before["LDFLAGS"] = ("-static", " ")
    # rustc brings its own start-up files for musl, and so does zig: one program would have both.
    cpu = CPUS[target.cpu].rust
    if cpu and not (target.is_musl and toolchain.family == "zig"):
        rust = f"{cpu}_unknown_{target.os}_{target.libc}"
        of_cargo = {"CC": f"CARGO_TARGET_{rust.upper()}_LINKER"}
        of_cc_crate = {key: f"{key}_{rust}" for key in ("CC", "CXX", "AR")}
        for names in (of_cargo, of_cc_crate):
            values |= {name: values[key] for key, name in names.items() if key in values}
    return Environment(values, before, CLEARED)


def applied(changes: Environment, current: Mapping[str, str]) -> dict[str, str]:
    """The environment ``current`` with the changes."""
    kept = {key: value for key, value in current.items() if key not in changes.unset}
    joined = {
        key: f"{word}{separator}{kept[key]}" if kept.get(key) else word
        for key, (word, separator) in changes.before.items()
    }
    return kept | changes.values | joined


def as_shell(changes: Environment, toolchain: LockedToolchain, ready: Ready) -> str:
    """The changes as lines that a POSIX shell can ``eval``, with what cannot be said in a variable as comments."""
    lines = [
        f"# {toolchain.artifact}, for {toolchain.target}",
        f"# ./configure --host={ready.triple}",
        *(f"unset {key}" for key in changes.unset),
        *(f"export {key}={shlex.quote(value)}" for key, value in sorted(changes.values.items())),
        *_prepended(changes.before.items()),
    ]
    return "\n".join(lines) + "\n"


def _prepended(before: Iterable[tuple[str, tuple[str, str]]]) -> list[str]:
    return [
        f'export {key}={shlex.quote(word)}"${{{key}:+{separator}${key}}}"' for key, (word, separator) in sorted(before)
    ]
