"""Which toolchain `exec` takes, and what its environment says."""

import shlex
import subprocess
from pathlib import Path

import msgspec
import pytest

from linkmode.exec.environment import (
    Machine,
    Ready,
    applied,
    as_shell,
    choose,
    environment,
    for_this_machine,
    mode_of,
)
from linkmode.messages import ConfigError, UsageError
from linkmode.model.values import ExecPlatform, LinkMode, Lock, LockedToolchain, Target

X86, ARM = ExecPlatform("x86_64-linux"), ExecPlatform("aarch64-linux")
ALL = frozenset({"gcc", "g++", "cc", "ar", "ranlib", "ld", "strip"})


def toolchain(family: str, target: str, exec_platform: str = X86, purpose: str = "target") -> LockedToolchain:
    artifact = f"{family}-{exec_platform}-{target}"
    return LockedToolchain(
        family=family,
        artifact=artifact,
        exec=ExecPlatform(exec_platform),
        target=Target(target),
        purpose=purpose,  # type: ignore[arg-type]
    )


def lock(*toolchains: LockedToolchain, static: str | None = None) -> Lock:
    modes: dict[str, dict[LinkMode, str]] = {"x86_64": {"static": static}} if static else {}
    return Lock(
        version=1,
        artifacts=(),
        toolchains=toolchains,
        link_modes=modes,
        libraries={},  # type: ignore[arg-type]
    )


def ready(target: Target, tools: frozenset[str] = ALL, mode: LinkMode = "static") -> Ready:
    return Ready(
        triple=target.gnu,
        name=f"{target}-{mode}",
        bin=Path("/c/bin"),
        plain=Path("/c/plain"),
        tools=tools,
        sysroot=Path("/c/sys root"),
        check=Path("/c/elfcheck"),
        mode=mode,
    )


HERE = Machine(X86, {"CC": "/usr/bin/cc", "AR": "/usr/bin/ar"})
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
        (None, "musl.c", "no 'musl.c' that runs here; did you mean 'musl.cc'?", "one of musl.cc, zig"),
        (GLIBC, "musl.cc", f"no '{GLIBC}' that runs here", f"one of {ARM_MUSL}, {MUSL}"),
        ("riscv64-linux-musl", None, "no 'riscv64-linux-musl'", "linkmode lock"),
        ("amd64-linux-musl", None, "that runs here; did you mean 'x86_64-linux-musl'?", "linkmode lock"),
    ],
)
def test_names_that_the_lock_has_not(target: str | None, family: str | None, problem: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose(MANY, X86, target, family)
    assert problem in caught.value.problem
    assert hint in str(caught.value)


def test_several_and_none_is_named() -> None:
    with pytest.raises(UsageError, match=r"--target is missing, and linkmode\.lock has several") as caught:
        choose(lock(toolchain("zig", GLIBC), toolchain("zig", ARM_MUSL)), X86, None, None)
    assert caught.value.expected == f"one of {ARM_MUSL}, {GLIBC}"
    assert caught.value.hint == f"linkmode exec --target {ARM_MUSL} -- …"


def test_nothing_runs_here() -> None:
    with pytest.raises(ConfigError, match="no toolchain runs on this machine, riscv64-linux") as caught:
        choose(MANY, ExecPlatform("riscv64-linux"), None, None)
    assert caught.value.expected.startswith("a toolchain for riscv64-linux; the lock has some for: x86_64-linux, aarch")
    assert "exec-platforms" in caught.value.hint


def test_the_mode_chooses_the_target_where_none_is_named() -> None:
    both = lock(toolchain("zig", GLIBC), toolchain("zig", MUSL))
    modes: dict[str, dict[LinkMode, str]] = {"x86_64": {"static": MUSL, "mostly_static": GLIBC}}
    locked = msgspec.structs.replace(both, link_modes=modes)
    assert choose(locked, X86, None, None, "mostly_static").target == GLIBC
    assert choose(locked, X86, None, None, "static").target == MUSL
    assert choose(locked, X86, MUSL, None, "mostly_static").target == MUSL


def test_the_mode_of_a_run() -> None:
    assert mode_of(MUSL, None) == "static"
    assert mode_of(GLIBC, None) == "mostly_static"
    assert mode_of(MUSL, "dynamic") == "dynamic"
    with pytest.raises(UsageError, match=r"--mode static: \S+ has glibc") as caught:
        mode_of(GLIBC, "static")
    assert "--target x86_64-linux-musl" in caught.value.hint


def test_who_compiles_for_this_machine() -> None:
    arm, native, zig = toolchain("musl.cc", ARM_MUSL), toolchain("musl.cc", MUSL), toolchain("zig", GLIBC)
    assert for_this_machine(lock(arm, native), X86, native) == native
    assert for_this_machine(lock(arm, native), X86, arm) == native
    assert for_this_machine(lock(arm, zig), X86, arm) == zig
    assert for_this_machine(lock(arm, zig), X86, zig) == zig
    with pytest.raises(ConfigError, match="no compiler for this machine, x86_64-linux") as caught:
        for_this_machine(lock(arm), X86, arm)
    assert MUSL in caught.value.hint


def test_gcc_for_musl() -> None:
    changes = environment(toolchain("musl.cc", MUSL), ready(MUSL), HERE)
    assert changes.values == {
        "CC": "x86_64-linux-musl-static-gcc",
        "CXX": "x86_64-linux-musl-static-g++",
        "AR": "x86_64-linux-musl-static-ar",
        "RANLIB": "x86_64-linux-musl-static-ranlib",
        "LD": "x86_64-linux-musl-static-ld",
        "STRIP": "x86_64-linux-musl-static-strip",
        "PKG_CONFIG_LIBDIR": "/c/sys root/lib/pkgconfig",
        "PKG_CONFIG_ALL_STATIC": "1",
        "PKG_CONFIG_ALLOW_CROSS": "1",
        "CMAKE_TOOLCHAIN_FILE": "/c/toolchain.cmake",
        "LINK_MODE": "static",
        "CARGO_BUILD_TARGET": "x86_64-unknown-linux-musl",
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER": "x86_64-linux-musl-static-gcc",
        "CC_x86_64_unknown_linux_musl": "x86_64-linux-musl-static-gcc",
        "CXX_x86_64_unknown_linux_musl": "x86_64-linux-musl-static-g++",
        "AR_x86_64_unknown_linux_musl": "x86_64-linux-musl-static-ar",
        # build scripts and procedural macros are for this machine, and plain `cc` is the locked compiler
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": "/usr/bin/cc",
        "CC_x86_64_unknown_linux_gnu": "/usr/bin/cc",
        "AR_x86_64_unknown_linux_gnu": "/usr/bin/ar",
        "HOST_CC": "/usr/bin/cc",
        "HOST_AR": "/usr/bin/ar",
    }
    current = {"PATH": "/bin", "LDFLAGS": "-s", "CC": "clang", "CPATH": "/usr/include", "LIBRARY_PATH": "/l", "X": "y"}
    assert applied(changes, current) == changes.values | {
        "PATH": "/c/bin:/c/plain:/bin",
        "LDFLAGS": "-s",
        "GOFLAGS": "-toolexec=/c/bin/x86_64-linux-musl-go-toolexec",
        "CMAKE_PREFIX_PATH": "/c/sys root",
        "CGO_ENABLED": "1",
        "X": "y",
    }
    assert applied(changes, {"CGO_ENABLED": "0"})["CGO_ENABLED"] == "0"


def test_zig_for_glibc() -> None:
    changes = environment(toolchain("zig", GLIBC), ready(GLIBC, ALL - {"strip"}, "mostly_static"), HERE)
    assert changes.values["CC"] == "x86_64-linux-gnu.2.28-mostly_static-gcc"
    assert changes.values["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"] == changes.values["CC"]
    assert "STRIP" not in changes.values
    # it is Rust's own target on this machine: where it builds stays as it is
    assert {"CARGO_BUILD_TARGET", "HOST_CC"} & set(changes.values) == set()


def test_a_dynamic_program_may_have_shared_libraries() -> None:
    changes = environment(toolchain("zig", GLIBC), ready(GLIBC, mode="dynamic"), HERE)
    assert "PKG_CONFIG_ALL_STATIC" not in changes.values
    assert changes.values["LINK_MODE"] == "dynamic"


def test_another_cpu_keeps_the_machine_s_own_gcc() -> None:
    changes = environment(toolchain("zig", ARM_MUSL), ready(ARM_MUSL), HERE)
    assert changes.before["PATH"][0] == "/c/bin"
    assert (changes.values["GOOS"], changes.values["GOARCH"]) == ("linux", "arm64")
    assert changes.values["CARGO_BUILD_TARGET"] == "aarch64-unknown-linux-musl"


def test_native_image_looks_for_gcc_itself() -> None:
    changes = environment(toolchain("zig", MUSL), ready(MUSL), HERE, has_plain_names=False)
    assert changes.before["PATH"][0] == "/c/bin"


@pytest.mark.parametrize("folder", ["/c/bin", "/a b/bin", '/a"b/bin', "/a'b/bin"])
def test_go_reads_the_flag_as_one_word(folder: str) -> None:
    made = msgspec.structs.replace(ready(MUSL), bin=Path(folder))
    flags = applied(environment(toolchain("zig", MUSL), made, HERE), {"GOFLAGS": "-mod=mod"})["GOFLAGS"]
    assert flags.endswith(" -mod=mod")
    flag = flags.removesuffix(" -mod=mod")
    inner = flag[1:-1] if flag[0] in "'\"" else flag
    assert shlex.split(inner.removeprefix("-toolexec=")) == [f"{folder}/x86_64-linux-musl-go-toolexec"]


def test_a_shell_reads_the_same() -> None:
    locked = toolchain("musl.cc", MUSL)
    changes = environment(locked, ready(MUSL), HERE)
    current = {"PATH": "/bin:/usr/bin", "LDFLAGS": "-s  -x", "CPATH": "/i", "CMAKE_PREFIX_PATH": ""}
    current |= {"PKG_CONFIG_ZLIB_LIBDIR": "/evil", "PKG_CONFIG": "mine"}
    text = as_shell(changes, locked, ready(MUSL), [*current, "PKG_CONFIG_PATH_x86_64-unknown-linux-musl"])
    assert text.splitlines()[:2] == [f"# {locked.artifact}, for {MUSL}", "# ./configure --host=x86_64-linux-musl"]
    done = subprocess.run(["/bin/sh", "-euc", f"{text}env -0"], env=current, capture_output=True, text=True, check=True)
    seen = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    assert {key: value for key, value in seen.items() if key not in {"PWD", "_", "SHLVL", "OLDPWD"}} == applied(
        changes, current
    )
