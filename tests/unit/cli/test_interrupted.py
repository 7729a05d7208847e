"""Ctrl-C before the command line is there: while its modules are imported, which is a second on a busy machine."""

import subprocess
import sys

import pytest

from linkmode.cli.main import INTERRUPTED

STARTED = """
import sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from linkmode.__main__ import main
sys.argv = ["linkmode", "lock"]
sys.exit(main())
"""


@pytest.mark.parametrize("module", ["click", "linkmode.messages", "linkmode.cli.lock", "msgspec"])
def test_an_interrupted_start_says_nothing(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED.format(name=module)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (INTERRUPTED, "", "")
