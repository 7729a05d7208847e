"""The tutorial docs/tutorial/first-binary.md holds on each Bazel, and the program that follows it runs by itself."""

import os
import subprocess
import sys

import pytest
import tiers
from harness import bazel, tutorial
from harness.places import ROOT
from harness.shared import present

# where there is no GCC, this is the example that `make test` builds: `make demo` has built what takes long of it
FIRST = tiers.BAZEL if present() else tiers.EXAMPLE


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.tier(FIRST if name == "4.2.3" else "slow")) for name in bazel.KNOWN]
)
def test_the_tutorial_holds(name: str) -> None:
    try:
        builder = bazel.find(name)
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    tutorial.follow(builder)


@pytest.mark.tier("fast")
@pytest.mark.parametrize("program", sorted(path.name for path in (ROOT / "tests/e2e").glob("run_*.py")))
def test_every_program_starts_without_the_paths_that_pytest_adds(program: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, f"tests/e2e/{program}", "--help"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {program}")
