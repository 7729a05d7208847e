"""native_image on real Bazel with the real builder: of GraalVM 25.0.4, or the GraalVM that GRAALVM_HOME names."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import rows
from envmap import LINK_MODES, Example, holds, prepare
from harness import graalvm, graalvm_home

QUICK = "--@linkmode//graalvm:quick_build"
REPLAY_ALONE = "LINKMODE_GRAALVM"
"""Set to "replay" by who has no registries at hand: nothing else allows it that these tests are skipped."""


@pytest.fixture(scope="module", params=rows.bazels("4.2.3", "7.7.1", ci=("7.7.1",)))
def real(request: pytest.FixtureRequest) -> Iterator[Example]:
    if os.environ.get(REPLAY_ALONE) == "replay":
        pytest.skip(f"{REPLAY_ALONE}=replay asks for the replay of GraalVM alone")
    home = os.environ.get("GRAALVM_HOME")
    pin = graalvm.installed(Path(home) if home else graalvm_home.home())
    made = prepare(request.param, pin, by_zig=not graalvm.has_gcc())
    try:
        yield made
    finally:
        made.bazel.leave(made.folder)


def test_the_real_native_image(real: Example) -> None:
    """In CI without dynamic, which is linked as mostly_static is, by the same compiler."""
    modes = LINK_MODES if real.bazel.name == "4.2.3" else LINK_MODES[:2]
    holds(real, QUICK, modes=modes, needs_proc=("mostly_static",))
