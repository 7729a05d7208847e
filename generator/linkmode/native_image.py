"""What `linkmode exec` knows of GraalVM's native-image, which looks for its C compiler by a name of its own. Pure.

Where the facts come from: templates/bazel/private/graalvm/graalvm_releases.bzl. Options can also come from a file
(``@…``), from NATIVE_IMAGE_OPTIONS and from a jar; what is not on the command line is not judged.
"""

from collections.abc import Sequence
from pathlib import Path

from linkmode.errors import ConfigError, UsageError
from linkmode.model import Lock, LockedToolchain, Target
from linkmode.toolenv import Ready

_STATIC = "--static"
_MUSL = "--libc=musl"
_MOSTLY_STATIC = ("--static-nolibc", "-H:+StaticExecutableWithDynamicLibC")
_COMPILER = ("--native-compiler-path", "-H:CCompilerPath")
_MUSL_CPU = "x86_64"
"""The CPU for which GraalVM has its JDK libraries for musl (https://github.com/oracle/graal/issues/5872)."""


def check(command: Sequence[str], toolchain: LockedToolchain, lock: Lock) -> None:
    """Refuse, before anything is unpacked, what native-image would end with an error for after minutes.

    Raises:
        UsageError: the options do not go with the toolchain.
        ConfigError: linkmode.toml asks for no zlib, which the JDK's libraries need.
    """
    if not _is_native_image(command):
        return
    target = Target.parse(toolchain.target)
    static, musl = _STATIC in command, _MUSL in command
    if (static or musl) and target.is_musl and target.cpu != _MUSL_CPU:
        raise UsageError(
            f"native-image: GraalVM has its JDK libraries for musl on {_MUSL_CPU} only: no static image for {target}",
            hint=f"a mostly static one: {_example(lock, target.cpu)}",
        )
    if (static or musl) and not target.is_musl:
        raise UsageError(
            f"native-image: {_STATIC if static else _MUSL} needs a musl toolchain, and {target} is not",
            hint=f"linkmode exec --target {_MUSL_CPU}-linux-musl -- native-image {_STATIC} {_MUSL} …",
        )
    if static and not any(word.startswith(("--libc=", "@")) for word in command):
        raise UsageError(
            f"native-image: {_STATIC} without {_MUSL} takes this machine's gcc, and JDK 23 and newer refuse it",
            hint=f"linkmode exec -- native-image {_STATIC} {_MUSL} …",
        )
    given = next((word for word in _MOSTLY_STATIC if word in command), None)
    if given and target.is_musl:
        raise UsageError(
            f"native-image: {given} links with glibc, and {target} is not",
            hint=_example(lock, target.cpu),
        )
    if (static or musl or given) and "zlib" not in lock.libraries:
        raise ConfigError(
            "native-image: the JDK's libraries need zlib, and linkmode.toml asks for none",
            hint='add `zlib = "~=1.3.1"` to its [library], then run: linkmode lock && linkmode fetch',
        )


def with_compiler(command: Sequence[str], toolchain: LockedToolchain, ready: Ready) -> tuple[str, ...]:
    """Return ``command``; native-image's with the compiler named where it would take this machine's ``gcc``."""
    if (
        not _is_native_image(command)
        or Target.parse(toolchain.target).is_musl  # which it finds on PATH
        or any(word.partition("=")[0] in _COMPILER for word in command)
    ):
        return tuple(command)
    return (command[0], f"--native-compiler-path={ready.bin / f'{ready.triple}-gcc'}", *command[1:])


def _is_native_image(command: Sequence[str]) -> bool:
    return bool(command) and Path(command[0]).name == "native-image"


def _example(lock: Lock, cpu: str) -> str:
    targets = [Target.parse(toolchain.target) for toolchain in lock.toolchains]
    glibc = next((target for target in targets if target.cpu == cpu and not target.is_musl), None)
    if glibc:
        return f"linkmode exec --target {glibc} -- native-image --static-nolibc …"
    return f'add {cpu}-linux-gnu.2.28 to a [[toolchain]] of family "zig" in linkmode.toml, then run: linkmode lock'
