"""An installed wheel writes the same bytes as a checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("generator", "templates", "toolchains", "docs/man", "pyproject.toml", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of what goes into it; the readme's text plays no part."""
    source = tmp_path_factory.mktemp("source")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, source / part)
    (source / "README.md").write_text("linkmode\n")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=source, check=True, capture_output=True
    )
    (built,) = (source / "dist").glob("*.whl")
    return built


def written(folder: Path, package: Path) -> dict[str, bytes]:
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(package), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    for command in ("init", "lock", "generate"):
        subprocess.run(
            [sys.executable, "-m", "linkmode", command], cwd=folder, env=environment, check=True, capture_output=True
        )
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_wheel_writes_what_a_checkout_writes(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    assert not (installed / "templates").exists()
    of_wheel = written(tmp_path / "one", installed)
    assert len(of_wheel) > 20
    assert of_wheel == written(tmp_path / "two", ROOT / "generator")


def test_a_wheel_holds_every_template_and_pin(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("templates", "toolchains"):
        files = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert {f"linkmode/{file}" for file in files} <= names


def test_a_wheel_installs_the_manual_page_where_man_looks(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".data/data/share/man/man1/linkmode.1"))
    assert archive.read(name) == (ROOT / "docs/man/linkmode.1").read_bytes()
