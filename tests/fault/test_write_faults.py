"""The tree is old or new, whatever stops the run: kill -9, no space, no permission, another run."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forks import ENVIRONMENT, children

from linkmode.generate import write
from linkmode.generate.header import HEADER
from linkmode.messages import ConfigError
from linkmode.model import exchange
from linkmode.model.values import Tree

OURS = f"# {HEADER}\n".encode()


def tree(word: str, files: int = 60) -> Tree:
    return {f"d{number % 7}/f{number}.bzl": OURS + word.encode() * 50 for number in range(files)} | {word: OURS}


OLD, NEW = tree("old"), tree("new")

WRITER = """
import os, signal, sys
from pathlib import Path
from linkmode.generate import write
from linkmode.model import exchange
from test_write_faults import OLD, NEW

def killed_at(count, of):
    def hook(event, _):
        global left
        if event in of:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    global left
    left = count
    sys.addaudithook(hook)

def run(folder, step, way):
    folder = Path(folder)
    if way == "no-exchange":
        exchange._exchange = lambda one, other: False
    if step != "-":
        killed_at(int(step), {"open", "os.mkdir", "os.link", "os.rename", "os.chmod", "os.remove", "os.rmdir",
                              "os.scandir", "shutil.rmtree", "ctypes.dlopen"})
    for wanted in ([NEW, OLD] * 10000 if way == "endless" else [NEW]):
        write.apply(wanted, folder / "out", label="out", locks=folder / "locks")
"""


def start(folder: Path, way: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER + "run(*sys.argv[1:])", str(folder), "-", way]
    return subprocess.Popen(command, env=ENVIRONMENT)


def put(wanted: Tree, tmp_path: Path) -> write.Changes:
    return write.apply(wanted, tmp_path / "out", label="out", locks=tmp_path / "locks")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder: Path) -> Tree:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def assert_clean(tmp_path: Path, wanted: Tree) -> None:
    put(wanted, tmp_path)
    assert contents(tmp_path / "out") == {**wanted, "mine.txt": b"mine"}
    assert names(tmp_path) - {"locks"} == {"out"}


def prepared(tmp_path: Path) -> None:
    put(OLD, tmp_path)
    (tmp_path / "out/mine.txt").write_text("mine")


@pytest.mark.kills
@pytest.mark.parametrize("way", ["exchange", "no-exchange"])
def test_killed_at_every_step_it_is_old_or_new_and_the_next_run_cleans_up(tmp_path: Path, way: str) -> None:
    """Audit events are the steps: the n-th call that touches the disk is the last."""
    states = set()
    with children(WRITER) as run:
        for step in range(0, 10_000, 7):
            if not (tmp_path / "out").exists():
                prepared(tmp_path)
            ended = run(str(tmp_path), str(step), way)
            assert ended in (0, -signal.SIGKILL)
            found = contents(tmp_path / "out") if (tmp_path / "out").exists() else {}
            found.pop("mine.txt", None)
            if way == "exchange":
                assert found in (OLD, NEW)
            states.add("old" if found == OLD else "new" if found == NEW else "between")
            assert_clean(tmp_path, OLD)
            if ended == 0:
                break
    assert {"old", "new"} <= states


@pytest.mark.kills
def test_killed_at_random_moments_it_is_old_or_new(tmp_path: Path) -> None:
    prepared(tmp_path)
    moments = random.Random(20211120)
    for _ in range(25):
        process = start(tmp_path, "endless")
        time.sleep(0.25 + moments.random() * 0.15)
        process.kill()
        process.wait()
        found = contents(tmp_path / "out")
        assert found.pop("mine.txt") == b"mine"
        assert found in (OLD, NEW)
    assert_clean(tmp_path, OLD)


def test_two_runs_at_once_leave_one_whole_tree(tmp_path: Path) -> None:
    prepared(tmp_path)
    runs = [start(tmp_path, "exchange") for _ in range(4)]
    assert [run.wait() for run in runs] == [0, 0, 0, 0]
    assert_clean(tmp_path, NEW)


def test_no_space_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(tmp_path)
    whole = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name == "f59.bzl":
            raise OSError(28, "No space left on device", str(path))
        return whole(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ConfigError, match=r"out cannot be written: No space left on device: .*f59\.bzl") as caught:
        put(NEW, tmp_path)
    assert caught.value.exit_code == 3
    monkeypatch.undo()
    assert contents(tmp_path / "out") == {**OLD, "mine.txt": b"mine"}
    assert names(tmp_path) == {"locks", "out"}


def test_no_space_for_a_first_run_leaves_no_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _: bytes) -> int:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ConfigError, match="No space left"):
        write.apply(NEW, tmp_path / "a/b/out", label="out", locks=tmp_path / "locks")
    assert names(tmp_path) == {"locks"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_parent(tmp_path: Path) -> None:
    prepared(tmp_path)
    (tmp_path / "locks").chmod(0o700)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="out cannot be written: Permission denied"):
            put(NEW, tmp_path)
        assert contents(tmp_path / "out") == {**OLD, "mine.txt": b"mine"}
    finally:
        tmp_path.chmod(0o700)


def test_an_exchange_that_is_refused_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(tmp_path)

    def busy(one: Path, other: Path) -> bool:
        raise OSError(16, "Device or resource busy", str(other))

    monkeypatch.setattr(exchange, "_exchange", busy)
    with pytest.raises(ConfigError, match="Device or resource busy"):
        put(NEW, tmp_path)
    assert contents(tmp_path / "out") == {**OLD, "mine.txt": b"mine"}
    assert names(tmp_path) == {"locks", "out"}


def test_a_lock_that_stays_held_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(tmp_path)
    monkeypatch.setattr(write, "_LOCK_SECONDS", 0.1)
    monkeypatch.setattr(write, "_SILENT_SECONDS", 0.1)
    said: list[str] = []
    with (
        write._locked(tmp_path / "out", tmp_path / "locks", said.append),
        pytest.raises(ConfigError, match="another linkmode has been writing it"),
    ):
        write.apply(NEW, tmp_path / "out", label="out", locks=tmp_path / "locks", say=said.append)
    (lock,) = (tmp_path / "locks").iterdir()
    assert said == [f"waiting for another run, which holds {lock}"]
    assert contents(tmp_path / "out") == {**OLD, "mine.txt": b"mine"}


def made(path: Path, kind: str, elsewhere: Path) -> None:
    """Something that is no file of ours at ``path``: a stranger's archive may hold any of it."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(elsewhere)
    elif kind == "file":
        path.write_text("mine")
    else:
        path.mkdir()


@pytest.mark.parametrize("name", [".out.linkmode-ready", ".out.linkmode-new"])
@pytest.mark.parametrize("kind", ["pipe", "link", "file", "folder"])
def test_what_stands_where_a_run_leaves_its_work_is_removed(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    made(tmp_path / name, kind, tmp_path / "elsewhere")
    write.apply(NEW, tmp_path / "out", label="out", locks=tmp_path / "locks")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "locks", "out"]
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "out").is_symlink()


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_stands_where_a_file_is_built_is_not_written_into(tmp_path: Path, kind: str) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    made(tmp_path / ".lock.linkmode-new", kind, tmp_path / "elsewhere")
    with pytest.raises(OSError):
        exchange.put_file(tmp_path / "lock", b"data")
    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert not (tmp_path / "lock").exists()
    if kind == "pipe":  # somebody may wait at its other end
        reader = os.open(tmp_path / ".lock.linkmode-new", os.O_RDONLY | os.O_NONBLOCK)
        with pytest.raises(FileExistsError, match="is no regular file"):
            exchange.put_file(tmp_path / "lock", b"data")
        assert os.read(reader, 10) == b""
        os.close(reader)
