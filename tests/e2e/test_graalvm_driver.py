"""The driver of tests/graalvm_real, told by a JVM that prints its arguments: what it makes of META-INF/native-image."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.graalvm_home import REAL

pytestmark = pytest.mark.tier("fast")

PRINTS_ARGUMENTS = '#!/bin/sh\nprintf "%s\\n" "$@"\n'
Packed = Callable[[Path, dict[str, str]], Path]
METADATA = "META-INF/native-image/org.example/words"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    shutil.copytree(REAL / "home", made)
    (made / "lib" / "svm" / "builder").mkdir(parents=True)
    for name in ("builder", "image", "exports"):
        (made / "lib" / "svm" / f"{name}.args").touch()
    loader = made / "lib" / "glibc" / "ld-linux-x86-64.so.2"
    loader.parent.mkdir()
    loader.write_text(PRINTS_ARGUMENTS)
    loader.chmod(0o755)
    return made


def starts(home: Path, *arguments: str | Path) -> list[str]:
    """Return the arguments that the driver starts the JVM with."""
    command = [sys.executable, home / "bin" / "native-image", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def folder(at: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return at


def jar(at: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(at, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return at


@pytest.mark.parametrize("packed", [folder, jar])
@pytest.mark.parametrize(
    ("file", "option"),
    [
        ("reachability-metadata.json", "ReachabilityMetadataResources"),
        ("reflect-config.json", "ReflectionConfigurationResources"),
        ("resource-config.json", "ResourceConfigurationResources"),
        ("jni-config.json", "JNIConfigurationResources"),
    ],
)
def test_the_builder_is_told_of_metadata(home: Path, tmp_path: Path, packed: Packed, file: str, option: str) -> None:
    entry = packed(tmp_path / "words", {f"{METADATA}/{file}": "{}"})
    assert f"-H:{option}={METADATA}/{file}" in starts(home, "-cp", entry, "Words")


def test_the_builder_sees_all_modules_of_the_jdk(home: Path, tmp_path: Path) -> None:
    """Of its own accord it resolves those that it needs itself, and jdk.httpserver is none of them."""
    shutil.copy(REAL / "builder.args", home / "lib" / "svm")
    said = starts(home, "-cp", tmp_path, "Words")
    assert said.index("--add-modules=ALL-DEFAULT") < said.index("--module")


def test_the_builder_is_told_of_nothing_elsewhere(home: Path, tmp_path: Path) -> None:
    entry = jar(tmp_path / "words.jar", {"META-INF/reflect-config.json": "[]", f"{METADATA}/words.json": "[]"})
    assert not [one for one in starts(home, "-cp", f"{entry}:{tmp_path / 'missing.jar'}", "Words") if "json" in one]


def test_properties_of_a_jar_are_arguments_before_those_of_the_command_line(home: Path, tmp_path: Path) -> None:
    text = "# of the jar\nArgs = --enable-http \\\n  -H:Log=${.}/log\nJavaArgs=-Dwords=jar\n"
    entry = jar(tmp_path / "words.jar", {f"{METADATA}/native-image.properties": text})
    said = starts(home, "-cp", entry, "-Dwords=mine", "-H:Log=mine", "Words")
    kept = [one for one in said if one.startswith(("-D", "-H:Enable", "-H:Log"))]
    logs = [f"-H:Log={METADATA}/log", "-H:Log=mine"]
    assert kept == ["-Dwords=jar", "-Dwords=mine", "-H:EnableURLProtocols=http", *logs]


def test_an_argument_of_a_jar_that_is_not_known_is_named(home: Path, tmp_path: Path) -> None:
    entry = jar(tmp_path / "words.jar", {f"{METADATA}/native-image.properties": "Args = --wordy\n"})
    command = [sys.executable, home / "bin" / "native-image", "-cp", entry, "Words"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "Error: Unrecognized option(s): '--wordy'\n")
