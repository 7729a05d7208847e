"""Completion in shells, as docs/how-to/shell-completion.md sets it up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import linkmode

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/shell-completion.md").read_text(encoding="utf-8")


def run(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(linkmode.__file__).parents[1]), **variables}
    command = [sys.executable, "-m", "linkmode"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell: str) -> None:
    assert f"_LINKMODE_COMPLETE={shell}_source linkmode" in PAGE
    done = run(_LINKMODE_COMPLETE=f"{shell}_source")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_LINKMODE_COMPLETE={shell}_complete" in done.stdout


def test_bash_takes_the_script() -> None:
    script = run(_LINKMODE_COMPLETE="bash_source").stdout
    done = subprocess.run(
        ["bash", "-euc", f"{script}\ncomplete -p linkmode"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "_linkmode_completion linkmode" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("linkmode out", "plain,outdated"),
        ("linkmode lock --up", "plain,--upgrade"),
        ("linkmode init --family z", "zig"),
    ],
)
def test_what_is_completed(words: str, expected: str) -> None:
    done = run(_LINKMODE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" ")))
    assert done.returncode == 0
    assert expected in done.stdout
