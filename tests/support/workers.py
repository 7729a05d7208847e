"""Which tests one worker of pytest-xdist runs, with `--dist loadfile`: those of a file, or of a row for all files."""

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_ROW = re.compile(r"\[(?:.*-)?(\w+:\d+\.\d+\.\d+(?:-workspace)?)[-\]]")
"""A case and a Bazel, as the fixture `built` calls a row of its own. Only names reach what hands out the tests."""


def scope(nodeid: str) -> str:
    """Return what all tests of one worker have in common: the row of `built`, or the file."""
    row = _ROW.search(nodeid)
    return row[1] if row else nodeid.partition("::")[0]


class _FilesAndRows(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Return what hands out the tests, or None where another `--dist` is asked for."""
    return _FilesAndRows(config, log) if config.getvalue("dist") == "loadfile" else None
