"""`make e2e-buck2`, where there is no buck2: it fails, and says what to name."""

import subprocess
import sys
from pathlib import Path

import pytest
from buck2.cell import ROOT

SCRIPT = ROOT / "tests" / "e2e" / "run_buck2.py"


@pytest.mark.parametrize("name", ["absent", "folder", "text"])
def test_what_is_no_program_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no program\n")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "BUCK2=/path/to/buck2 make e2e-buck2" in done.stderr


def test_a_case_that_there_is_not_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), "c_zlob"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no case c_zlob" in done.stderr


def test_the_target_of_make_needs_a_name() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ne2e-buck2:", 1)[1].split("\n\n", 1)[0]
    assert 'test -n "$(BUCK2)" || {' in recipe
    assert "exit 2" in recipe
