"""``linkmode mirror`` that is killed at any step, or finds no space, leaves a mirror of what was complete."""

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fetching import artifact
from forks import children

from linkmode.messages import ConfigError, IntegrityError
from linkmode.model import mirror_layout
from linkmode.model.values import Artifact
from linkmode.store import mirror as writer
from linkmode.store.files import Store

BODIES = [bytes([number]) * 3_000_000 for number in range(3)]
ARTIFACTS = [
    artifact(
        body=body,
        algorithm=("sha256", "sha512")[n % 2],
        name=f"a{n}",
        file=f"a{n}.tgz",
        upstream=f"https://u.example/{n}",
    )
    for n, body in enumerate(BODIES)
]

CHILD = """
import os, signal, sys
from pathlib import Path
from test_mirror_faults import ARTIFACTS
from linkmode.store import mirror as writer
from linkmode.store.files import Store

def run(store, folder, step):
    left = int(step)

    def count(event, arguments):
        # Every call that changes the disk is a moment to die at.
        nonlocal left
        if event in {"os.rename", "os.mkdir"} or (event == "open" and ".linkmode-mirror-new" in str(arguments[0])):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    for _ in writer.write(ARTIFACTS, Store(Path(store)), Path(folder)):
        continue
"""


def fill(store: Path) -> Store:
    place = Store(store)
    for one, body in zip(ARTIFACTS, BODIES, strict=True):
        store.mkdir(exist_ok=True)
        (store / "new").write_bytes(body)
        place.admit(store / "new", one.checksum, one.upstream)
    return place


def valid(folder: Path) -> list[str]:
    """Return the files that the mirror names, all of which are there, and have the checksums that it says."""
    if not folder.exists() or not (folder / mirror_layout.INDEX).exists():
        return []
    named = sorted(mirror_layout.loads((folder / mirror_layout.INDEX).read_bytes(), "index"))
    for sums, algorithm in (("SHA256SUMS", "sha256"), ("SHA512SUMS", "sha512")):
        lines = (folder / sums).read_text().splitlines() if (folder / sums).exists() else []
        for line in lines:
            digest, path = line.split("  ")
            assert hashlib.new(algorithm, (folder / path).read_bytes()).hexdigest() == digest
    assert all((folder / path).is_file() for path in named)
    return named


def whole(artifacts: list[Artifact]) -> list[str]:
    return sorted(mirror_layout.path(one.checksum, one.file) for one in artifacts)


@pytest.mark.kills
def test_killed_at_every_step(tmp_path: Path) -> None:
    store = fill(tmp_path / "store")
    reached: set[int] = set()
    with children(CHILD) as run:
        for step in range(1, 200):
            folder = tmp_path / f"mirror{step}"
            ended = run(str(store.root), str(folder), str(step))
            found = valid(folder)
            reached.add(len(found))
            if ended == 0:
                assert found == whole(ARTIFACTS)
                break
            assert ended == -signal.SIGKILL
            if step % 4 == 0:  # the next run completes it, and leaves nothing of the first behind
                list(writer.write(ARTIFACTS, store, folder))
                assert valid(folder) == whole(ARTIFACTS)
                assert not (folder / ".linkmode-mirror-new").exists()
        else:
            pytest.fail("the run never ended")
    assert reached == {0, 1, 2, 3}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=7m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(tmp_path: Path, small: Path) -> None:
    store = fill(tmp_path / "store")
    with pytest.raises(ConfigError, match="cannot write the mirror: No space left") as caught:
        list(writer.write(ARTIFACTS, store, small / "mirror"))
    assert "it goes on where it stopped" in caught.value.hint
    assert valid(small / "mirror") == whole(ARTIFACTS[:2])
    assert not (small / "mirror" / ".linkmode-mirror-new").exists()


def test_a_store_that_is_damaged_meanwhile(tmp_path: Path) -> None:
    store = fill(tmp_path / "store")
    store.file(ARTIFACTS[1].checksum).write_bytes(BODIES[0])
    with pytest.raises(IntegrityError, match=r"a1: .* is damaged: its sha512 is "):
        list(writer.write(ARTIFACTS, store, tmp_path / "mirror"))
    assert valid(tmp_path / "mirror") == whole(ARTIFACTS[:1])


@pytest.mark.parametrize("file", ["../../escape", "/etc/passwd", "a/b", ".."])
def test_a_name_that_would_leave_the_mirror(tmp_path: Path, file: str) -> None:
    hostile = artifact(body=BODIES[0], name="a0", file=file, upstream="https://u.example/0")
    with pytest.raises(ConfigError, match="is not a name that a mirror can hold"):
        list(writer.write([hostile], fill(tmp_path / "store"), tmp_path / "mirror"))
    assert valid(tmp_path / "mirror") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mirror", "store"]


@pytest.mark.parametrize("name", [".linkmode-mirror-new", mirror_layout.INDEX, "SHA256SUMS"])
def test_a_file_of_the_mirror_that_leads_elsewhere_is_not_written_through(tmp_path: Path, name: str) -> None:
    """A mirror may be part of a repository, with links that a stranger made."""
    (tmp_path / ".bashrc").write_text("mine")
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS[:1], store, folder))
    (tmp_path / ".bashrc").write_bytes((folder / name).read_bytes() if (folder / name).exists() else b"mine")
    before = (tmp_path / ".bashrc").read_bytes()
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / ".bashrc")
    list(writer.write(ARTIFACTS, store, folder))
    assert (tmp_path / ".bashrc").read_bytes() == before
    assert valid(folder) == whole(ARTIFACTS)
    assert not (folder / name).is_symlink()


@pytest.mark.parametrize("depth", [0, 1])
def test_a_folder_of_the_mirror_that_leads_elsewhere_is_refused(tmp_path: Path, depth: int) -> None:
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS[1:], store, folder))
    inside = Path(whole(ARTIFACTS[:1])[0]).parents[1 - depth]
    (tmp_path / "elsewhere").mkdir()
    (folder / inside).parent.mkdir(exist_ok=True)
    if (folder / inside).exists():
        (folder / inside).rename(tmp_path / "moved")
    (folder / inside).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is a symbolic link, and linkmode writes through none"):
        list(writer.write(ARTIFACTS, store, folder))
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name", [mirror_layout.INDEX, "SHA256SUMS"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_in_a_mirror_is_not_waited_for(tmp_path: Path, name: str, kind: str) -> None:
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS[:1], store, folder))
    (folder / name).unlink()
    if kind == "pipe":
        os.mkfifo(folder / name)
    elif kind == "device":
        (folder / name).symlink_to("/dev/zero")
    else:
        (folder / name).mkdir()
    with pytest.raises(ConfigError, match=f"{name}: is no regular file"):
        list(writer.write(ARTIFACTS, store, folder))


@pytest.mark.parametrize("name", [mirror_layout.INDEX, "SHA256SUMS"])
def test_a_list_without_end_is_not_read_to_it(tmp_path: Path, name: str) -> None:
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS[:1], store, folder))
    os.truncate(folder / name, 1 << 42)
    with pytest.raises(ConfigError, match=f"{name}: is larger than 67,108,864 bytes"):
        list(writer.write(ARTIFACTS, store, folder))


def test_an_archive_of_another_size_is_replaced_unread(tmp_path: Path) -> None:
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS, store, folder))
    os.truncate(folder / whole(ARTIFACTS)[0], 1 << 42)
    list(writer.write(ARTIFACTS, store, folder))
    assert valid(folder) == whole(ARTIFACTS)


@pytest.mark.parametrize("name", [mirror_layout.INDEX, "SHA256SUMS"])
def test_a_link_to_the_same_bytes_becomes_a_file(tmp_path: Path, name: str) -> None:
    """It would lead nowhere on the machine that the mirror is carried to."""
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS, store, folder))
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    list(writer.write(ARTIFACTS, store, folder))
    assert (folder / name).read_bytes() == (tmp_path / "elsewhere").read_bytes()
    assert not (folder / name).is_symlink()


@pytest.mark.parametrize(("depth", "kind"), [(0, "folder"), (1, "file"), (1, "pipe"), (2, "file"), (2, "pipe")])
def test_what_stands_in_the_way_is_named(tmp_path: Path, depth: int, kind: str) -> None:
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS[1:2], store, folder))
    path = folder / whole(ARTIFACTS[:1])[0]
    place = (path, *path.parents)[depth]
    place.parent.mkdir(parents=True, exist_ok=True)
    {"folder": place.mkdir, "file": place.touch, "pipe": lambda: os.mkfifo(place)}[kind]()
    with pytest.raises(ConfigError, match=rf"{place}.*: something else has that name") as caught:
        list(writer.write(ARTIFACTS, store, folder))
    assert caught.value.hint.startswith("move it away")


def test_an_index_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS[:1], store, folder))
    text = (folder / mirror_layout.INDEX).read_text()
    (folder / mirror_layout.INDEX).write_text(text.replace('"files"', '"files": {}, "files"'))
    with pytest.raises(ConfigError, match="is not the index of a mirror: an object has the key 'files' twice"):
        list(writer.write(ARTIFACTS, store, folder))


@pytest.mark.parametrize(
    "name",
    ["../../.bashrc", "sha256/../../x", "sha256/x", "sha256/" + "a" * 64 + "/a\nb", "sha256/" + "a" * 64 + "/../b"],
)
def test_an_index_that_lists_what_no_mirror_has(tmp_path: Path, name: str) -> None:
    store, folder = fill(tmp_path / "store"), tmp_path / "mirror"
    list(writer.write(ARTIFACTS[:1], store, folder))
    index = json.loads((folder / mirror_layout.INDEX).read_text())
    index["files"][name] = next(iter(index["files"].values()))
    (folder / mirror_layout.INDEX).write_text(json.dumps(index))
    with pytest.raises(ConfigError, match=r"lists '.*; expected paths such as sha256/"):
        list(writer.write(ARTIFACTS, store, folder))
