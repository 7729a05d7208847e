"""A project with a cell that linkmode generates."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from buck2.project import Project

from buck2 import cell


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Project]:
    """Return what makes a project in the test's own folder."""
    return functools.partial(cell.made, tmp_path)
