"""What `linkmode exec` refuses of native-image's command line, and what it adds."""

from pathlib import Path

import pytest

from linkmode.exec.environment import Ready
from linkmode.exec.native_image import RELEASES, Installed, check, check_release, installed, notice, with_compiler
from linkmode.messages import ConfigError, LinkmodeError, UsageError
from linkmode.model.values import ExecPlatform, Lock, LockedToolchain, Target

MUSL, ARM_MUSL, GLIBC = map(Target, ("x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28"))


def toolchain(target: str) -> LockedToolchain:
    return LockedToolchain(family="zig", artifact="zig", exec=ExecPlatform("x86_64-linux"), target=Target(target))


def made_ready(folder: str) -> Ready:
    return Ready(
        triple=GLIBC.gnu,
        name=f"{GLIBC}-mostly_static",
        bin=Path(folder),
        plain=Path("/plain"),
        tools=frozenset({"gcc"}),
        sysroot=Path("/sysroot"),
        check=Path("/elfcheck"),
        mode="mostly_static",
    )


def lock(*targets: str, zlib: bool = True) -> Lock:
    return Lock(
        version=1,
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
        (MUSL, ["-H:+StaticExecutable", "-H:UseLibC=musl"]),
        (MUSL, ["--libc=glibc", "--static", "--libc=musl"]),
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
    ready = made_ready("/bin")
    assert with_compiler(command, toolchain(GLIBC), ready) == command


def test_static_without_a_musl_toolchain() -> None:
    error = refusal(GLIBC, "--static", "--libc=musl")
    assert isinstance(error, UsageError)
    assert error.problem == "native-image: --static needs musl, and the target is x86_64-linux-gnu.2.28"
    assert error.hint == "linkmode exec --target x86_64-linux-musl -- native-image --static --libc=musl …"
    assert "--libc=musl needs musl" in refusal(GLIBC, "--libc=musl").problem
    assert refusal(GLIBC, "--static", "--libc=musl", given=lock(GLIBC)).hint == (
        "add x86_64-linux-musl to a [[toolchain]] in linkmode.toml, then run: linkmode lock"
    )


def test_another_cpu() -> None:
    error = refusal("aarch64-linux-gnu.2.28", "--static-nolibc")
    assert error.problem == (
        "native-image: the target aarch64-linux-gnu.2.28 has another CPU than this machine, x86_64-linux"
    )
    assert error.hint == "run it on a machine of that CPU, with aarch64-linux in exec-platforms of linkmode.toml"


def test_static_on_aarch64() -> None:
    error = refusal(ARM_MUSL, "--static", "--libc=musl", given=lock(ARM_MUSL, "aarch64-linux-gnu.2.28"))
    assert error.problem == (
        "native-image: no static image for aarch64-linux-musl: GraalVM has its JDK libraries for musl on x86_64 only"
    )
    assert error.hint == (
        "for a mostly static image: linkmode exec --target aarch64-linux-gnu.2.28 -- native-image --static-nolibc …"
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--static"],
        ["--static", "--libc=glibc"],
        ["--static", "--libc=musl", "--libc=glibc"],
        ["--libc=glibc", "@more"],
    ],
)
def test_static_without_musl(options: list[str]) -> None:
    assert refusal(MUSL, "--static", *options).problem == (
        "native-image: --static without --libc=musl takes this machine's gcc, and JDK 23 and newer refuse it"
    )


def test_static_by_the_other_name() -> None:
    assert refusal(MUSL, "-H:+StaticExecutable").problem.startswith("native-image: -H:+StaticExecutable without --libc")
    assert "-H:+StaticExecutable needs musl" in refusal(GLIBC, "-H:+StaticExecutable").problem
    assert "on x86_64 only" in refusal(ARM_MUSL, "-H:UseLibC=musl").problem


def test_static_and_mostly_static() -> None:
    for target in (MUSL, GLIBC):
        error = refusal(target, "--static", "--static-nolibc")
        assert error.problem == "native-image: --static and --static-nolibc exclude each other"


@pytest.mark.parametrize(
    ("option", "tail"),
    [
        ("--libc=mussl", ("'mussl'", "; did you mean 'musl'?")),
        ("--libc=bionic", ("'bionic'", "")),
        ("--libc", ("''", "")),
    ],
)
def test_another_libc(option: str, tail: tuple[str, str]) -> None:
    said = refusal(MUSL, "--static", option).problem
    assert said == f"native-image: --libc: {tail[0]} is no libc{tail[1]}"


@pytest.mark.parametrize(
    ("release", "options"),
    [
        (17, "-H:+StaticExecutableWithDynamicLibC"),
        (21, "-H:+UnlockExperimentalVMOptions -H:+StaticExecutableWithDynamicLibC"),
        (23, "--static-nolibc"),
    ],
)
def test_a_hint_takes_the_options_of_the_release(release: int, options: str) -> None:
    """What the hint names passes both checks, which the option that was given need not."""
    found = Installed(Path("/opt/graalvm/bin/native-image"), release)
    for option in ("--static-nolibc", "-H:+StaticExecutableWithDynamicLibC"):
        with pytest.raises(UsageError) as caught:
            check(("native-image", option, "App"), toolchain(MUSL), lock(MUSL, GLIBC), found)
        assert caught.value.hint == f"linkmode exec --target {GLIBC} -- native-image {options} …"
    hinted = ("native-image", *options.split(), "App")
    check_release(hinted, found)
    check(hinted, toolchain(GLIBC), lock(MUSL, GLIBC), found)


@pytest.mark.parametrize("option", ["--static-nolibc", "-H:+StaticExecutableWithDynamicLibC"])
def test_mostly_static_with_musl(option: str) -> None:
    error = refusal(MUSL, option)
    assert error.problem == f"native-image: {option} needs glibc, and the target is {MUSL}"
    assert error.hint == f"linkmode exec --target x86_64-linux-gnu.2.28 -- native-image {option} …"
    assert refusal(MUSL, option, given=lock(MUSL)).hint == (
        'add x86_64-linux-gnu.2.28 to a [[toolchain]] of family "zig" in linkmode.toml, then run: linkmode lock'
    )


def test_no_zlib() -> None:
    error = refusal(MUSL, "--static", "--libc=musl", given=lock(MUSL, zlib=False))
    assert isinstance(error, ConfigError)
    assert error.problem == "linkmode.lock: no zlib, which the JDK's libraries need"
    assert "zlib = " in error.hint
    check(("native-image", "--version"), toolchain(MUSL), lock(MUSL, zlib=False))


def graalvm(folder: Path, release: str, link: str = "") -> Path:
    """Make a folder in GraalVM's layout, with a link where its native-image is looked for; return its native-image."""
    program = folder / "graalvm" / (link or "bin/native-image")
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho started >&2\nexit 9\n")
    program.chmod(0o755)
    if release:
        (folder / "graalvm" / "release").write_text(release)
    if link:
        (folder / "graalvm" / "bin").mkdir()
        (folder / "graalvm" / "bin" / "native-image").symlink_to(f"../{link}")
    return folder / "graalvm" / "bin" / "native-image"


@pytest.mark.parametrize("link", ["", "lib/svm/bin/native-image"])
def test_the_release_is_read_beside_native_image(tmp_path: Path, link: str) -> None:
    release = 'IMPLEMENTOR="GraalVM Community"\nJAVA_VERSION="23.0.1"\nGRAALVM_VERSION="24.1.1"\n'
    program = graalvm(tmp_path, release, link)
    assert installed([str(program), "App"]) == Installed(program.resolve(), 23)


def test_native_image_is_looked_for_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = graalvm(tmp_path, 'JAVA_VERSION="26"\n')
    assert installed(["native-image"]) is None
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    assert installed(["native-image"]) == Installed(program, 26)
    assert installed(["make"]) is None
    assert installed([]) is None


@pytest.mark.parametrize("libcs", [(), ("glibc",), ("glibc", "musl")])
def test_a_graalvm_without_libraries_for_musl_makes_no_static_image(tmp_path: Path, libcs: tuple[str, ...]) -> None:
    """By the folders that it has: without any, it is laid out otherwise, and native-image has the word."""
    program = graalvm(tmp_path, 'JAVA_VERSION="25"\n')
    for libc in libcs:
        folder = tmp_path / "graalvm" / "lib" / "static" / "linux-amd64" / libc
        folder.mkdir(parents=True)
        (folder / "libjava.a").touch()
    found = installed([str(program)])
    assert found == Installed(program, 25, libcs)
    mostly_static = (str(program), "--static-nolibc", "App")
    check(mostly_static, toolchain(GLIBC), lock(MUSL, GLIBC), found)
    static = (str(program), "--static", "--libc=musl", "App")
    if libcs != ("glibc",):
        check(static, toolchain(MUSL), lock(MUSL, GLIBC), found)
        return
    with pytest.raises(UsageError) as caught:
        check(static, toolchain(MUSL), lock(MUSL, GLIBC), found)
    assert caught.value.problem == f"native-image: {program} has no JDK libraries for musl"
    assert "--target x86_64-linux-gnu.2.28 -- native-image --static-nolibc …" in caught.value.hint


@pytest.mark.parametrize("release", ["", "nothing of use\n", 'JAVA_VERSION="unknown"\n'])
def test_a_release_that_cannot_be_read_is_not_judged(tmp_path: Path, release: str) -> None:
    assert installed([str(graalvm(tmp_path, release))]) is None
    check_release(["native-image", "--static-nolibc"], None)


@pytest.mark.parametrize("release", [8, 11, 19, 26])
def test_a_release_whose_options_are_not_known(release: int) -> None:
    with pytest.raises(UsageError) as caught:
        check_release(["native-image", "App"], Installed(Path("/g/bin/native-image"), release))
    assert caught.value.problem == (
        f"native-image: /g/bin/native-image is of a GraalVM for JDK {release}, whose options are not known"
    )
    assert caught.value.expected == "one for JDK 17, 20, 21, 22, 23, 24 or 25"
    assert "linkmode exec -- env native-image" in caught.value.hint


@pytest.mark.parametrize(
    ("option", "since", "hint"),
    [
        ("--static-nolibc", 23, "-H:+StaticExecutableWithDynamicLibC does the same there"),
        ("-H:+UnlockExperimentalVMOptions", 21, "leave it out: nothing has to be unlocked there"),
    ],
)
def test_an_option_that_the_release_does_not_know(option: str, since: int, hint: str) -> None:
    program = Path("/g/bin/native-image")
    for release in RELEASES:
        if release >= since:
            check_release(["native-image", option], Installed(program, release))
            continue
        with pytest.raises(UsageError) as caught:
            check_release(["native-image", option], Installed(program, release))
        assert caught.value.problem == (
            f"native-image: {option} needs a newer JDK than {release}, of which {program} is"
        )
        assert caught.value.expected == f"JDK {since} or newer"
        assert caught.value.hint == hint


def test_it_is_said_when_this_machine_s_gcc_would_link() -> None:
    said = notice(["native-image", "-jar", "app.jar"], toolchain(MUSL))
    assert said == "native-image takes this machine's gcc, and not zig, unless --libc=musl is said somewhere"


@pytest.mark.parametrize(
    ("target", "command"),
    [
        (MUSL, ["native-image", "--libc=musl", "App"]),
        (MUSL, ["native-image", "--native-compiler-path=/usr/bin/gcc", "App"]),
        (MUSL, ["native-image", "--version"]),
        (MUSL, ["make", "all"]),
        (GLIBC, ["native-image", "App"]),
    ],
)
def test_otherwise_it_is_not(target: str, command: list[str]) -> None:
    assert notice(command, toolchain(target)) == ""


def test_glibc_s_compiler_is_named_and_musl_s_is_found_by_its_name() -> None:
    ready = made_ready("/cache/bin")
    named = ("native-image", "--native-compiler-path=/cache/bin/x86_64-linux-gnu-gcc", "-jar", "a.jar")
    assert with_compiler(("native-image", "-jar", "a.jar"), toolchain(GLIBC), ready) == named
    for own in ("--native-compiler-path=/usr/bin/gcc", "-H:CCompilerPath=/usr/bin/gcc"):
        assert with_compiler(("native-image", own, "App"), toolchain(GLIBC), ready) == ("native-image", own, "App")
    assert with_compiler(("native-image", "App"), toolchain(MUSL), ready) == ("native-image", "App")
