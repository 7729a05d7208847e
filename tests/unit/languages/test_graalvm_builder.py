"""The program that starts native-image: what it refuses before, and what it says of a failure."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from c_sources import c_sources

LIBRARY = "org/sqlite/native/Linux/x86_64/libsqlitejdbc.so"


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler here")
    program = tmp_path_factory.mktemp("builder") / "builder"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    subprocess.run([compiler, *flags, "-o", program, c_sources(program.parent) / "graalvm/builder.c"], check=True)
    return program


def run(builder: Path, script: str, *options: str, jars: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    folder = builder.parent
    native_image = folder / "native-image"
    native_image.write_text(f"#!/bin/sh\n{script}\n")
    native_image.chmod(0o755)
    (folder / "jars").write_text("".join(f"{jar}\n" for jar in jars))
    words = [
        "//:app",
        "static",
        "x86_64-linux-musl",
        folder / "log",
        folder / "jars",
        *options,
        "--",
        native_image,
        "-o",
        "app",
    ]
    environment = {"ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run([builder, *words], env=environment, capture_output=True, text=True, check=False)


def jar(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, "")
    return path


def test_success_is_silent_and_all_that_was_said_is_kept(builder: Path) -> None:
    done = run(builder, 'echo "[1/8] $*"; echo warned >&2')
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (builder.parent / "log").read_text() == "[1/8] -o app\nwarned\n"


@pytest.mark.parametrize(
    ("said", "line", "advice"),
    [
        (
            "Error: Main entry point class 'a.B' neither found on classpath: x.jar",
            "Error: Main entry point class 'a.B' neither found on classpath: x.jar",
            "main_class must be in srcs or deps",
        ),
        ("> java.lang.OutOfMemoryError: Java heap space", "java.lang.OutOfMemoryError: Java heap", 'memory = "4g"'),
        (
            "Error: An object of type 'a.B' was found in the image heap.",
            "Error: An object of",
            "--initialize-at-run-time",
        ),
        ("Error: something else", "Error: something else", None),
        ("Error: first\nError: java.lang.OutOfMemoryError", "Error: java.lang.OutOfMemoryError", 'memory = "4g"'),
        ("nothing of the kind", None, None),
    ],
)
def test_the_line_that_matters_stands_at_the_end(
    builder: Path, said: str, line: str | None, advice: str | None
) -> None:
    done = run(builder, f"cat <<'END'\n[1/8] Initializing...\n{said}\nEND\nexit 3")
    assert done.returncode == 1
    log, _, end = done.stderr.partition("\nlinkmode: //:app: native-image failed")
    assert log == f"[1/8] Initializing...\n{said}\n"
    assert end.startswith(f": {line}" if line else "\n  exit code 3\n")
    assert (f"  try: {advice}" in end or f"{advice}" in end) if advice else "try:" not in end


def test_one_that_the_kernel_killed(builder: Path) -> None:
    done = run(builder, "kill -9 $$")
    assert done.returncode == 1
    assert "native-image failed\n  try: the kernel killed it, most likely for want of memory" in done.stderr


def test_native_libraries_of_jars_are_refused_in_a_static_image(builder: Path, tmp_path: Path) -> None:
    sqlite = jar(tmp_path / "sqlite.jar", "org/A.class", LIBRARY, "org/sqlite/native/Linux/arm/libsqlitejdbc.so")
    plain = jar(tmp_path / "plain.jar", "org/B.class", "org/so", "notes.so.txt")
    done = run(builder, "echo started", "--without-jni", jars=(plain, sqlite))
    assert done.returncode == 1
    assert f"linkmode: //:app: sqlite.jar brings 2 native libraries, {LIBRARY} first" in done.stderr
    assert "plain.jar" not in done.stderr
    assert "allow_jni = True" in done.stderr
    assert run(builder, "true", jars=(plain, sqlite)).returncode == 0
    assert run(builder, "true", "--without-jni", jars=(plain,)).returncode == 0


@pytest.mark.parametrize("size", [0, 5, 21, 22, 70])
def test_a_jar_that_was_cut_is_native_images_to_refuse(builder: Path, tmp_path: Path, size: int) -> None:
    cut = jar(tmp_path / "cut.jar", LIBRARY)
    cut.write_bytes(cut.read_bytes()[-size:] if size else b"")
    assert run(builder, "true", "--without-jni", jars=(cut,)).returncode == 0


def test_another_command_line_is_refused(builder: Path) -> None:
    done = subprocess.run([builder, "//:app", "log"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "expected LABEL MODE TARGET LOG JARS [--without-jni] -- PROGRAM" in done.stderr
