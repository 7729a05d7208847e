"""native-image by `linkmode exec`: what it links, what it is refused, and what is said before it starts."""

import shutil
import subprocess
from pathlib import Path

import pytest
from projects import ARM, GLIBC, ROOT, X86, Project

REPLAY = ROOT / "tests" / "graalvm_replay" / "bin" / "native-image"
"""Calls the C compiler as GraalVM's native-image does, and is not GraalVM; see the README beside it."""


def native_image(project: Project, *options: str, mode: str, target: str = X86) -> str:
    """Compile a class with the machine's javac, and build it; return what it prints of an environment of two.

    native-image clears the environment, and its link is summed up all the same.
    """
    if not shutil.which("javac"):
        pytest.skip("javac is not installed; it is in the package default-jdk-headless")
    shutil.copy(ROOT / "examples" / "graalvm_envmap" / "EnvMap.java", project.root)
    subprocess.run(["javac", "EnvMap.java"], cwd=project.root, check=True)
    command = [str(REPLAY), *options, "-cp", str(project.root), "-o", "envmap", "EnvMap"]
    done = project.linkmode("exec", "--target", target, "--", *command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"linkmode: {mode} for {target}: envmap" in done.stderr
    environment = {"LINKMODE_TEST": "1", "OTHER": "2"}
    ran = [str(project.root / "envmap"), "LINKMODE"]
    return subprocess.run(ran, env=environment, capture_output=True, text=True, check=True).stdout


def test_native_image_static(project: Project) -> None:
    """Also with the script that stands for Zig, which answers `-v` as clang."""
    assert native_image(project, "--static", "--libc=musl", mode="static") == "LINKMODE_TEST=1\n"
    assert project.modes("envmap") == {"envmap": "static"}


@pytest.mark.tier("slow")
@pytest.mark.parametrize(("option", "mode"), [("--static-nolibc", "mostly_static"), ("--no-fallback", "mostly_static")])
def test_native_image_with_glibc(zig: Project, option: str, mode: str) -> None:
    """A dynamic image needs no more than glibc either, as zlib is there as an archive only."""
    assert native_image(zig, option, mode=mode, target=GLIBC) == "LINKMODE_TEST=1\n"
    assert zig.modes("envmap") == {"envmap": mode}
    assert zig.linkmode("audit", "--max-glibc", "2.28", "envmap").returncode == 0


def test_native_image_is_refused_before_it_starts(gcc: Project) -> None:
    done = gcc.linkmode("exec", "--target", ARM, "--", str(REPLAY), "--static", "--libc=musl", "EnvMap")
    assert done.returncode == 2
    assert "GraalVM has its JDK libraries for musl on x86_64 only" in done.stderr


def test_a_native_image_of_an_unknown_release_is_not_started(gcc: Project, tmp_path: Path) -> None:
    """The file `release` beside it tells, and it is only read; `env` in front is the way past."""
    folder = tmp_path / "graalvm"
    (folder / "bin").mkdir(parents=True)
    (folder / "release").write_text('JAVA_VERSION="26"\nGRAALVM_VERSION="26.0.0"\n')
    program = folder / "bin" / "native-image"
    program.write_text('#!/bin/sh\necho "started: $*"\n')
    program.chmod(0o755)
    done = gcc.linkmode("exec", "--", str(program), "--static", "--libc=musl", "EnvMap")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        f"{program} is of a GraalVM for JDK 26, whose options are not known\n  expected: one for JDK 17, 20, "
        in done.stderr
    )
    assert gcc.exec("env", str(program), "--static") == "started: --static\n"
    (folder / "release").write_text('JAVA_VERSION="25.0.1"\n')
    assert gcc.exec(str(program), "--static", "--libc=musl") == "started: --static --libc=musl\n"


def test_it_is_said_that_native_image_takes_this_machine_s_gcc(gcc: Project, tmp_path: Path) -> None:
    program = tmp_path / "native-image"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    said = gcc.linkmode("exec", "--", str(program), "-jar", "app.jar").stderr
    assert "native-image takes this machine's gcc, and not musl.cc-12.2.0-x86_64-linux-x86_64-linux-musl" in said
    assert "gcc" not in gcc.linkmode("exec", "--", str(program), "--libc=musl", "-jar", "app.jar").stderr
