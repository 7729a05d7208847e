"""examples/graalvm_envmap in a folder of its own, locked to what can be had here, and what its binaries must be."""

import json
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import bazel, checks, graalvm, sandbox, shared
from harness.cases import Binary

LINK_MODES = ("static", "mostly_static", "dynamic")
BINARIES = graalvm.CASE.binaries


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


def prepare(name: str, pin: dict[str, Any], *, by_zig: bool = False) -> Example:
    """Return the example for one Bazel, locked to ``pin`` and to what can be had here; ``by_zig`` without GCC."""
    try:
        return Example(bazel.find(name), graalvm.example(name, pin, by_zig=by_zig))
    except (bazel.NoBazelError, shared.MissingToolchainsError) as error:
        pytest.skip(str(error))


def generate(folder: Path, config: dict[str, Any]) -> None:
    """Lock, fetch and generate by another linkmode.toml; skip where an archive cannot be had."""
    try:
        graalvm.generate(folder, config)
    except graalvm.UnfetchedError as error:
        pytest.skip(str(error))


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


def holds(made: Example, *flags: str, modes: Collection[str] = LINK_MODES, needs_proc: Collection[str] = ()) -> None:
    """Build the example in ``modes``, and hold every binary to its mode by two witnesses and by running it.

    ``flags`` are Bazel's. In ``needs_proc`` are the modes whose binaries cannot start without /proc.
    """
    # the binaries too: what only a test needs is not brought here from a cache
    made.bazel.run(
        made.folder, "test", *flags, *(f"//:envmap_{name}" for mode in modes for name in (f"{mode}_test", f"as_{mode}"))
    )
    for binary in BINARIES:
        if binary.mode in modes:
            _holds(made, binary, proc=binary.mode in needs_proc)


def _holds(made: Example, binary: Binary, *, proc: bool) -> None:
    path = made.folder / binary.path
    image = smallest_image(checks.audit(made.folder, binary))
    assert image == SMALLEST_IMAGE[binary.mode], f"{binary.label}: {image}"
    checks.readelf_agrees(path, binary)
    environment = {"LINKMODE_ONE": "1", "LINKMODE_TWO": "2", "OTHER": "3"}
    said = subprocess.run([path, "LINKMODE"], env=environment, capture_output=True, text=True, check=True).stdout
    assert sorted(said.splitlines()) == ["LINKMODE_ONE=1", "LINKMODE_TWO=2"], said
    if binary.mode == "dynamic":
        return
    libc = sandbox.host_glibc() if binary.mode == "mostly_static" else {}
    try:
        said = sandbox.run_alone(path, libc, proc=proc)
        assert "LINKMODE" not in said, said
        if proc:
            with pytest.raises(AssertionError, match=r"Failed to create the main Isolate\. \(code 32\)"):
                sandbox.run_alone(path, libc)
    except sandbox.MissingToolError as error:
        pytest.skip(str(error))
