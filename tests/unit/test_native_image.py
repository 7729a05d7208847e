"""What `linkmode exec` refuses of native-image's command line, and what it adds."""

from pathlib import Path

import pytest

from linkmode.errors import ConfigError, LinkmodeError, UsageError
from linkmode.model import Lock, LockedToolchain
from linkmode.native_image import check, with_compiler
from linkmode.toolbox import _version_question
from linkmode.toolenv import Ready, triple

MUSL, ARM_MUSL, GLIBC = "x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28"


def toolchain(target: str) -> LockedToolchain:
    return LockedToolchain(family="zig", artifact="zig", exec="x86_64-linux", target=target)


def lock(*targets: str, zlib: bool = True) -> Lock:
    return Lock(
        version=1,
        inputs_digest="",
        artifacts=(),
        toolchains=tuple(map(toolchain, targets)),
        link_modes={},
        libraries={"zlib": "zlib-1.3.2"} if zlib else {},
    )


def refusal(target: str, *options: str, given: Lock | None = None) -> LinkmodeError:
    with pytest.raises(LinkmodeError) as caught:
        check(("/opt/graalvm/bin/native-image", *options, "App"), toolchain(target), given or lock(MUSL, GLIBC))
    return caught.value


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (MUSL, ["--static", "--libc=musl"]),
        (MUSL, ["--static", "@options"]),
        (MUSL, ["--libc=musl"]),
        (MUSL, ["-jar", "app.jar"]),
        (GLIBC, ["--static-nolibc"]),
        (GLIBC, ["-H:+UnlockExperimentalVMOptions", "-H:+StaticExecutableWithDynamicLibC"]),
        (GLIBC, []),
    ],
)
def test_what_goes_together(target: str, options: list[str]) -> None:
    check(("native-image", *options, "App"), toolchain(target), lock(MUSL, GLIBC))


@pytest.mark.parametrize("command", [(), ("make", "--static"), ("sh", "-c", "native-image --static App")])
def test_other_commands_are_not_judged(command: tuple[str, ...]) -> None:
    check(command, toolchain(GLIBC), lock(GLIBC, zlib=False))
    ready = Ready(triple(GLIBC), Path("/bin"), frozenset({"gcc"}), Path("/sysroot"))
    assert with_compiler(command, toolchain(GLIBC), ready) == command


def test_static_without_a_musl_toolchain() -> None:
    error = refusal(GLIBC, "--static", "--libc=musl")
    assert isinstance(error, UsageError)
    assert error.problem == "native-image: --static needs a musl toolchain, and x86_64-linux-gnu.2.28 is not"
    assert error.hint == "linkmode exec --target x86_64-linux-musl -- native-image --static --libc=musl …"
    assert "--libc=musl needs a musl toolchain" in refusal(GLIBC, "--libc=musl").problem


def test_static_on_aarch64() -> None:
    error = refusal(ARM_MUSL, "--static", "--libc=musl", given=lock(ARM_MUSL, "aarch64-linux-gnu.2.28"))
    assert error.problem == (
        "native-image: GraalVM has its JDK libraries for musl on x86_64 only: no static image for aarch64-linux-musl"
    )
    assert error.hint == (
        "a mostly static one: linkmode exec --target aarch64-linux-gnu.2.28 -- native-image --static-nolibc …"
    )


def test_static_alone() -> None:
    assert refusal(MUSL, "--static").problem == (
        "native-image: --static without --libc=musl takes this machine's gcc, and JDK 23 and newer refuse it"
    )


@pytest.mark.parametrize("option", ["--static-nolibc", "-H:+StaticExecutableWithDynamicLibC"])
def test_mostly_static_with_musl(option: str) -> None:
    error = refusal(MUSL, option)
    assert error.problem == f"native-image: {option} links with glibc, and {MUSL} is not"
    assert error.hint == "linkmode exec --target x86_64-linux-gnu.2.28 -- native-image --static-nolibc …"
    assert refusal(MUSL, option, given=lock(MUSL)).hint == (
        'add x86_64-linux-gnu.2.28 to a [[toolchain]] of family "zig" in linkmode.toml, then run: linkmode lock'
    )


def test_no_zlib() -> None:
    error = refusal(MUSL, "--static", "--libc=musl", given=lock(MUSL, zlib=False))
    assert isinstance(error, ConfigError)
    assert error.problem == "native-image: the JDK's libraries need zlib, and linkmode.toml asks for none"
    assert "zlib = " in error.hint
    check(("native-image", "--version"), toolchain(MUSL), lock(MUSL, zlib=False))


def test_glibc_s_compiler_is_named_and_musl_s_is_found_by_its_name() -> None:
    ready = Ready(triple(GLIBC), Path("/cache/bin"), frozenset({"gcc"}), Path("/sysroot"))
    named = ("native-image", "--native-compiler-path=/cache/bin/x86_64-linux-gnu-gcc", "-jar", "a.jar")
    assert with_compiler(("native-image", "-jar", "a.jar"), toolchain(GLIBC), ready) == named
    for own in ("--native-compiler-path=/usr/bin/gcc", "-H:CCompilerPath=/usr/bin/gcc"):
        assert with_compiler(("native-image", own, "App"), toolchain(GLIBC), ready) == ("native-image", own, "App")
    assert with_compiler(("native-image", "App"), toolchain(MUSL), ready) == ("native-image", "App")


def test_zig_is_asked_for_its_version_without_the_glibc_that_it_would_call_an_error() -> None:
    answer = '[ "$*" = -v ] && exec /zig cc -target x86_64-linux-gnu -v\n'
    assert _version_question("/zig", "cc", GLIBC) == answer
    assert _version_question("/zig", "cc", MUSL) == ""
    assert _version_question("/zig", "ar", GLIBC) == ""
