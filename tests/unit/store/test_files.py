"""Names and states of the store. That Bazel reads it is shown by tests/e2e."""

import hashlib
import threading
from pathlib import Path

import pytest

from linkmode.messages import ConfigError
from linkmode.model.failures import Cancelled
from linkmode.model.values import Checksum
from linkmode.store.files import Store, default_root

BODY = b"bytes"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_names_are_bazels(tmp_path: Path, algorithm: str) -> None:
    """DownloadCache.java hashes the canonical id with the algorithm of the key: sha512 beside a sha512 entry."""
    checksum = Checksum(algorithm, hashlib.new(algorithm, BODY).hexdigest())  # type: ignore[arg-type]
    store = Store(tmp_path)
    assert store.state(checksum, 5, "the id") == "absent"
    new = tmp_path / "new"
    new.write_bytes(BODY)
    store.admit(new, checksum, "the id")
    folder = tmp_path / "content_addressable" / algorithm / checksum.hex
    identity = hashlib.new(algorithm, b"the id").hexdigest()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"file": BODY, f"id-{identity}": b""}
    assert not new.exists()
    assert list(store.entries()) == [checksum]
    assert store.state(checksum, 5, "the id") == store.state(checksum, None, "the id") == "present"
    assert store.state(checksum, 6, "the id") == "corrupt"
    assert store.state(checksum, 5, "another id") == "unconfirmed"
    (folder / "file").write_bytes(b"bytez")
    assert store.state(checksum, 5, "the id") == "corrupt"


def test_the_default_is_bazels_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("USER", "ann")
    assert default_root() == tmp_path / ".cache" / "bazel" / "_bazel_ann" / "cache" / "repos" / "v1"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_root() == tmp_path / "xdg" / "bazel" / "_bazel_ann" / "cache" / "repos" / "v1"
    monkeypatch.setenv("USER", "")
    monkeypatch.setenv("LOGNAME", "bob")
    assert default_root().parts[-4] == "_bazel_bob"


def test_a_lock_is_given_up_when_the_run_ends(tmp_path: Path) -> None:
    store, checksum = Store(tmp_path), Checksum("sha256", "0" * 64)
    stop = threading.Event()
    with store.lock(checksum, stop, print):
        stop.set()
        with pytest.raises(Cancelled), Store(tmp_path).lock(checksum, stop, print):
            raise AssertionError("two hold the lock")


def test_entries_are_only_bazels(tmp_path: Path) -> None:
    parent = tmp_path / "content_addressable" / "sha256"
    for name in ("0" * 64, "x" * 64, "0" * 63, "tmp"):
        (parent / name).mkdir(parents=True)
    assert [str(checksum) for checksum in Store(tmp_path).entries()] == ["sha256:" + "0" * 64]
    assert list(Store(tmp_path / "gone").entries()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["content_addressable"]


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as just any number; Bazel says so as well."""

    def nobody(number: int) -> object:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(ConfigError, match="USER is not set and this user has no name") as caught:
        default_root()
    assert "--store DIR" in caught.value.hint
    monkeypatch.setenv("USER", "me")
    assert default_root().parts[-4] == "_bazel_me"
