"""What tests take for ../shared: ours, whole or in part, and no other folder of that name."""

from pathlib import Path

import pytest
from harness import shared


def test_another_folder_of_that_name_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "SHARED", tmp_path)
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/notes.md").write_text("somebody else's")
    assert not shared.present()
    with pytest.raises(shared.MissingSharedError):
        shared.shared("facts/pins.json")


def test_a_part_of_ours_is_no_reason_to_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "SHARED", tmp_path)
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/pins.json").write_text("{}")
    assert shared.shared("facts/pins.json") == tmp_path / "facts/pins.json"
    with pytest.raises(FileNotFoundError, match=r"has no toolchains/README\.md"):
        shared.shared("toolchains/README.md")
