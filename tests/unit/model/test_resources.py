from pathlib import Path

import pytest

from linkmode.model import resources


def test_in_a_checkout_they_lie_beside_the_generator() -> None:
    assert (resources.templates() / "bazel").is_dir()
    assert list(resources.catalogue().glob("*.toml"))


def test_in_a_wheel_they_lie_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "model" / "resources.py"))
    assert resources.templates() == tmp_path / "templates"
