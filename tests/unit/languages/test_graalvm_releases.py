"""The table of native-image's options, and why a link mode is refused: native_image_options.bzl, which is also Python.

Options are held to tests/graalvm_replay, which knows what each release of native-image accepts.
"""

import importlib.util
import itertools
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from linkmode.exec import native_image
from linkmode.languages.graalvm import LANGUAGE

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "templates/bazel/languages/graalvm/private/native_image_options.bzl"
REPLAY = ROOT / "tests/graalvm_replay/lib/svm/native_image_replay.py"
MODES = ("static", "mostly_static", "dynamic")
LINKED = [("musl", "static"), ("musl", "dynamic"), ("glibc", "mostly_static"), ("glibc", "dynamic")]
MUSL, GLIBC = "x86_64-linux-musl", "x86_64-linux-gnu.2.28"
ARM_MUSL, ARM_GLIBC = "aarch64-linux-musl", "aarch64-linux-gnu.2.28"


def table() -> dict[str, Any]:
    names: dict[str, Any] = {
        "struct": SimpleNamespace,
        "load": lambda *_: None,
        "cpu_of": lambda target: target.partition("-")[0],
    }
    exec(compile(TABLE.read_text(encoding="utf-8"), TABLE, "exec"), names)
    return names


def replay() -> ModuleType:
    spec = importlib.util.spec_from_file_location("native_image_replay", REPLAY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BZL, REPLAYED = table(), replay()
RELEASES = LANGUAGE.lines


def version(key: str) -> tuple[int, ...]:
    """Return the version that an entry of the table is for, as the replay has it."""
    return tuple(map(int, (key if "." in key else f"{key}.0").split(".")))


def test_the_resolver_and_exec_know_the_same_releases() -> None:
    assert [int(key) for key in RELEASES if "." not in key] == list(native_image.RELEASES)
    assert BZL["MUSL_CPU"] == native_image._MUSL_CPU


@pytest.mark.parametrize(
    ("graalvm", "key"), [("17.0.9", "17"), ("24", "24"), ("25.0.1", "25"), ("25.1.0", "25.1"), ("25.3.4.1", "25.1")]
)
def test_the_entry_of_a_version(graalvm: str, key: str) -> None:
    assert LANGUAGE.line(graalvm) == key
    assert key in RELEASES


@pytest.mark.parametrize(("release", "linked"), list(itertools.product(RELEASES, LINKED)))
def test_each_release_accepts_what_it_is_told(release: str, linked: tuple[str, str]) -> None:
    """Without a warning, and without a fallback image, which needs a JDK where it runs."""
    entry, (libc, mode) = RELEASES[release], linked
    told = [*entry["always"], *BZL["mode_options"](entry, libc, mode), "-march=compatibility", "App"]
    parsed = REPLAYED.Options(told, version(release))
    assert (parsed.static, parsed.mostly_static) == (mode == "static", mode == "mostly_static")
    assert parsed.libc == libc
    assert parsed.main == "App"
    assert not parsed.warnings
    assert not parsed.fallback


@pytest.mark.parametrize(
    ("release", "options", "reason"),
    [
        (22, ["--static-nolibc"], "Unrecognized option"),
        (20, ["-H:+UnlockExperimentalVMOptions"], "Unrecognized option"),
        (23, ["--static"], "only supported with musl libc"),
    ],
)
def test_the_differences_between_releases_are_real_ones(release: int, options: list[str], reason: str) -> None:
    with pytest.raises(REPLAYED.RefusedError, match=reason):
        REPLAYED.Options([*options, "App"], (release, 0))


@pytest.mark.parametrize(
    ("graalvm", "option", "warning"),
    [
        ((21, 0), "-H:+StaticExecutableWithDynamicLibC", "is experimental and must be enabled"),
        ((25, 1), "--no-fallback", "no longer has any effect"),
    ],
)
def test_and_so_are_the_warnings(graalvm: tuple[int, int], option: str, warning: str) -> None:
    [said] = REPLAYED.Options([option, "App"], graalvm).warnings
    assert warning in said


@pytest.mark.parametrize("graalvm", [(23, 0), (25, 0)])
def test_before_25_1_there_are_fallback_images(graalvm: tuple[int, int]) -> None:
    assert REPLAYED.Options(["App"], graalvm).fallback


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-cp\na.jar:b.jar\n", ["-cp", "a.jar:b.jar"]),
        ("-cp a#b.jar\nApp\n", ["-cp", "a", "App"]),
        ('"a#b c.jar"\n# no more\nApp', ["a#b c.jar", "App"]),
        (r""" 'a "b"' "c 'd' \\ \"" e\f """, ['a "b"', "c 'd' \\ \"", r"e\f"]),
    ],
)
def test_a_file_of_arguments(text: str, words: list[str]) -> None:
    assert REPLAYED.in_argument_file(text) == words


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--static", "remove '--static': it follows from link_mode"),
        ("-H:Name@user=x", "remove '-H:Name@user=x': it follows from the name of the rule"),
        ("--shared", "remove '--shared': it follows from main_class, as the rule makes executables and no libraries"),
        ("-jar", "remove '-jar': it follows from deps and main_class"),
        ("--target=linux-aarch64", "remove '--target=linux-aarch64': it follows from the platform"),
        ("@options", "'@options' names a file of options, which nobody can check: write them into args"),
    ],
)
def test_what_args_may_not_say(option: str, reason: str) -> None:
    assert BZL["option_refusal"](option) == reason


@pytest.mark.parametrize(
    "option", ["--initialize-at-build-time=com.example", "--gc=epsilon", "-O3", "-H:+ReportExceptionStackTraces"]
)
def test_what_args_may_say(option: str) -> None:
    assert BZL["option_refusal"](option) is None


def refusal(
    mode: str, triple: str, *, runs_on: str = "x86_64-linux", zlib: bool = True, targets: Any = (), libcs: Any = ()
) -> str:
    cpu, _, libc = triple.partition("-linux-")
    target = SimpleNamespace(cpu=cpu, libc="musl" if libc == "musl" else "glibc" if libc else "", target=triple)
    return str(BZL["link_mode_refusal"](mode, target, runs_on, zlib, targets, libcs))


@pytest.mark.parametrize(
    ("mode", "triple", "runs_on"),
    [
        ("static", MUSL, "x86_64-linux"),
        ("mostly_static", GLIBC, "x86_64-linux"),
        ("dynamic", GLIBC, "x86_64-linux"),
        ("dynamic", MUSL, "x86_64-linux"),
        ("mostly_static", ARM_GLIBC, "aarch64-linux"),
    ],
)
def test_what_can_be(mode: str, triple: str, runs_on: str) -> None:
    assert refusal(mode, triple, runs_on=runs_on) == "None"


@pytest.mark.parametrize("runs_on", ["x86_64-linux", "aarch64-linux"])
@pytest.mark.parametrize("mode", MODES)
def test_musl_on_aarch64(mode: str, runs_on: str) -> None:
    assert refusal(mode, ARM_MUSL, runs_on=runs_on).startswith(
        "GraalVM has its JDK libraries for musl on x86_64 only, so there is no native image for aarch64-linux-musl"
    )


@pytest.mark.parametrize("mode", ["static", "dynamic"])
def test_an_archive_without_libraries_for_musl(mode: str) -> None:
    """By the folders of the archive: without any, it is laid out otherwise, and native-image has the word."""
    assert refusal(mode, MUSL, libcs=["glibc"]).startswith(
        "this GraalVM has no JDK libraries for musl (lib/static/linux-amd64/musl of its archive), so "
    )
    for libcs in ([], ["musl"], ["glibc", "musl"]):
        assert refusal(mode, MUSL, libcs=libcs) == "None"
    assert refusal("mostly_static", GLIBC, libcs=["glibc"]) == "None"


def test_another_cpu() -> None:
    assert refusal("mostly_static", ARM_GLIBC) == (
        "native-image makes executables for the CPU that it runs on, and this one runs on x86_64-linux: build for "
        "aarch64-linux-gnu.2.28 on a machine of that CPU, which exec-platforms of linkmode.toml must name."
    )


def test_static_with_glibc() -> None:
    assert refusal("static", GLIBC, targets=[GLIBC, MUSL]).endswith("Build for x86_64-linux-musl.")
    assert refusal("static", GLIBC).endswith(
        "native-image itself refuses `--static` without `--libc=musl`. "
        "Add to a [[toolchain]] of linkmode.toml the target x86_64-linux-musl."
    )


def test_mostly_static_with_musl() -> None:
    assert refusal("mostly_static", MUSL).startswith(
        "native-image has mostly static images for glibc only, and x86_64-linux-musl is not. Add x86_64-linux-gnu.2.28"
    )


@pytest.mark.parametrize(("mode", "triple"), [("static", MUSL), ("mostly_static", GLIBC), ("dynamic", GLIBC)])
def test_no_zlib(mode: str, triple: str) -> None:
    assert 'asks for none. Add `zlib = "~=1.3.1"` to its [library]' in refusal(mode, triple, zlib=False)


def test_a_platform_of_somebody_else() -> None:
    assert refusal("dynamic", "").startswith("the platform is none of linkmode's: wrap the rule in link_mode_binary")
