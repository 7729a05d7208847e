"""Runs the coverage-guided fuzzer for a bounded number of inputs, where it was asked for and is installed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import linkmode

HERE = Path(__file__).parent
RUNS = os.environ.get("LINKMODE_FUZZ", "")


@pytest.mark.skipif(
    not RUNS.isdecimal(), reason="a fuzzer: set LINKMODE_FUZZ to the number of inputs, as make fuzz does"
)
def test_no_input_ends_the_audit(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: pip install '.[fuzz]', where there is a wheel for this Python")
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_audit.py"), str(tmp_path / "corpus"), f"-runs={RUNS}", "-max_len=8192"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(linkmode.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"Done {RUNS} runs" in done.stderr
