"""Variables that would steer the compiler behind the command line's back: no program of the toolchain sees them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from driver_toolchain import Toolchain

from linkmode.exec.variables import ALWAYS_CLEARED


def seen(made: Toolchain, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the driver with programs behind it that print the environment and fail."""
    (made.root / "show").write_text("#!/bin/sh\nenv | grep -v '^_='\nexit 3\n")
    (made.root / "show").chmod(0o755)
    conf = (made.root / "driver.conf").read_text().replace("/bin/echo", str(made.root / "show"))
    (made.root / "driver.conf").write_text(conf)
    return subprocess.run(
        [made.root / "bin" / command[0], *command[1:]],
        cwd=made.root / "project",
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("cc -c x.c", True),
        ("cc x.o -o x", True),
        ("g++ x.o", True),
        ("cc -dumpversion", False),
        ("x86_64-linux-musl-ar t x", False),
    ],
)
@pytest.mark.parametrize("name", [name.replace("*", "X") for name in ALWAYS_CLEARED])
def test_no_program_of_the_toolchain_sees_what_steers_it(
    make: Callable[..., Toolchain], programs: Path, command: str, says: bool, name: str
) -> None:
    """Set by a build system or a script inside of `linkmode exec`."""
    made = make(kind="gcc")
    os.link(programs / "driver", made.root / "bin" / "x86_64-linux-musl-ar")
    done = seen(made, *command.split(), **{name: "/evil", f"{name}_OTHER": "1" if "X" not in name else "", "MINE": "1"})
    assert "PATH=" in done.stdout
    assert "MINE=1" in done.stdout
    assert f"{name}=" not in done.stdout
    if name == "CPATH":
        assert "CPATH_OTHER=1" in done.stdout
    words = f"cleared, since it steers the compiler or the linker behind the command line's back: {name}"
    assert (words in done.stderr) == says


def test_what_is_passed_is_seen_and_nothing_is_said(make: Callable[..., Toolchain]) -> None:
    done = seen(make(kind="gcc"), "cc", "-c", "x.c", SOURCE_DATE_EPOCH="1", TMPDIR="/tmp", LD_LIBRARY_PATH="/l", CC="x")
    assert {"SOURCE_DATE_EPOCH=1", "TMPDIR=/tmp", "LD_LIBRARY_PATH=/l", "CC=x"} <= set(done.stdout.splitlines())
    assert "cleared" not in done.stderr


def test_variables_beside_each_other_and_twice_are_cleared(make: Callable[..., Toolchain]) -> None:
    names = ["COLLECT_A", "COLLECT_B", "CPATH", "GNUTARGET", "LIBRARY_PATH", "LD_RUN_PATH"]
    done = seen(make(kind="gcc"), "cc", "-c", "x.c", **dict.fromkeys(names, "/evil"))
    assert "/evil" not in done.stdout
    assert set(names) <= set(done.stderr.split())
