"""native_image on real Bazel: the example in every link mode, and what is refused before native-image starts.

What takes no image, or another release than the real builder is of, is tried with tests/graalvm_replay: javac, and a
driver that calls the C compiler as native-image does. The real builder is in test_graalvm_real.py.
"""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import rows
from envmap import BINARIES, Example, generate, holds, prepare, smallest_image
from harness import checks, graalvm, graalvm_wrong
from harness.cases import Binary
from harness.graalvm import MUSL


@pytest.fixture(scope="module", params=rows.bazels("4.2.3", "7.7.1", ci=("7.7.1",)))
def example(request: pytest.FixtureRequest) -> Iterator[Example]:
    if not Path("/usr/bin/javac").exists():
        pytest.skip("no /usr/bin/javac; it is in the package default-jdk-headless, which Debian's Bazel brings along")
    made = prepare(request.param, graalvm.replay("25.3.4.1"))
    wrong = made.folder / "wrong"
    wrong.mkdir()
    classes = made.folder / "classes"
    subprocess.run(["javac", "-d", classes, made.folder / "EnvMap.java"], check=True)
    for jar, files in (("envmap.jar", ["-C", str(classes), "EnvMap.class"]), ("empty.jar", ["-C", str(wrong), "."])):
        subprocess.run(["jar", "--create", "--file", wrong / jar, *files], check=True)
    shutil.rmtree(classes)
    (wrong / "BUILD.bazel").write_text(graalvm_wrong.BUILD)
    libraries = made.folder / "libraries"
    libraries.mkdir()
    shutil.copy(wrong / "envmap.jar", libraries / 'env\'s "map".jar')
    shutil.copy(wrong / "empty.jar", libraries / "none of #it.jar")
    for name, text in graalvm_wrong.LIBRARIES.items():
        (libraries / name).write_text(text)
    try:
        yield made
    finally:
        made.bazel.leave(made.folder)


@pytest.mark.tier("slow")  # CI has the real one
def test_every_mode_of_the_example(example: Example) -> None:
    holds(example)


def test_dynamic_with_musl(example: Example) -> None:
    said = example.bazel.run(example.folder, "run", "//wrong:run_dynamic_musl", "PATH").stdout
    assert said.splitlines()[-1].startswith("PATH=")
    binary = Binary("//wrong:dynamic_musl", "dynamic", MUSL)
    assert smallest_image(checks.audit(example.folder, binary)) == "alpine"
    checks.readelf_agrees(example.folder / binary.path, binary)


def action(example: Example, target: str, *flags: str) -> str:
    asked = f'mnemonic("NativeImage$", deps({target}))'
    said = example.bazel.run(example.folder, "aquery", "--output=text", "--include_param_files", *flags, asked).stdout
    return re.sub(r"[\s\\]+", " ", said.replace("'", ""))


@pytest.mark.parametrize(
    ("mode", "options"),
    [("static", ["--static", "--libc=musl"]), ("mostly_static", ["--static-nolibc"]), ("dynamic", [])],
)
def test_what_native_image_is_told(example: Example, mode: str, options: list[str]) -> None:
    text = action(example, f"//:envmap_as_{mode}")
    command = text.partition("Command Line:")[2]
    name = "x86_64-linux-musl-gcc" if mode == "static" else "gcc"
    assert re.findall(r"--(?:static|libc|static-nolibc)\b\S*", command) == options
    assert re.search(rf"--native-compiler-path=bazel-out/\S+/{name}\b", command)
    assert "-march=compatibility" in command
    # the compiler by the name that native-image looks for, and nothing else
    assert re.search(r"Environment: \[LC_ALL=C\.UTF-8, PATH=bazel-out/\S+/envmap\.native-image\]", text)
    for word in ("/bin/sh", "/usr/", os.environ["HOME"], str(example.folder)):
        assert word not in text


def test_quick_build_is_a_setting_of_the_build(example: Example) -> None:
    assert " -Ob " in action(example, "//:envmap_as_static", "--@linkmode//graalvm:quick_build")
    assert " -Ob " not in action(example, "//:envmap_as_static")


def test_the_whole_log_is_an_output_group(example: Example) -> None:
    """A build without the group prints nothing of it, and one with it leaves the file."""
    done = example.bazel.run(example.folder, "build", "//:envmap_as_static")
    assert "replayed native-image" not in done.stdout + done.stderr
    done = example.bazel.run(example.folder, "build", "--output_groups=native_image_log", "//:envmap_as_static")
    [path] = re.findall(r"bazel-\S+\.native-image\.log", done.stderr)
    assert "replayed native-image" in (example.folder / path).read_text()


def test_only_that_action_has_the_compiler_on_its_path(example: Example) -> None:
    text = example.bazel.run(example.folder, "aquery", "--output=text", "deps(//:envmap_as_static)").stdout
    having = {
        re.search(r"Mnemonic: (\w+)", block)[1]  # type: ignore[index]
        for block in text.split("\n\n")
        if "Mnemonic:" in block and "envmap.native-image]" in block
    }
    assert having == {"NativeImage"}


def test_class_path_of_libraries_and_further_options(example: Example) -> None:
    """javac and the replay both take what they are given to pieces as the java command does."""
    example.bazel.run(example.folder, "build", "//libraries:of_libraries_static")
    binary = Binary("//libraries:of_libraries_static", "static", MUSL)
    said = subprocess.run([example.folder / binary.path, "TWO"], env={"TWO": "2"}, capture_output=True, check=True)
    assert said.stdout == b"TWO=2\n"
    params = next((example.folder / "bazel-out").glob("*/bin/libraries/of_libraries-1.params"))
    option, jars = params.read_text().splitlines()
    assert option == "-cp"
    rest = r"""libraries/none of #it\.jar:libraries/env's \\"map\\"\.jar"""
    assert re.fullmatch(rf'"\S+/of_libraries\.classes:{rest}"', jars)
    command = action(example, "//libraries:of_libraries_static")
    assert "--initialize-at-build-time=EnvMap --gc=epsilon" in command
    assert "-march=x86-64-v2" in command
    assert re.search(r"-ELINKMODE_TEST=passed on # all of it ", command)


@pytest.mark.parametrize(("target", "expected"), graalvm_wrong.REFUSED.items())
def test_what_cannot_be_is_refused_before_native_image_starts(example: Example, target: str, expected: str) -> None:
    assert expected in example.says("build", "--nobuild", f"//wrong:{target}")


def test_what_native_image_says_is_shown(example: Example) -> None:
    assert "'com.example.EnvMap' neither found on classpath" in example.says("build", "//wrong:no_class_static")


def test_without_zlib_in_linkmode_toml(example: Example) -> None:
    path = example.folder / "linkmode.toml"
    config = tomllib.loads(path.read_text())
    try:
        generate(example.folder, {key: value for key, value in config.items() if key != "library"})
        said = example.says("build", "--nobuild", "//:envmap_as_static")
        assert "the JDK's libraries need zlib, and linkmode.toml asks for none. Add `zlib = " in said
    finally:
        generate(example.folder, config)


@pytest.mark.tier("slow")  # Zig builds musl first
def test_zig_links_it_as_well_in_every_mode(example: Example) -> None:
    """The example has GCC for musl; without it Zig makes the static one, and it is the same program."""
    path = example.folder / "linkmode.toml"
    config = tomllib.loads(path.read_text())
    [zig] = [toolchain for toolchain in config["toolchain"] if toolchain["family"] == "zig"]
    try:
        only = zig | {"targets": [MUSL, *zig["targets"]]}
        generate(example.folder, config | {"toolchain": [only], "pin": config["pin"][1:]})
        holds(example)
        assert "zig" in action(example, "//:envmap_as_static")
    finally:
        generate(example.folder, config)


@pytest.mark.tier("slow")  # builds it once more, without a cache
def test_the_same_bytes_in_another_output_base(example: Example, tmp_path: Path) -> None:
    """The link that the replay makes, that is: native-image itself never makes the same bytes twice."""
    example.bazel.run(example.folder, "build", "//:envmap_as")
    place = tmp_path / "elsewhere"
    place.mkdir()
    other = example.bazel.in_place(place)
    shutil.copytree(example.folder, place / "checkout", ignore=shutil.ignore_patterns("bazel-*"), symlinks=True)
    try:
        other.run(place / "checkout", "build", "--disk_cache=", "//:envmap_as")
        for binary in BINARIES:
            here, there = ((folder / binary.path).read_bytes() for folder in (example.folder, place / "checkout"))
            assert here == there, binary.label
            assert str(place).encode() not in there
    finally:
        other.run(place / "checkout", "clean", "--expunge", check=False)


def test_an_archive_without_libraries_for_musl_is_refused(example: Example) -> None:
    """By its own files, which the version does not tell."""
    path = example.folder / "linkmode.toml"
    config = tomllib.loads(path.read_text())
    try:
        pins = [*config["pin"][:-1], graalvm.replay("25.3.4.1", libcs=["glibc"])]
        generate(example.folder, config | {"pin": pins})
        said = example.says("build", "--nobuild", "//:envmap_as_static")
        assert "this GraalVM has no JDK libraries for musl (lib/static/linux-amd64/musl of its archive)" in said
        example.bazel.run(example.folder, "build", "--nobuild", "//:envmap_as_mostly_static")
    finally:
        generate(example.folder, config)


def test_another_release_is_told_otherwise(example: Example) -> None:
    path = example.folder / "linkmode.toml"
    config = tomllib.loads(path.read_text())
    older = graalvm.replay("21.0.2")
    try:
        pins = [*config["pin"][:1], older]
        generate(example.folder, config | {"pin": pins, "language": {"graalvm": "==21.0.2"}})
        said = action(example, "//:envmap_as_mostly_static")
        assert re.search(r"-H:\+UnlockExperimentalVMOptions -H:\+StaticExecutableWithDynamicLibC ", said)
        assert "--static-nolibc" not in said
        example.bazel.run(example.folder, "build", "//:envmap_as_mostly_static")
    finally:
        generate(example.folder, config)
