"""The table of native-image's options, and why a link mode is refused: graalvm_releases.bzl, which is also Python.

Options are held to tests/graalvm_replay, which knows what each release of native-image accepts.
"""

import importlib.util
import itertools
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from linkmode import native_image
from linkmode.languages import graalvm

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "templates/bazel/private/graalvm/graalvm_releases.bzl"
REPLAY = ROOT / "tests/graalvm_replay/lib/svm/native_image_replay.py"
MODES = ("static", "mostly_static", "dynamic")
LINKED = [("musl", "static"), ("musl", "dynamic"), ("glibc", "mostly_static"), ("glibc", "dynamic")]
MUSL, GLIBC = "x86_64-linux-musl", "x86_64-linux-gnu.2.28"
ARM_MUSL, ARM_GLIBC = "aarch64-linux-musl", "aarch64-linux-gnu.2.28"


def table() -> dict[str, Any]:
    names: dict[str, Any] = {"struct": SimpleNamespace}
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
RELEASES: dict[str, Any] = BZL["GRAALVM_RELEASES"]


def test_the_resolver_knows_the_same_releases() -> None:
    assert [int(release) for release in RELEASES] == list(graalvm._RELEASES)
    assert BZL["graalvm_release"]("25.3.4.1") is RELEASES["25"]
    assert BZL["MUSL_CPU"] == native_image._MUSL_CPU


@pytest.mark.parametrize(("release", "linked"), list(itertools.product(RELEASES, LINKED)))
def test_each_release_accepts_what_it_is_told(release: str, linked: tuple[str, str]) -> None:
    entry, (libc, mode) = RELEASES[release], linked
    parsed = REPLAYED.Options([*entry.always, *entry.modes[libc][mode], "-march=compatibility", "App"], int(release))
    assert (parsed.static, parsed.mostly_static) == (mode == "static", mode == "mostly_static")
    assert parsed.libc == libc
    assert parsed.main == "App"


@pytest.mark.parametrize(
    ("release", "options", "reason"),
    [
        (22, ["--static-nolibc"], "Unrecognized option"),
        (20, ["-H:+UnlockExperimentalVMOptions"], "Unrecognized option"),
        (21, ["-H:+StaticExecutableWithDynamicLibC"], "is experimental and must be enabled"),
        (23, ["--static"], "only supported with musl libc"),
    ],
)
def test_the_differences_between_releases_are_real_ones(release: int, options: list[str], reason: str) -> None:
    with pytest.raises(REPLAYED.RefusedError, match=reason):
        REPLAYED.Options([*options, "App"], release)


def refusal(mode: str, triple: str, *, runs_on: str = "x86_64-linux", zlib: bool = True, targets: Any = ()) -> str:
    cpu, _, libc = triple.partition("-linux-")
    target = SimpleNamespace(cpu=cpu, libc="musl" if libc == "musl" else "glibc" if libc else "", target=triple)
    return str(BZL["link_mode_refusal"](mode, target, runs_on, zlib, targets))


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
