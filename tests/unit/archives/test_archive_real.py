"""Real toolchains of more than 2,000 files, compared with what tar makes of them. Absent from most machines."""

import os
import subprocess
from pathlib import Path

import pytest
from harness.shared import shared

from linkmode.archives.unpack import extract
from linkmode.model import exchange


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("x86_64-linux-musl-cross", "x86_64-linux-musl/"),
        # of the same makers, and 70 MB each
        pytest.param("aarch64-linux-musl-cross", "aarch64-linux-musl/", marks=pytest.mark.tier("bazel")),
        pytest.param("x86_64-linux-musl-native", "", marks=pytest.mark.tier("bazel")),
    ],
)
def test_every_file_and_mode_is_as_tar_makes_it(tmp_path: Path, name: str, folder: str) -> None:
    archive = shared(f"toolchains/{name}.tgz")
    ours, theirs = tmp_path / "ours", tmp_path / name
    ours.mkdir()
    extract(archive, ours, file=archive.name, strip_prefix=name)
    subprocess.run(["tar", "xpzf", archive, "-C", tmp_path], check=True)

    compared = subprocess.run(
        ["diff", "-r", "--no-dereference", theirs, ours], capture_output=True, text=True, check=False
    )
    loader = f"{folder}lib/ld-musl-{name.partition('-')[0]}.so.1"
    assert sorted(compared.stdout.splitlines()) == [
        f"Only in {theirs}: usr",
        f"Symbolic links {theirs / loader} and {ours / loader} differ",
    ]
    assert os.readlink(ours / loader) == "libc.so"  # noqa: PTH115 - as text
    count, linked = 0, 0
    for path in theirs.rglob("*"):
        if not path.is_symlink():
            mine = (ours / path.relative_to(theirs)).stat()
            assert mine.st_mode == path.stat().st_mode & ~0o222, path
            assert path.is_dir() or mine.st_nlink == path.stat().st_nlink, path
            count, linked = count + 1, linked + (path.is_file() and mine.st_nlink > 1)
    assert count > 2_000
    assert linked > 10
    exchange.delete(ours)
