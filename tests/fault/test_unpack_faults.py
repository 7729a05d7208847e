"""Unpacking whatever stops it: kill -9, no space, another run at once, a filesystem that folds letter case."""

import gzip
import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from linkmode.archives.unpack import extract
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model import exchange
from linkmode.model.values import Artifact
from linkmode.store import trees
from linkmode.store.files import Store
from linkmode.store.unpack import unpack

KILLS = int(os.environ.get("LINKMODE_KILLS", "12"))
"""How many runs are killed; 200 in the long run (``LINKMODE_KILLS=200``)."""

FILES = 400

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_unpack_faults import artifact, run
print("ready", flush=True)
run(Path(sys.argv[2]))
"""


def archive() -> bytes:
    stream = io.BytesIO()
    dice = random.Random(5)
    with tarfile.open(fileobj=stream, mode="w") as made:
        for number in range(FILES):
            info = tarfile.TarInfo(f"top/d{number % 20}/f{number}")
            info.size = 4000
            made.addfile(info, io.BytesIO(dice.randbytes(4000)))
    return gzip.compress(stream.getvalue(), 1, mtime=0)


BODY = archive()


def artifact() -> Artifact:
    return Artifact(
        name="tool",
        family="musl.cc",
        version="1",
        file="tool.tgz",
        urls=("tool.tgz",),
        upstream="tool.tgz",
        sha256=hashlib.sha256(BODY).hexdigest(),
        strip_prefix="top",
    )


def run(store: Path) -> Path:
    return unpack(artifact(), Store(store), trees.home(store), lambda _: None)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return stocked(tmp_path / "store")


def stocked(store: Path) -> Path:
    """A store that has the archive."""
    file = Store(store).file(artifact().checksum)
    file.parent.mkdir(parents=True)
    file.write_bytes(BODY)
    return store


def child(store: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(store)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def whole(folder: Path) -> bool:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return len(found) == FILES and all(path.stat().st_size == 4000 for path in found)


def left(store: Path) -> list[str]:
    """What lies beside the unpacked folder, but the lock."""
    folder = trees.unpacked(trees.home(store), artifact())
    return [path.name for path in folder.parent.iterdir() if path != folder and path.suffix != ".lock"]


@pytest.mark.kills
def test_killed_at_any_moment(store: Path) -> None:
    """Where a reader looks there is nothing or all of it, and the next run removes what is left."""
    folder = trees.unpacked(trees.home(store), artifact())
    dice, midway = random.Random(3), 0
    for _ in range(KILLS):
        process = child(store)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not folder.exists() or whole(folder)
        midway += bool(folder.parent.exists() and left(store))
        if folder.exists():
            exchange.delete(folder)
    assert whole(run(store))
    assert left(store) == []
    if KILLS >= 12:
        assert midway > 0, "no kill came while files were written"


def test_several_runs_at_once(store: Path) -> None:
    runs = [child(store) for _ in range(4)]
    for process in runs:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert whole(run(store))
    assert left(store) == []


def test_it_is_done_once_and_needs_the_archive_no_more(store: Path) -> None:
    folder = run(store)
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    Store(store).file(artifact().checksum).unlink()
    assert {path: path.stat().st_ino for path in run(store).rglob("*")} == before


def test_nothing_is_left_of_what_is_not_to_be_trusted(tmp_path: Path) -> None:
    store, cut = stocked(tmp_path / "store"), BODY[:-5000]
    bad = msgspec.structs.replace(artifact(), sha256=hashlib.sha256(cut).hexdigest())
    Store(store).file(artifact().checksum).parent.rename(Store(store).folder(bad.checksum))
    Store(store).file(bad.checksum).write_bytes(cut)
    with pytest.raises(IntegrityError, match=r"tool\.tgz: its gzip data (is damaged|ends early)"):
        unpack(bad, Store(store), trees.home(store), print)
    assert left(store) == []
    assert not trees.unpacked(trees.home(store), bad).exists()


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={len(BODY) + (1 << 20)}", "tmpfs", str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(tmpfs: Path) -> None:
    store = stocked(tmpfs / "store")
    free = os.statvfs(tmpfs).f_bfree
    with pytest.raises(ConfigError, match=r"cannot be written: No space left on device") as caught:
        run(store)
    assert "--store DIR" in caught.value.hint
    assert left(store) == []
    assert free - os.statvfs(tmpfs).f_bfree < 10
    subprocess.run(["mount", "-o", "remount,size=64m", str(tmpfs)], check=True)
    assert whole(run(store))


@pytest.fixture
def folding(tmp_path: Path) -> Iterator[Path]:
    """A folder whose filesystem takes ``A`` for ``a``: vfat, or ext4 with the casefold feature."""
    image, place = tmp_path / "image", tmp_path / "folding"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    if not shutil.which("mkfs.ext4"):
        pytest.skip("cannot make a filesystem that folds case: no mkfs.ext4 on PATH")
    made = subprocess.run(
        ["mkfs.ext4", "-q", "-O", "casefold", str(image)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"cannot make a filesystem that folds case: {made.stderr.strip()}")
    mounted = subprocess.run(
        ["mount", "-o", "loop", str(image), str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a filesystem that folds case: {mounted.stderr.strip()}")
    (place / "into").mkdir()
    subprocess.run(["chattr", "+F", str(place / "into")], check=True)
    yield place / "into"
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize(
    ("one", "other"), [("xt_MARK.h", "xt_mark.h"), ("D/x", "d/y"), ("é", "e\N{COMBINING ACUTE ACCENT}")]
)
def test_names_that_the_filesystem_takes_for_one(folding: Path, tmp_path: Path, one: str, other: str) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as made:
        for name in (one, other):
            made.addfile(tarfile.TarInfo(name))
    with pytest.raises(IntegrityError, match="takes this name for that of another member"):
        extract(tmp_path / "a.tgz", folding, file="a.tgz", strip_prefix="")
