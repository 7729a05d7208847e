"""native_image on real Bazel with the real GraalVM: of GRAALVM_HOME, or by `make e2e-all` where the network has it."""

import os
from pathlib import Path

from envmap import holds, prepare
from harness import bazel, graalvm


def test_the_real_native_image() -> None:
    """Skipped where there is no GraalVM, which is so on the machines that linkmode is made on."""
    home = os.environ.get("GRAALVM_HOME")
    made = prepare(bazel.KNOWN[0], graalvm.installed(Path(home)) if home else None)
    try:
        holds(made)
    finally:
        made.bazel.leave(made.folder)
