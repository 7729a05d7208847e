"""examples/graalvm_envmap in a folder of its own, locked to what can be had here, and what its binaries must be."""

import json
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from harness import bazel, checks, sandbox, shared, workspace
from harness.cases import Binary
from harness.places import EXAMPLES, STORE, WORK

MUSL, GLIBC = "x86_64-linux-musl", "x86_64-linux-gnu.2.28"
BINARIES = [
    Binary("//:envmap_as_static", "static", MUSL),
    Binary("//:envmap_as_mostly_static", "mostly_static", GLIBC),
    Binary("//:envmap_as_dynamic", "dynamic", GLIBC),
]


@dataclass(frozen=True)
class Example:
    """The example in a folder of its own, and the Bazel that builds it."""

    bazel: bazel.Bazel
    folder: Path

    def says(self, *arguments: str) -> str:
        """Run Bazel, which has to fail of the build itself, and return all that it says."""
        done = self.bazel.run(self.folder, *arguments, check=False)
        assert done.returncode in (1, 3), done.stdout + done.stderr
        return done.stdout + done.stderr


def prepare(name: str, pin: dict[str, Any] | None) -> Example:
    """Return the example for one Bazel, locked to what can be had here; without ``pin``, to the catalogue's."""
    try:
        builder = bazel.find(name)
        gcc = workspace.pin(f"{MUSL}-cross.tgz")
    except (bazel.NoBazelError, shared.MissingToolchainsError) as error:
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
    """Lock, fetch and generate by another linkmode.toml; skip where an archive cannot be had."""
    (folder / "linkmode.toml").write_text(tomli_w.dumps(config))
    zlib = ["--source=zlib=pypi"] if "library" in config else []
    workspace.linkmode(folder, "lock", "--source=zig=pypi", *zlib)
    fetched = workspace.linkmode(folder, "fetch", f"--store={STORE}", check=False)
    if fetched.returncode == 4:
        pytest.skip(f"not every archive can be had here: {fetched.stderr.strip().splitlines()[-1]}")
    assert fetched.returncode == 0, fetched.stderr
    workspace.linkmode(folder, "generate")


SMALLEST_IMAGE = {
    "static": "scratch",
    "mostly_static": "distroless-base-nossl",
    "dynamic": "distroless-base-nossl",
}
"""What docs/how-to/graalvm.md says of the modes; the audit lists images smallest first."""


def smallest_image(report: str) -> str:
    """Return the first image that a report about one binary has it run on."""
    [audited] = json.loads(report)["files"]
    name: str = next(image["platform"] for image in audited["verdict"]["images"] if image["answer"] == "yes")
    return name


def holds(made: Example) -> None:
    """Build the example, and hold every binary to its mode by two witnesses and by running it."""
    made.bazel.run(made.folder, "test", "//:all")
    for binary in BINARIES:
        path = made.folder / binary.path
        image = smallest_image(checks.audit(made.folder, binary))
        assert image == SMALLEST_IMAGE[binary.mode], f"{binary.label}: {image}"
        checks.readelf_agrees(path, binary)
        environment = {"LINKMODE_ONE": "1", "LINKMODE_TWO": "2", "OTHER": "3"}
        said = subprocess.run([path, "LINKMODE"], env=environment, capture_output=True, text=True, check=True).stdout
        assert sorted(said.splitlines()) == ["LINKMODE_ONE=1", "LINKMODE_TWO=2"], said
        if binary.mode != "dynamic":
            libc = sandbox.host_glibc() if binary.mode == "mostly_static" else {}
            try:
                said = sandbox.run_alone(path, libc)
                assert "LINKMODE" not in said, said
            except sandbox.MissingToolError as error:
                pytest.skip(str(error))
