"""Locks where the filesystem has none, and what they say."""

import errno
import fcntl
import os
import threading
import time
from pathlib import Path

import filelock
import pytest

from linkmode.generate import write
from linkmode.messages import ConfigError
from linkmode.model import exchange, locks, textfile
from linkmode.model.values import Checksum
from linkmode.store import sweep, trees
from linkmode.store.files import Store


def fails_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def acquire(*_: object, **__: object) -> None:
        raise error

    def flock(*_: object) -> None:
        raise error if isinstance(error, OSError) else OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    monkeypatch.setattr(fcntl, "flock", flock)


NONE = [OSError(code, os.strerror(code)) for code in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)]


@pytest.mark.parametrize("error", [*NONE, NotImplementedError("no flock")], ids=str)
def test_a_filesystem_without_locks_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fails_with(monkeypatch, error)
    unused = tmp_path / "home" / "unpacked" / ("a" * 64)
    unused.mkdir(parents=True)
    for use in (
        lambda: locks.held(tmp_path / "l", print).__enter__(),
        lambda: trees.make_once(tmp_path / "unpacked" / "x", lambda _: None, print),
        lambda: Store(tmp_path).lock(Checksum("sha256", "0" * 64), threading.Event(), print).__enter__(),
        lambda: list(sweep.clear(tmp_path / "home", time.time() + 1)),
        lambda: write.apply({"f": b"x"}, tmp_path / "out", label="out", locks=tmp_path / "locks"),
    ):
        with pytest.raises(ConfigError, match="its file system has no locks, so two runs") as caught:
            use()
        assert "--store DIR" in caught.value.hint
        assert "free some space" not in caught.value.hint


@pytest.mark.timeout(30)
def test_the_lock_file_of_an_earlier_run_is_no_lock_where_the_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    (tmp_path / "l").touch()
    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(ConfigError, match="its file system has no locks"):
        locks.held(tmp_path / "l", print).__enter__()


@pytest.mark.parametrize(
    ("code", "hint"), [(errno.ENOSPC, "free some space, or"), (errno.EACCES, "get write permission there, or")]
)
def test_what_else_the_system_refuses_has_its_own_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    fails_with(monkeypatch, OSError(code, os.strerror(code)))
    with pytest.raises(ConfigError) as caught:
        Store(tmp_path).lock(Checksum("sha256", "0" * 64), threading.Event(), print).__enter__()
    assert caught.value.hint.startswith(hint)
    assert os.strerror(code) in caught.value.problem


def test_a_file_that_another_process_is_writing_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_LOCK_SECONDS", 0.1)
    file = tmp_path / "linkmode.lock"
    with exchange.staging(file).open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="another process has held it") as caught:
            textfile.replace(file, b"new")
    assert caught.value.problem.startswith(f"{file} cannot be written: {exchange.staging(file)}: ")
    assert "permissions" not in caught.value.hint
    assert not file.exists()
    textfile.replace(file, b"new")
    assert file.read_bytes() == b"new"


def test_a_file_is_written_where_the_filesystem_has_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    textfile.replace(tmp_path / "linkmode.lock", b"new")
    assert (tmp_path / "linkmode.lock").read_bytes() == b"new"
