"""native_image on real Bazel: the example in every link mode, and what is refused before native-image starts.

GraalVM cannot be had on most machines that run this, so tests/graalvm_replay stands in its place: javac, and a driver
that calls the C compiler as native-image does. With GRAALVM_HOME, or by `make e2e-all` where the network has it, the
real one builds the same example; elsewhere that test is skipped, and says so.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from harness import bazel, checks, graalvm, sandbox, workspace
from harness.cases import Binary
from harness.places import EXAMPLES, STORE, WORK

pytestmark = pytest.mark.e2e

MUSL, GLIBC = "x86_64-linux-musl", "x86_64-linux-gnu.2.28"
BINARIES = [
    Binary("//:envmap_as_static", "static", MUSL),
    Binary("//:envmap_as_mostly_static", "mostly_static", GLIBC),
    Binary("//:envmap_as_dynamic", "dynamic", GLIBC),
]

WRONG = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_mode_run")
load("@linkmode//graalvm:defs.bzl", "native_image")

native_image(name = "static_args", args = ["--static"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "output_args", args = ["-o=x"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "file_args", args = ["@options"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "jar_args", args = ["-jar", "x"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "class_file", main_class = "com/example/EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "nothing", main_class = "EnvMap", tags = ["manual"])
native_image(name = "no_class", main_class = "com.example.EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "fine", main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])

[link_mode_binary(name = name + "_static", binary = ":" + name, link_mode = "static", tags = ["manual"]) for name in [
    "static_args",
    "output_args",
    "file_args",
    "jar_args",
    "class_file",
    "nothing",
    "no_class",
]]
link_mode_binary(
    name = "dynamic_musl",
    binary = ":fine",
    link_mode = "dynamic",
    platform = "@linkmode//platforms:x86_64-linux-musl",
    tags = ["manual"],
)
link_mode_run(name = "run_dynamic_musl", binary = ":dynamic_musl", tags = ["manual"])
link_mode_binary(
    name = "mostly_static_musl",
    binary = ":fine",
    link_mode = "mostly_static",
    platform = "@linkmode//platforms:x86_64-linux-musl",
    tags = ["manual"],
)
link_mode_binary(
    name = "static_glibc",
    allow_static_glibc = True,
    binary = ":fine",
    link_mode = "static",
    platform = "@linkmode//platforms:x86_64-linux-gnu.2.28",
    tags = ["manual"],
)
link_mode_binary(
    name = "static_arm",
    binary = ":fine",
    link_mode = "static",
    platform = "@linkmode//platforms:aarch64-linux-musl",
    tags = ["manual"],
)
link_mode_binary(
    name = "mostly_static_arm",
    binary = ":fine",
    link_mode = "mostly_static",
    platform = "@linkmode//platforms:aarch64-linux-gnu.2.28",
    tags = ["manual"],
)
"""

LIBRARIES = """
load("@linkmode//:defs.bzl", "link_mode_binary")
load("@linkmode//graalvm:defs.bzl", "native_image")
load(":library.bzl", "library")

# as a java_library is seen from outside: its own jar is its file, what that needs at run time is among its runfiles
# the names are such as a file of arguments would have parted, or cut off
library(name = "library", jar = "none of #it.jar", runtime = ["env's \\"map\\".jar"])
native_image(
    name = "of_libraries",
    srcs = ["some #more.java"],
    args = ["--initialize-at-build-time=EnvMap"],
    env = {"LINKMODE_TEST": "passed on # all of it"},
    main_class = "EnvMap",
    march = "x86-64-v2",
    deps = [":library"],
    tags = ["manual"],
)
link_mode_binary(name = "of_libraries_static", binary = ":of_libraries", link_mode = "static", tags = ["manual"])
"""

LIBRARY = """
def _library_impl(ctx):
    runfiles = ctx.runfiles(files = [ctx.file.jar] + ctx.files.runtime)
    return [DefaultInfo(files = depset([ctx.file.jar]), runfiles = runfiles)]

library = rule(
    implementation = _library_impl,
    attrs = {"jar": attr.label(allow_single_file = True), "runtime": attr.label_list(allow_files = True)},
)
"""


@dataclass(frozen=True)
class Example:
    """The example in a folder of its own, and the Bazel that builds it."""

    bazel: bazel.Bazel
    folder: Path

    def says(self, *arguments: str) -> str:
        done = self.bazel.run(self.folder, *arguments, check=False)
        assert done.returncode in (1, 3), done.stdout + done.stderr
        return done.stdout + done.stderr


def prepare(name: str, pin: dict[str, Any] | None) -> Example:
    """Return the example for one Bazel, locked to what can be had here; without ``pin``, to the catalogue's."""
    try:
        builder = bazel.find(name)
        gcc = workspace.pin(f"{MUSL}-cross.tgz")
    except (bazel.NoBazelError, workspace.MissingToolchainsError) as error:
        pytest.skip(str(error))
    folder = WORK / "e2e" / name / ("graalvm_envmap" if pin else "graalvm_envmap_real")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLES / "graalvm_envmap", folder, ignore=shutil.ignore_patterns("bazel-*", "third_party"))
    config = tomllib.loads((folder / "linkmode.toml").read_text())
    config["toolchain"][1]["targets"] += ["aarch64-linux-musl", "aarch64-linux-gnu.2.28"]  # for what is refused
    config["pin"] = [gcc, *([pin] if pin else [])]
    if pin:
        config["language"]["graalvm"] = f"=={pin['version']}"
    generate(folder, config)
    return Example(builder, folder)


def generate(folder: Path, config: dict[str, Any]) -> None:
    (folder / "linkmode.toml").write_text(tomli_w.dumps(config))
    zlib = ["--source=zlib=pypi"] if "library" in config else []
    workspace.linkmode(folder, "lock", "--source=zig=pypi", *zlib)
    fetched = workspace.linkmode(folder, "fetch", f"--store={STORE}", check=False)
    if fetched.returncode == 4:
        pytest.skip(f"not every archive can be had here: {fetched.stderr.strip().splitlines()[-1]}")
    assert fetched.returncode == 0, fetched.stderr
    workspace.linkmode(folder, "generate")


@pytest.fixture(scope="module", params=[name for name in bazel.requested() if name != "7.7.1-workspace"])
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
    (wrong / "BUILD.bazel").write_text(WRONG)
    libraries = made.folder / "libraries"
    libraries.mkdir()
    shutil.copy(wrong / "envmap.jar", libraries / 'env\'s "map".jar')
    shutil.copy(wrong / "empty.jar", libraries / "none of #it.jar")
    (libraries / "BUILD.bazel").write_text(LIBRARIES)
    (libraries / "library.bzl").write_text(LIBRARY)
    (libraries / "some #more.java").write_text("class More { EnvMap map; }\n")
    try:
        yield made
    finally:
        made.bazel.leave(made.folder)


SMALLEST_IMAGE = {
    "static": "scratch",
    "mostly_static": "distroless-base-nossl",
    "dynamic": "distroless-base-nossl",
}
"""What docs/how-to/graalvm.md says of the modes; the audit lists images smallest first."""


def smallest_image(report: str) -> str:
    [audited] = json.loads(report)["files"]
    return next(image["platform"] for image in audited["verdict"]["images"] if image["answer"] == "yes")


def holds(made: Example) -> None:
    """Build the example, and hold every binary to its mode by two witnesses and by running it."""
    made.bazel.run(made.folder, "test", "//:all")
    for binary in BINARIES:
        path = made.folder / binary.path
        assert smallest_image(checks.audit(made.folder, binary)) == SMALLEST_IMAGE[binary.mode]
        checks.readelf_agrees(path, binary)
        environment = {"LINKMODE_ONE": "1", "LINKMODE_TWO": "2", "OTHER": "3"}
        said = subprocess.run([path, "LINKMODE"], env=environment, capture_output=True, text=True, check=True).stdout
        assert sorted(said.splitlines()) == ["LINKMODE_ONE=1", "LINKMODE_TWO=2"]
        if binary.mode != "dynamic":
            libc = sandbox.host_glibc() if binary.mode == "mostly_static" else {}
            try:
                assert "LINKMODE" not in sandbox.run_alone(path, libc)
            except sandbox.MissingToolError as error:
                pytest.skip(str(error))


def test_every_mode_of_the_example(example: Example) -> None:
    holds(example)


def test_dynamic_with_musl(example: Example) -> None:
    said = example.bazel.run(example.folder, "run", "//wrong:run_dynamic_musl", "PATH").stdout
    assert said.splitlines()[-1].startswith("PATH=")
    binary = Binary("//wrong:dynamic_musl", "dynamic", MUSL)
    assert smallest_image(checks.audit(example.folder, binary)) == "alpine"
    checks.readelf_agrees(example.folder / binary.path, binary)


def action(example: Example, target: str) -> str:
    asked = f'mnemonic("NativeImage$", deps({target}))'
    said = example.bazel.run(example.folder, "aquery", "--output=text", "--include_param_files", asked).stdout
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
    params = next((example.folder / "bazel-out").glob("*/bin/libraries/of_libraries-0.params"))
    option, jars = params.read_text().splitlines()
    assert option == "-cp"
    rest = r"""libraries/none of #it\.jar:libraries/env's \\"map\\"\.jar"""
    assert re.fullmatch(rf'"\S+/of_libraries\.classes:{rest}"', jars)
    command = action(example, "//libraries:of_libraries_static")
    assert "--initialize-at-build-time=EnvMap" in command
    assert "-march=x86-64-v2" in command
    assert re.search(r"-ELINKMODE_TEST=passed on # all of it ", command)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            "static_args_static",
            '//wrong:static_args: args: "--static" is not for args to say; it is decided by link_mode',
        ),
        ("output_args_static", 'args: "-o=x" is not for args to say; it is decided by the name of the rule'),
        ("file_args_static", 'args: "@options" names a file of options, which nobody can check'),
        ("jar_args_static", 'args: "-jar" is not for args to say; it is decided by deps and main_class'),
        ("class_file_static", 'main_class: "com/example/EnvMap" is no name of a class, such as com.example.App'),
        ("nothing_static", "//wrong:nothing: name Java sources in srcs, or libraries and jars in deps"),
        ("mostly_static_musl", "native-image has mostly static images for glibc only, and x86_64-linux-musl is not"),
        ("static_glibc", "a static native image needs musl, and x86_64-linux-gnu.2.28 is not"),
        (
            "static_arm",
            "GraalVM has its JDK libraries for musl on x86_64 only, so there is no native image for aarch64-",
        ),
        (
            "mostly_static_arm",
            "this one runs on x86_64-linux: build for aarch64-linux-gnu.2.28 on a machine of that CPU",
        ),
    ],
)
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


def test_zig_links_it_as_well_in_every_mode(example: Example) -> None:
    """The example has GCC for musl; without it Zig makes the static one, and it is the same program."""
    path = example.folder / "linkmode.toml"
    config = tomllib.loads(path.read_text())
    [zig] = [toolchain for toolchain in config["toolchain"] if toolchain["family"] == "zig"]
    if not bazel.everything_is_asked_for() or example.bazel.name != "4.2.3":
        pytest.skip("Zig builds musl first, for minutes; make e2e-all runs it on 4.2.3")
    try:
        only = zig | {"targets": [MUSL, *zig["targets"]]}
        generate(example.folder, config | {"toolchain": [only], "pin": config["pin"][1:]})
        holds(example)
        assert "zig" in action(example, "//:envmap_as_static")
    finally:
        generate(example.folder, config)


def test_the_same_bytes_in_another_output_base(example: Example, tmp_path: Path) -> None:
    """The link that the replay makes, that is; what native-image itself does was never seen here."""
    if not bazel.everything_is_asked_for() or example.bazel.name != "4.2.3":
        pytest.skip("builds the example once more, without a cache; make e2e-all runs it on 4.2.3")
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


def test_the_real_native_image() -> None:
    """Skipped where there is no GraalVM, which is so on the machines that linkmode is made on."""
    home = os.environ.get("GRAALVM_HOME")
    if not home and not bazel.everything_is_asked_for():
        pytest.skip("no GraalVM: GRAALVM_HOME is not set; make e2e-all looks for one on the network as well")
    made = prepare(bazel.requested()[0], graalvm.installed(Path(home)) if home else None)
    try:
        holds(made)
    finally:
        made.bazel.leave(made.folder)
