"""Which toolchain `exec` takes, and what its environment says."""

import subprocess
from pathlib import Path

import pytest

from linkmode.exec.environment import Ready, applied, as_shell, choose, environment
from linkmode.messages import ConfigError, UsageError
from linkmode.model.values import ExecPlatform, Lock, LockedToolchain, Target

X86, ARM = ExecPlatform("x86_64-linux"), ExecPlatform("aarch64-linux")
ALL = frozenset({"gcc", "g++", "cc", "ar", "ranlib", "ld", "strip"})


def toolchain(family: str, target: str, exec_platform: ExecPlatform = X86, purpose: str = "target") -> LockedToolchain:
    artifact = f"{family}-{exec_platform}-{target}"
    return LockedToolchain(family=family, artifact=artifact, exec=exec_platform, target=Target(target), purpose=purpose)  # type: ignore[arg-type]


def lock(*toolchains: LockedToolchain, static: str | None = None) -> Lock:
    modes = {"x86_64": {"static": static}} if static else {}
    return Lock(
        version=1,
        artifacts=(),
        toolchains=toolchains,
        link_modes=modes,
        libraries={},  # type: ignore[arg-type]
    )


def ready(target: str, tools: frozenset[str] = ALL) -> Ready:
    return Ready(Target(target).gnu, Path("/c/bin"), tools, Path("/c/sys root"))


MUSL, GLIBC, ARM_MUSL = map(Target, ("x86_64-linux-musl", "x86_64-linux-gnu.2.28", "aarch64-linux-musl"))
MANY = lock(
    toolchain("musl.cc", ARM_MUSL),
    toolchain("zig", GLIBC),
    toolchain("zig", MUSL),
    toolchain("musl.cc", MUSL),
    toolchain("zig", ARM_MUSL, ARM),
    static=MUSL,
)


@pytest.mark.parametrize(
    ("target", "family", "expected"),
    [
        (None, None, ("zig", MUSL)),
        (MUSL, None, ("zig", MUSL)),
        (MUSL, "musl.cc", ("musl.cc", MUSL)),
        (None, "musl.cc", ("musl.cc", MUSL)),
        (GLIBC, None, ("zig", GLIBC)),
        (ARM_MUSL, None, ("musl.cc", ARM_MUSL)),
    ],
)
def test_choice(target: str | None, family: str | None, expected: tuple[str, str]) -> None:
    chosen = choose(MANY, X86, target, family)
    assert (chosen.family, chosen.target, chosen.exec) == (*expected, X86)


def test_the_only_one_needs_no_name() -> None:
    assert choose(lock(toolchain("zig", GLIBC)), X86, None, None).target == GLIBC


def test_what_was_added_for_the_checker_is_taken_only_by_name() -> None:
    one = lock(toolchain("zig", GLIBC), toolchain("zig", MUSL, purpose="exec-tools"), static=MUSL)
    assert choose(one, X86, None, None).target == GLIBC
    assert choose(one, X86, MUSL, None).target == MUSL


@pytest.mark.parametrize(
    ("target", "family", "problem", "hint"),
    [
        ("x86_64-linux-mus", None, "no 'x86_64-linux-mus' that runs here; did you mean 'x86_64-linux-musl'?", GLIBC),
        (None, "musl.c", "no 'musl.c' that runs here; did you mean 'musl.cc'?", "it has: musl.cc, zig"),
        (GLIBC, "musl.cc", f"no '{GLIBC}' that runs here", f"it has: {ARM_MUSL}, {MUSL}"),
        ("riscv64-linux-musl", None, "no 'riscv64-linux-musl'", "linkmode lock"),
    ],
)
def test_names_that_the_lock_has_not(target: str | None, family: str | None, problem: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose(MANY, X86, target, family)
    assert problem in caught.value.problem
    assert hint in caught.value.hint


def test_several_and_none_is_named() -> None:
    with pytest.raises(UsageError, match="--target: which one") as caught:
        choose(lock(toolchain("zig", GLIBC), toolchain("zig", ARM_MUSL)), X86, None, None)
    assert caught.value.hint == f"the lock has: {ARM_MUSL}, {GLIBC}"


def test_nothing_runs_here() -> None:
    with pytest.raises(
        ConfigError, match="runs on this machine, riscv64-linux; it has some for: x86_64-linux, aarch"
    ) as caught:
        choose(MANY, "riscv64-linux", None, None)
    assert "exec-platforms" in caught.value.hint


def test_gcc_for_musl() -> None:
    changes = environment(toolchain("musl.cc", MUSL), ready(MUSL))
    assert changes.values == {
        "CC": "x86_64-linux-musl-gcc",
        "CXX": "x86_64-linux-musl-g++",
        "AR": "x86_64-linux-musl-ar",
        "RANLIB": "x86_64-linux-musl-ranlib",
        "LD": "x86_64-linux-musl-ld",
        "STRIP": "x86_64-linux-musl-strip",
        "PKG_CONFIG_LIBDIR": "/c/sys root/lib/pkgconfig",
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER": "x86_64-linux-musl-gcc",
        "CC_x86_64_unknown_linux_musl": "x86_64-linux-musl-gcc",
        "CXX_x86_64_unknown_linux_musl": "x86_64-linux-musl-g++",
        "AR_x86_64_unknown_linux_musl": "x86_64-linux-musl-ar",
    }
    current = {"PATH": "/bin", "LDFLAGS": "-s", "CC": "clang", "CPATH": "/usr/include", "LIBRARY_PATH": "/l", "X": "y"}
    assert applied(changes, current) == changes.values | {
        "PATH": "/c/bin:/bin",
        "LDFLAGS": "-static -s",
        "CMAKE_PREFIX_PATH": "/c/sys root",
        "X": "y",
    }


def test_zig_for_glibc() -> None:
    changes = environment(toolchain("zig", GLIBC), ready(GLIBC, ALL - {"strip"}))
    assert changes.values["CC"] == "x86_64-linux-gnu-gcc"
    assert changes.values["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"] == "x86_64-linux-gnu-gcc"
    assert "STRIP" not in changes.values
    assert "LDFLAGS" not in changes.before


def test_zig_for_musl_is_not_given_to_rust() -> None:
    changes = environment(toolchain("zig", MUSL), ready(MUSL))
    assert [key for key in changes.values if "unknown" in key.lower()] == []


def test_a_shell_reads_the_same() -> None:
    locked = toolchain("musl.cc", MUSL)
    changes = environment(locked, ready(MUSL))
    current = {"PATH": "/bin:/usr/bin", "LDFLAGS": "-s  -x", "CPATH": "/i", "CMAKE_PREFIX_PATH": ""}
    text = as_shell(changes, locked, ready(MUSL))
    assert text.splitlines()[:2] == [f"# {locked.artifact}, for {MUSL}", "# ./configure --host=x86_64-linux-musl"]
    done = subprocess.run(["/bin/sh", "-euc", f"{text}env -0"], env=current, capture_output=True, text=True, check=True)
    seen = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    assert {key: value for key, value in seen.items() if key not in {"PWD", "_", "SHLVL", "OLDPWD"}} == applied(
        changes, current
    )
