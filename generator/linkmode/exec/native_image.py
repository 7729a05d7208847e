"""What `linkmode exec` knows of GraalVM's native-image, which looks for its C compiler by a name of its own.

Where the facts come from: the graalvm_releases.bzl that is generated. Options can also come from a file
(``@…``), from NATIVE_IMAGE_OPTIONS and from a jar; what is not on the command line is not judged. All of it is pure but
`installed`, which reads one file of GraalVM's and looks for others.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from linkmode.exec.environment import Ready
from linkmode.messages import ConfigError, Message, Run, UsageError, did_you_mean
from linkmode.model.components import releases
from linkmode.model.values import Lock, LockedToolchain

_LINES = releases("linkmode.languages.graalvm")

RELEASES = tuple(int(line) for line in _LINES if line.isdigit())
"""The feature releases of the JDK whose native-image linkmode knows."""

_STATIC = ("--static", "-H:+StaticExecutable")
_LIBC = ("--libc", "-H:UseLibC")
_LIBCS = ("glibc", "musl")
_MUSL = "--libc=musl"
_NO_LIBC = "--static-nolibc"
_DYNAMIC_LIBC = "-H:+StaticExecutableWithDynamicLibC"
_MOSTLY_STATIC = (_NO_LIBC, _DYNAMIC_LIBC)
_UNLOCK = "-H:+UnlockExperimentalVMOptions"
_COMPILER = ("--native-compiler-path", "-H:CCompilerPath")
_MUSL_CPU = "x86_64"
"""The CPU for which GraalVM has its JDK libraries for musl (https://github.com/oracle/graal/issues/5872)."""

_SINCE = {_NO_LIBC: 23, _UNLOCK: 21}
"""Options by the first feature release of the JDK that has them."""

_INSTEAD = {_NO_LIBC: f"{_DYNAMIC_LIBC} does the same there", _UNLOCK: "leave it out: nothing has to be unlocked there"}


class Installed(msgspec.Struct, frozen=True):
    """A native-image of the machine: ``release`` is the feature release of the JDK that it is part of.

    ``libcs`` are those that it has the JDK's static libraries for; none where that cannot be seen.
    """

    program: Path
    release: int
    libcs: tuple[str, ...] = ()


def installed(command: Sequence[str]) -> Installed | None:
    """Return the native-image that ``command`` starts; None when it is another command, or its release cannot be read.

    Every JDK has a file ``release`` in its folder, with JAVA_VERSION in it (https://openjdk.org/jeps/223).
    """
    found = shutil.which(command[0]) if is_called(command) else None
    if not found:
        return None
    program = Path(found).resolve()
    # bin/native-image is a link to lib/svm/bin/native-image in some releases
    for folder in program.parents[1:4]:
        try:
            text = (folder / "release").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if version := re.search(r'^JAVA_VERSION="?(\d+)', text, re.MULTILINE):
            libcs = tuple(libc for libc in _LIBCS if any(folder.glob(f"lib/static/*/{libc}/libjava.a")))
            return Installed(program, int(version[1]), libcs)
    return None


def check_release(command: Sequence[str], found: Installed | None) -> None:
    """Refuse a native-image whose options are not known, and options that it does not know. Raises UsageError."""
    if not found:
        return
    if found.release not in RELEASES:
        known = ", ".join(map(str, RELEASES[:-1]))
        raise UsageError(
            f"native-image: {found.program} is of a GraalVM for JDK {found.release}, whose options are not known",
            expected=f"one for JDK {known} or {RELEASES[-1]}",
            hint=Message("use one of these, or run it unchecked: ", Run("exec", "-- env native-image …")),
        )
    for option, since in _SINCE.items():
        if option in command and found.release < since:
            raise UsageError(
                f"native-image: {option} needs a newer JDK than {found.release}, of which {found.program} is",
                expected=f"JDK {since} or newer",
                hint=_INSTEAD[option],
            )


def check(command: Sequence[str], toolchain: LockedToolchain, lock: Lock, found: Installed | None = None) -> None:
    """Refuse, before anything is unpacked, what native-image would end with an error for after minutes.

    ``found`` is the native-image that ``command`` starts, where its release is known: hints take the options of that.

    Raises:
        UsageError: the options do not go with the toolchain.
        ConfigError: linkmode.toml asks for no zlib, which the JDK's libraries need.
    """
    if not is_called(command):
        return
    target = toolchain.target
    static = next((word for word in _STATIC if word in command), None)
    mostly_static = next((word for word in _MOSTLY_STATIC if word in command), None)
    libc = _libc(command)
    musl = libc == "musl"
    if (static or musl) and target.is_musl and target.cpu != _MUSL_CPU:
        raise UsageError(
            f"native-image: no static image for {target}: GraalVM has its JDK libraries for musl on {_MUSL_CPU} only",
            expected=f"the target {_MUSL_CPU}-linux-musl, or a mostly static image",
            hint=Message(
                "for a mostly static image: ", _example(lock, target.cpu, _mostly_static_options(command, found))
            ),
        )
    if target.cpu != toolchain.exec.cpu:
        raise UsageError(
            f"native-image: the target {target} has another CPU than this machine, {toolchain.exec}",
            expected="a target of this machine's CPU: native-image compiles for no other",
            hint=f"run it on a machine of that CPU, with {target.cpu}-linux in exec-platforms of linkmode.toml",
        )
    if static and mostly_static:
        raise UsageError(
            f"native-image: {static} and {mostly_static} exclude each other",
            expected=f"{static} for musl, which needs no libc where it runs, or {mostly_static} for glibc, which does",
            hint="remove one of the two",
        )
    if (static or musl) and not target.is_musl:
        raise UsageError(
            f"native-image: {static or _MUSL} needs musl, and the target is {target}",
            expected="a musl target",
            hint=_static_example(lock),
        )
    if static and not musl and (libc or not _has_argument_file(command)):
        raise UsageError(
            f"native-image: {static} without {_MUSL} takes this machine's gcc, and JDK 23 and newer refuse it",
            expected=f"{static} {_MUSL}",
            hint=Message(Run("exec", f"-- native-image {_STATIC[0]} {_MUSL} …")),
        )
    if musl and found and found.libcs and "musl" not in found.libcs:
        raise UsageError(
            f"native-image: {found.program} has no JDK libraries for musl",
            expected="a GraalVM with lib/static/linux-amd64/musl/libjava.a in its folder, or a mostly static image",
            hint=Message(
                "for a mostly static image: ", _example(lock, target.cpu, _mostly_static_options(command, found))
            ),
        )
    if mostly_static and target.is_musl:
        raise UsageError(
            f"native-image: {mostly_static} needs glibc, and the target is {target}",
            expected="a gnu target",
            hint=_example(lock, target.cpu, _mostly_static_options(command, found)),
        )
    if (static or musl or mostly_static) and "zlib" not in lock.libraries:
        raise ConfigError(
            "linkmode.lock: no zlib, which the JDK's libraries need",
            expected="zlib under [library] of linkmode.toml",
            hint=Message('add `zlib = "~=1.3.1"` to its [library], then run: ', Run("lock"), " && ", Run("fetch")),
        )


def notice(command: Sequence[str], toolchain: LockedToolchain) -> str:
    """Return half a sentence if ``command`` uses this machine's gcc and no locked toolchain; else an empty string.

    It is no error: `--libc=musl` may be said where it cannot be seen here, in a jar or a file of arguments.
    """
    if (
        not is_called(command)
        or not toolchain.target.is_musl
        or _libc(command) == "musl"
        or _names_compiler(command)
        or not any(not word.startswith("-") for word in command[1:])  # --version, --help
    ):
        return ""
    return f"native-image takes this machine's gcc, and not {toolchain.artifact}, unless {_MUSL} is said somewhere"


def with_compiler(command: Sequence[str], toolchain: LockedToolchain, ready: Ready) -> tuple[str, ...]:
    """Return ``command``; native-image's with the compiler named where it would take this machine's ``gcc``."""
    if (
        not is_called(command)
        or toolchain.target.is_musl  # which it finds on PATH
        or _names_compiler(command)
    ):
        return tuple(command)
    return (command[0], f"--native-compiler-path={ready.bin / f'{ready.triple}-gcc'}", *command[1:])


def is_called(command: Sequence[str]) -> bool:
    """Return whether ``command`` is native-image itself."""
    return bool(command) and Path(command[0]).name == "native-image"


def _names_compiler(command: Sequence[str]) -> bool:
    return any(word.partition("=")[0] in _COMPILER for word in command)


def _has_argument_file(command: Sequence[str]) -> bool:
    return any(word.startswith("@") for word in command)


def _libc(command: Sequence[str]) -> str:
    """The libc of the last option that names one, as native-image reads them; empty without one. Raises UsageError."""
    said = [word.partition("=") for word in command if word.partition("=")[0] in _LIBC]
    for option, _, value in said:
        if value not in _LIBCS:
            raise UsageError(
                f"native-image: {option}: {value!r} is no libc{did_you_mean(value, _LIBCS)}",
                expected=" or ".join(_LIBCS),
                hint=Message(Run("exec", f"-- native-image {_STATIC[0]} {_MUSL} …")),
            )
    return said[-1][2] if said else ""


def _static_example(lock: Lock) -> Message:
    musl = f"{_MUSL_CPU}-linux-musl"
    if any(toolchain.target == musl for toolchain in lock.toolchains):
        return Message(Run("exec", f"--target {musl} -- native-image {_STATIC[0]} {_MUSL} …"))
    return Message(f"add {musl} to a [[toolchain]] in linkmode.toml, then run: ", Run("lock"))


def _mostly_static_options(command: Sequence[str], found: Installed | None) -> str:
    """Return the options of a mostly static image: those of the release, those that were given, or the newest."""
    if found and str(found.release) in _LINES:
        return " ".join(_LINES[str(found.release)]["mostly-static"])
    return " ".join(word for word in command if word in (*_MOSTLY_STATIC, _UNLOCK)) or _NO_LIBC


def _example(lock: Lock, cpu: str, options: str) -> Message:
    targets = [toolchain.target for toolchain in lock.toolchains]
    glibc = next((target for target in targets if target.cpu == cpu and not target.is_musl), None)
    if glibc:
        return Message(Run("exec", f"--target {glibc} -- native-image {options} …"))
    added = f'add {cpu}-linux-gnu.2.28 to a [[toolchain]] of family "zig" in linkmode.toml'
    return Message(added, ", then run: ", Run("lock"))
