"""`store gc` and `fetch` while another exchanges a folder of the store for a link, after it was checked."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from linkmode.cli.store import command
from linkmode.messages import ConfigError
from linkmode.model.values import Checksum
from linkmode.store import opened
from linkmode.store.files import Store

OTHER = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs another user, which only root can become")
SUM = Checksum("sha256", hashlib.sha256(b"kept").hexdigest())
ENTRY = "a" * 64
HEX = f"content_addressable/sha256/{SUM.hex}"
LEVELS = [
    *("content_addressable", "content_addressable/sha256", HEX),
    *("linkmode", "linkmode/partial", "linkmode/unpacked", f"linkmode/unpacked/{ENTRY}"),
]


def filled(root: Path) -> Path:
    """A store with one of each kind, all of it long unused."""
    store = Store(root)
    for file in (store.file(SUM), store.partial(SUM), root / "linkmode" / "unpacked" / ENTRY / "file"):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"kept")
    (store.folder(SUM) / "id-0").touch()
    for path in root.rglob("*"):
        os.utime(path, (0, 0))
    return root


def gc(store: Path) -> Result:
    return CliRunner().invoke(command, ["gc", "--store", str(store)])


def exchange_at(
    monkeypatch: pytest.MonkeyPatch, store: Path, level: str, victim: Path, number: int
) -> Callable[[], bool]:
    """At the ``number``-th lock, give the name of a folder to another's link to the victim's.

    A lock is taken after everything was checked, and before anything is removed. What is returned says whether it
    was done.
    """
    flock, calls, done = fcntl.flock, 0, False

    def locked(descriptor: int, operation: int) -> None:
        nonlocal calls, done
        calls += 1
        flock(descriptor, operation)
        if calls == number:
            (store / level).rename(store.with_name("away"))
            (store / level).symlink_to(victim / level)
            if os.geteuid() == 0:
                os.chown(store / level, OTHER, OTHER, follow_symlinks=False)
            done = True

    monkeypatch.setattr(fcntl, "flock", locked)
    return lambda: done


@as_root
@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("level", LEVELS)
def test_a_folder_exchanged_for_a_link_leads_the_removal_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str, number: int
) -> None:
    store, victim = filled(tmp_path / "store"), filled(tmp_path / "victim")
    before = {path: path.lstat().st_mode for path in victim.rglob("*")}
    is_done = exchange_at(monkeypatch, store, level, victim, number)
    if (store / level).exists():
        gc(store)
    assert {path: path.lstat().st_mode for path in victim.rglob("*")} == before
    if number == 1:  # the later ones find some levels gone
        assert is_done()


def test_what_was_opened_is_what_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that was checked is emptied under its new name too."""
    store, victim = filled(tmp_path / "store"), filled(tmp_path / "victim")
    is_done = exchange_at(monkeypatch, store, "content_addressable", victim, 1)
    gc(store)
    assert is_done()
    assert not list((tmp_path / "away").rglob("file"))


@pytest.mark.parametrize("level", LEVELS[:3])
def test_an_archive_goes_into_the_folder_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """At the moment of the rename, a link to the victim's folder gets the name."""
    body = b"an archive"
    checksum = Checksum("sha256", hashlib.sha256(body).hexdigest())
    level = level.replace(SUM.hex, checksum.hex)
    store, victim = Store(tmp_path / "store"), tmp_path / "victim"
    (victim / "content_addressable" / "sha256" / checksum.hex).mkdir(parents=True)
    before = set(victim.rglob("*"))
    store.root.mkdir()
    (store.root / "verified").write_bytes(body)
    replace = os.replace

    def exchanged(*given: Any, **more: Any) -> None:
        (store.root / level).rename(tmp_path / "away")
        (store.root / level).symlink_to(victim / level)
        replace(*given, **more)

    monkeypatch.setattr(os, "replace", exchanged)
    store.admit(store.root / "verified", checksum, "its id")
    assert set(victim.rglob("*")) == before
    (file,) = (tmp_path / "away").rglob("file")
    assert file.read_bytes() == body
    assert [path.name[:3] for path in file.parent.iterdir() if path != file] == ["id-"]


def test_a_link_of_another_user_is_opened_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose link it is, is asked of the link that is followed, and not of what has its name a moment later."""
    (tmp_path / "victim").mkdir()
    (tmp_path / "link").symlink_to("victim")
    with opened.folder(tmp_path) as folder:
        assert folder is not None
        with folder.below("link") as inner:
            assert inner is not None
            assert os.path.samestat(os.fstat(inner.descriptor), (tmp_path / "victim").stat())
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
        monkeypatch.setattr("linkmode.store.private._trusted", lambda: (54321,))
        with pytest.raises(ConfigError, match="link: is a link of another user"), folder.below("link"):
            pass
        with pytest.raises(ConfigError, match="victim: belongs to another user"), folder.made("victim", own=True):
            pass


@pytest.mark.parametrize("plant", [os.mkfifo, Path.touch, lambda path: path.symlink_to("gone")])
def test_what_is_no_folder_is_none(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / "one")
    with opened.folder(tmp_path) as folder:
        assert folder is not None
        with folder.below("one", "two") as inner:
            assert inner is None
        with folder.below("gone") as inner:
            assert inner is None
        with pytest.raises(NotADirectoryError), folder.made("one"):
            pass
    with opened.folder(tmp_path / "one") as folder:
        assert folder is None


def test_folders_made_by_descriptor_are_this_users_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with opened.folder(tmp_path) as folder:
            assert folder is not None
            with folder.made("one", "two", own=True) as inner, inner.lock("l.lock"):
                with pytest.raises(BlockingIOError), inner.lock("l.lock"):
                    pass
                found = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    finally:
        os.umask(before)
    assert found == {"one": 0o700, "two": 0o700, "l.lock": 0o600}


def test_a_lock_file_that_its_last_holder_deleted_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some versions of filelock delete it on release: the next run then holds another file of the same name."""
    flock = fcntl.flock

    def deleted_before(descriptor: int, operation: int) -> None:
        (tmp_path / "l.lock").unlink()
        (tmp_path / "l.lock").touch()
        flock(descriptor, operation)

    with opened.folder(tmp_path) as folder:
        assert folder is not None
        monkeypatch.setattr(fcntl, "flock", deleted_before)
        with pytest.raises(BlockingIOError), folder.lock("l.lock"):
            pass
        monkeypatch.undo()
        with folder.lock("l.lock"):
            pass
