"""Locks where the filesystem has none, and what they say."""

import errno
import os
import threading
from pathlib import Path

import filelock
import pytest

from linkmode.messages import ConfigError
from linkmode.model.values import Checksum
from linkmode.store import locks, trees
from linkmode.store.files import Store


def fails_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def acquire(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)


NONE = [OSError(code, os.strerror(code)) for code in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)]


@pytest.mark.parametrize("error", [*NONE, NotImplementedError("no flock")], ids=str)
def test_a_filesystem_without_locks_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fails_with(monkeypatch, error)
    for use in (
        lambda: locks.held(tmp_path / "l", print).__enter__(),
        lambda: trees.make_once(tmp_path / "unpacked" / "x", lambda _: None, print),
        lambda: Store(tmp_path).lock(Checksum("sha256", "0" * 64), threading.Event(), print).__enter__(),
    ):
        with pytest.raises(ConfigError, match="its filesystem gives no lock, so two runs") as caught:
            use()
        assert "--store DIR" in caught.value.hint
        assert "free some space" not in caught.value.hint


@pytest.mark.parametrize(
    ("code", "hint"), [(errno.ENOSPC, "free some space, or"), (errno.EACCES, "get the right to write there, or")]
)
def test_what_else_the_system_refuses_has_its_own_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    fails_with(monkeypatch, OSError(code, os.strerror(code)))
    with pytest.raises(ConfigError) as caught:
        Store(tmp_path).lock(Checksum("sha256", "0" * 64), threading.Event(), print).__enter__()
    assert caught.value.hint.startswith(hint)
    assert os.strerror(code) in caught.value.problem
