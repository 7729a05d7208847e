"""Runs that are to be killed, each in a child of one process that has imported all they need: imports are paid once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import linkmode

_SERVE = """
import os, sys, traceback
for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            run(*line.rstrip("\\n").split("\\t"))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join((str(Path(linkmode.__file__).parents[1]), str(Path(__file__).parent))),
}
"""For a process that imports linkmode and the tests of this folder."""


class Run(Protocol):
    """Runs ``run(*arguments)`` and returns the exit status, which is minus the signal where one ended it."""

    def __call__(self, *arguments: str) -> int: ...


@contextmanager
def children(code: str) -> Iterator[Run]:
    """Give what runs ``run`` of the Python ``code`` in a child of its own, as often as it is called."""
    command = [sys.executable, "-c", code + _SERVE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def run(*arguments: str) -> int:
            print("\t".join(arguments), file=process.stdin, flush=True)
            return int(process.stdout.readline())

        yield run
        process.stdin.close()
