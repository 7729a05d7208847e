"""The fixture that the tests of several commands share."""

from pathlib import Path

import pytest
from calling import TOML


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with calling.TOML as its linkmode.toml, as the current one, and a cache of its own."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder / "linkmode.toml").write_text(TOML)
    return folder
