"""The tutorial without Bazel, followed to the letter: an archive whose content anyone can check."""

import json
import os
import subprocess
import sys
from pathlib import Path

from harness.pages import Page
from harness.places import STORE

_PAGE = Page("docs/tutorial/release-artifact.md")
_STORED = ("fetch", "exec")


def test_the_tutorial_holds(tmp_path: Path) -> None:
    (tmp_path / "crc.c").write_text(_PAGE.blocks("c")[0])
    (tmp_path / "Makefile").write_text(_PAGE.blocks("make")[0])
    said = [_run(tmp_path, words, 1 if must_fail else 0) for words, must_fail in _PAGE.commands()]
    init, lock, _, made, hello, checked, bill, *_, archive, glibc, wrong = said
    assert "zig" in init + lock
    assert made.endswith("linkmode: static for x86_64-linux-musl: crc\n")
    assert hello == "3610a686, 13 bytes packed\n"  # as Python's zlib has both for "hello"
    assert "\nmode: static\n" in checked
    assert {"musl", "zlib", "compiler-rt"} == _inside(bill) == _inside((tmp_path / "crc.cdx.json").read_text())
    assert "crc-1.0.tar" in archive
    assert glibc.endswith("linkmode: mostly_static for x86_64-linux-gnu.2.28: crc\n")
    assert "--expect static does not hold" in wrong


def _run(folder: Path, words: list[str], code: int) -> str:
    """Run a command of the page, with the linkmode of the checkout, and return what it said."""
    if words[0] == "linkmode" and words[1] in _STORED:
        words = [*words[:2], f"--store={STORE}", *words[2:]]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"{' '.join(words)}\n{done.stdout}"
    return done.stdout


def _inside(bill: str) -> set[str]:
    [file] = json.loads(bill)["components"]
    return {component["name"] for component in file["components"]}
