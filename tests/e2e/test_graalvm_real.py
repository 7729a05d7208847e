"""native_image on real Bazel with the real builder: of GraalVM 25.0.4, or the GraalVM that GRAALVM_HOME names."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import rows
from envmap import LINK_MODES, Example, holds, prepare
from harness import bazel, graalvm, graalvm_home

pytestmark = pytest.mark.timeout(3600)  # an image takes a minute or two, and ten on a machine that others use, too
FLAGS = ("--@linkmode//graalvm:quick_build", "--sandbox_default_allow_network=false")
REPLAY_ALONE = "LINKMODE_GRAALVM"
"""Set to "replay" by who has no registries at hand: nothing else allows it that these tests are skipped."""


OF_THE_VM = re.compile(
    r"Java_(java_lang_(ref|Stack\w+|VirtualThread)_|java_nio_MappedMemoryUtils_registerNatives"
    r"|jdk_internal_(loader|misc_CDS|reflect|vm)_)"
)
"""References, stacks, continuations, reflection and class loading: native-image has its own."""


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
    holds(real, *FLAGS, modes=modes, needs_proc=("mostly_static",))


@pytest.mark.tier("slow")  # CI has the example's own Zig
def test_by_the_zig_that_init_proposes() -> None:
    """Its `-v` has no word behind the version, which native-image reads."""
    try:
        folder = graalvm.example("7.7.1-zig", graalvm.installed(graalvm_home.home()), by_zig=True, version="~=0.16.0")
        made = Example(bazel.find("7.7.1"), folder)
    except (bazel.NoBazelError, graalvm.UnfetchedError) as error:
        pytest.skip(str(error))
    try:
        assert 'version = "0.16.0"' in (folder / "linkmode.lock").read_text()
        holds(made, *FLAGS, modes=("static",))
    finally:
        made.bazel.leave(folder)


@pytest.mark.tier("bazel")  # it needs the GraalVM that is assembled for the others
@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_the_natives_of_jdk_25_have_code_in_the_libraries_of_jdk_17(libc: str) -> None:
    if os.environ.get(REPLAY_ALONE) == "replay":
        pytest.skip(f"{REPLAY_ALONE}=replay asks for the replay of GraalVM alone")
    assert [name for name in graalvm_home.without_code(graalvm_home.home(), libc) if not OF_THE_VM.match(name)] == []
