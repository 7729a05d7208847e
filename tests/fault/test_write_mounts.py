"""File systems that refuse: a disk that is really full, and a folder in the lower layer of overlayfs."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_write_faults import NEW, OLD, contents, names, put

from linkmode.messages import ConfigError


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "tmpfs"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=2m", "linkmode-test", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def overlay(tmpfs: Path, tmp_path: Path) -> Iterator[Path]:
    lower, folder = tmp_path / "lower", tmp_path / "overlay"
    for needed in (lower, folder, tmpfs / "upper", tmpfs / "work"):
        needed.mkdir()
    put(OLD, lower)
    (lower / "out/mine.txt").write_text("mine")
    mount("-t", "overlay", "-o", f"lowerdir={lower},upperdir={tmpfs}/upper,workdir={tmpfs}/work", "lt", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def mount(*arguments: str) -> None:
    run = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {run.stderr.strip()}")


def test_a_full_disk_changes_nothing(tmpfs: Path) -> None:
    put(OLD, tmpfs)
    (tmpfs / "filler").write_bytes(bytes(1_200_000))
    before = contents(tmpfs)
    much = {path: data + bytes(30_000) for path, data in NEW.items()}
    with pytest.raises(ConfigError, match="out cannot be written: No space left on device"):
        put(much, tmpfs)
    assert contents(tmpfs) == before
    assert names(tmpfs) == {"out", "filler", "locks"}


def test_a_folder_in_a_lower_layer_is_replaced_and_foreign_files_stay(overlay: Path) -> None:
    put(NEW, overlay)
    assert contents(overlay / "out") == {**NEW, "mine.txt": b"mine"}
    assert names(overlay) == {"out", "locks"}
    assert not put(NEW, overlay)
