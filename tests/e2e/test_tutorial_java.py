"""The tutorial docs/tutorial/java-binary.md, followed to the letter with the real builder of GraalVM."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import graalvm_home, sandbox
from harness.pages import Page
from harness.places import STORE

pytestmark = [pytest.mark.tier("slow"), pytest.mark.timeout(3600)]  # test_graalvm_real.py runs the builder in CI
_PAGE = Page("docs/tutorial/java-binary.md")
_STORED = ("fetch", "exec")


def test_the_tutorial_holds(tmp_path: Path) -> None:
    if os.environ.get("LINKMODE_GRAALVM") == "replay":
        pytest.skip("LINKMODE_GRAALVM=replay asks for the replay of GraalVM alone")
    (tmp_path / "EnvMap.java").write_text(_PAGE.blocks("java")[0])
    path = f"{Path(sys.executable).parent}:{graalvm_home.home() / 'bin'}:{os.environ['PATH']}"
    said = [_run(tmp_path, words, 1 if must_fail else 0, path) for words, must_fail in _PAGE.commands()]
    _, init, _, _, image, checked, wrong = said
    assert "zig" in init
    assert "\nFinished generating 'envmap' in " in image
    assert "linkmode: static for x86_64-linux-musl: envmap" in image  # native-image clears the variable of its note
    assert "\nmode: static\n" in checked
    assert "native-image: --static without --libc=musl takes this machine's gcc" in wrong
    assert "expected: --static --libc=musl" in wrong
    assert sandbox.run_alone(tmp_path / "envmap", {}, arguments=["GREETING"]) == "0 shown\n"
    greeted = subprocess.run([tmp_path / "envmap", "GREET"], env={"GREETING": "hello"}, capture_output=True, check=True)
    assert greeted.stdout == b"GREETING=hello\n1 shown\n"


def _run(folder: Path, words: list[str], wrong: int, path: str) -> str:
    """Run a command of the page, with the linkmode of the checkout, and return what it said."""
    if words[0] == "linkmode" and words[1] in _STORED:
        words = [*words[:2], f"--store={STORE}", *words[2:]]
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == (2 if wrong else 0), f"{' '.join(words)}\n{done.stdout}"
    return done.stdout
