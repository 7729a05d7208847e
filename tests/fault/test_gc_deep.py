"""`store gc` and the removal of folders where others decided how deep they are, and what stands in a file's place."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linkmode.model import exchange
from linkmode.model.values import Checksum
from linkmode.store.files import Store

DEEP = 1500
NARROW = """
import resource, sys
from linkmode.cli import main, store
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
sys.setrecursionlimit(250)
sys.exit(main.main())
"""
"""linkmode where recursion and open files end sooner than in any Python that it supports."""


def linkmode(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", NARROW, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def deep(folder: Path, depth: int = DEEP) -> None:
    """Make a folder with one in it, and so on, and a file in each."""
    folder.mkdir(parents=True)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def archive(store: Store, body: bytes) -> Checksum:
    checksum = Checksum("sha256", hashlib.sha256(body).hexdigest())
    store.folder(checksum).mkdir(parents=True)
    store.file(checksum).write_bytes(body)
    return checksum


@pytest.mark.parametrize("where", ["unpacked", "exec"])
def test_a_tree_of_any_depth_is_counted_and_removed(tmp_path: Path, where: str) -> None:
    entry = tmp_path / "store" / "linkmode" / where / ("a" * 64)
    deep(entry)
    (entry / "file").write_bytes(b"12345")
    dry = linkmode("store", "gc", "--store", str(tmp_path / "store"), "--days", "0", "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert dry.stdout.splitlines()[0] == f"would remove {entry} (5 bytes)"
    done = linkmode("store", "gc", "--store", str(tmp_path / "store"), "--days", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"removed {entry} (5 bytes)"
    assert os.listdir(entry.parent) == [f"{entry.name}.lock"]  # noqa: PTH208 - hidden names too


def test_read_only_folders_within_each_other_are_removed(tmp_path: Path) -> None:
    """Root may write anywhere, so that the modes are looked at."""
    modes = []
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").touch()
    (folder / "inner").chmod(0o555)
    folder.chmod(0o555)
    unlink = os.unlink

    def looked(path: str, *, dir_fd: int) -> None:
        modes.append(os.fstat(dir_fd).st_mode & 0o777)
        modes.append((folder).stat().st_mode & 0o777)
        unlink(path, dir_fd=dir_fd)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "unlink", looked)
        exchange.delete(folder)
    assert modes == [0o700, 0o700]
    assert not folder.exists()


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (Path.mkdir, "kept {}: a folder where a file belongs"),
        (lambda path: path.symlink_to(path.name), "removed {} ("),
        (lambda path: path.symlink_to("gone"), "removed {} ("),
        (os.mkfifo, "removed {} ("),
    ],
    ids=["a folder", "a link to itself", "a link to nothing", "a pipe"],
)
@pytest.mark.parametrize("kind", ["file", "tmp-1", "partial"])
def test_what_is_no_file_is_named_and_the_rest_is_done(
    tmp_path: Path, plant: Callable[[Path], None], said: str, kind: str
) -> None:
    store = Store(tmp_path / "store")
    one, other = archive(store, b"one"), archive(store, b"four")
    store.partial(one).parent.mkdir(parents=True)
    planted = store.partial(one) if kind == "partial" else store.folder(one) / kind
    planted.unlink(missing_ok=True)
    plant(planted)
    done = linkmode("store", "gc", "--store", str(store.root), "--days", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert said.format(planted) in done.stdout
    assert f"removed {store.file(other)} (4 bytes)" in done.stdout
    assert os.path.lexists(planted) == (plant is Path.mkdir)
    assert not store.folder(other).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user, which only root can become")
def test_what_cannot_be_removed_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    one, other = sorted((archive(store, b"one"), archive(store, b"four")), key=lambda checksum: checksum.hex)
    store.folder(one).rename(tmp_path / "away")
    store.folder(one).symlink_to(tmp_path / "away")
    os.chown(store.folder(one), 12345, 12345, follow_symlinks=False)
    done = linkmode("store", "gc", "--store", str(store.root), "--days", "0")
    assert done.returncode == 3
    assert f"kept {store.folder(one)}: is a link of another user (12345)" in done.stdout
    assert f"{store.folder(one)}: is a link of another user (12345)" in done.stderr
    assert "\n  expected: " in done.stderr
    assert "\n  hint: " in done.stderr
    assert not store.folder(other).exists()
    assert (tmp_path / "away" / "file").exists()
