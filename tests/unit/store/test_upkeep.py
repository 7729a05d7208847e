"""``linkmode store``: damage is named, what is in use stays, and nothing that is not an archive is touched."""

import fcntl
import hashlib
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from linkmode.cli.store import command
from linkmode.messages import IntegrityError, UsageError
from linkmode.model.values import Checksum
from linkmode.store.files import Store, default_root

LOCK = "kept 1 lock files: they are empty, and another run may be waiting for them"
OLD = time.time() - 100 * 86_400


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def put(store: Store, body: bytes, *, used: float | None = None, algorithm: str = "sha256") -> Checksum:
    checksum = Checksum(algorithm, hashlib.new(algorithm, body).hexdigest())  # type: ignore[arg-type]
    store.root.mkdir(exist_ok=True)
    (store.root / "new").write_bytes(body)
    store.admit(store.root / "new", checksum, "id")
    if used is not None:
        os.utime(store.file(checksum), (used, used))
    return checksum


def run(store: Store, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--store", str(store.root)])


def test_path(store: Store) -> None:
    assert run(store, "path").stdout == f"{store.root}\n"
    assert CliRunner().invoke(command, ["path"], env={"LINKMODE_STORE": None}).stdout == f"{default_root()}\n"
    assert CliRunner().invoke(command, ["path"], env={"LINKMODE_STORE": "here"}).stdout == "here\n"


def test_verify(store: Store) -> None:
    store.root.mkdir()
    assert run(store, "verify").stdout == "0 archives, none damaged\n"
    one, two = put(store, b"one"), put(store, b"two", algorithm="sha512")
    (store.folder(one).parent / ("0" * 64)).mkdir()
    assert run(store, "verify").stdout == "2 archives, none damaged\n"
    store.file(two).write_bytes(b"twO")
    result = run(store, "verify")
    assert isinstance(result.exception, IntegrityError)
    assert result.exception.problem == f"damaged: {store.file(two)}"


def test_gc_removes_what_was_not_used_for_long(store: Store) -> None:
    old, new = put(store, b"old bytes", used=OLD), put(store, b"new")
    store.partial(old).parent.mkdir(parents=True)
    for name, used in ((store.partial(old), OLD), (store.partial(new), time.time()), (store.root / "mine", OLD)):
        name.write_bytes(b"part")
        os.utime(name, (used, used))
    expected = [f"{store.file(old)} (9 bytes)", f"{store.partial(old)} (4 bytes)"]
    kept = "kept, used in the last 90 days: 1 x archive, 1 x half download"
    dry = run(store, "gc", "--dry-run")
    assert dry.stdout.splitlines() == [*(f"would remove {line}" for line in expected), "13 bytes would be freed", kept]
    assert store.file(old).exists()
    done = run(store, "gc")
    assert done.stdout.splitlines() == [*(f"removed {line}" for line in expected), "13 bytes freed", kept, LOCK]
    assert not store.folder(old).exists()
    assert store.state(new, 3, "id") == "present"
    assert store.partial(new).exists()
    assert (store.root / "mine").exists()
    assert run(store, "gc").stdout.splitlines() == ["0 bytes freed", kept, LOCK]


def test_a_hit_counts_as_use(store: Store) -> None:
    old = put(store, b"old", used=OLD)
    assert store.state(old, 3, "id") == "present"
    assert run(store, "gc").stdout == "0 bytes freed\nkept, used in the last 90 days: 1 x archive\n"


def test_gc_leaves_what_a_run_holds(store: Store) -> None:
    old = put(store, b"old", used=OLD)
    with store.lock(old, threading.Event(), print):
        assert run(store, "gc").stdout.splitlines() == [f"kept {store.file(old)}: in use", "0 bytes freed", LOCK]
    assert store.file(old).exists()


def test_gc_leaves_the_folder_that_a_run_is_about_to_fill(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the lock a run makes the folder, and then puts the archive there."""
    replace = os.replace

    def after_gc(*given: Any, **more: Any) -> None:
        assert run(store, "gc").exception is None
        replace(*given, **more)

    monkeypatch.setattr(os, "replace", after_gc)
    assert store.state(put(store, b"new"), 3, "id") == "present"


def test_gc_leaves_what_a_run_replaced_until_it_got_the_lock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    old = put(store, b"old", used=OLD)
    flock = fcntl.flock

    def after_a_run(descriptor: int, operation: int) -> None:
        assert put(store, b"old") == old
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", after_a_run)
    assert "1 x archive" in run(store, "gc").stdout
    assert store.state(old, 3, "id") == "present"


def test_gc_removes_what_bazel_left_half_done(store: Store) -> None:
    old, new = put(store, b"old"), put(store, b"new")
    store.file(old).unlink()
    for checksum, used in ((old, OLD), (new, OLD), (new, time.time())):
        half = store.folder(checksum) / f"tmp-{checksum.hex[:8]}-{used:.0f}"
        half.write_bytes(b"half")
        os.utime(half, (used, used))
    for identity in store.folder(old).glob("id-*"):
        identity.unlink()
    assert "8 bytes freed" in run(store, "gc").stdout
    assert not store.folder(old).exists()
    assert store.state(new, 3, "id") == "present"
    assert len(list(store.folder(new).glob("tmp-*"))) == 1


@pytest.mark.parametrize("verb", ["verify", "gc"])
def test_what_is_no_store(tmp_path: Path, verb: str) -> None:
    """A typo must not look like an empty store, nor a sound one."""
    (tmp_path / "file").touch()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").touch()
    (tmp_path / "empty").mkdir()
    for name, reason in (
        ("gone", "the folder does not exist"),
        ("home", "this is not a store: it contains no content_"),
    ):
        for arguments, environment in (
            ([verb, "--store", str(tmp_path / name)], {"LINKMODE_STORE": None}),
            ([verb], {"LINKMODE_STORE": str(tmp_path / name)}),
        ):
            result = CliRunner().invoke(command, arguments, env=environment)
            assert isinstance(result.exception, UsageError), result.output
            assert result.exception.problem.startswith(f"--store {tmp_path / name}: {reason}")
    refused = CliRunner().invoke(command, [verb, "--store", str(tmp_path / "file")])
    assert refused.exit_code == 2
    assert "is a file" in refused.output
    assert CliRunner().invoke(command, [verb, "--store", str(tmp_path / "empty")]).exit_code == 0
    nowhere = {"LINKMODE_STORE": None, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert CliRunner().invoke(command, [verb], env=nowhere).exit_code == 0


def test_what_another_gc_removes_meanwhile_is_no_refusal(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    file = store.file(put(store, b"old bytes", used=OLD))
    asked = os.stat

    def stat(path: Any, **more: Any) -> os.stat_result:
        found = asked(path, **more)
        if path == "file":
            file.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(os, "stat", stat)
    result = run(store, "gc")
    assert (result.exit_code, result.stdout) == (0, "0 bytes freed\n")
