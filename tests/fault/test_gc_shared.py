"""`store gc` and `store verify` in a store that others can write to: nothing outside it goes, and nothing waits."""

import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from linkmode.cli.store import command
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model import exchange
from linkmode.model.values import Checksum
from linkmode.store.files import Store

OTHER = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs another user, which only root can become")
SUM = Checksum("sha256", hashlib.sha256(b"kept").hexdigest())
ENTRY = "a" * 64
LINKS = {
    "content_addressable": "content_addressable",
    "content_addressable/sha256": "content_addressable/sha256",
    f"content_addressable/sha256/{SUM.hex}": f"content_addressable/sha256/{SUM.hex}",
    "linkmode": "linkmode",
    "linkmode/unpacked": "linkmode/unpacked",
    "linkmode/exec": "linkmode/unpacked",
    "linkmode/partial": "linkmode/partial",
}


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """Another store of this user, all of it long unused."""
    store = Store(tmp_path / "private")
    for file in (store.file(SUM), store.partial(SUM), store.root / "linkmode" / "unpacked" / ENTRY / "file"):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"kept")
    for path in store.root.rglob("*"):
        os.utime(path, (0, 0))
    return store.root


@pytest.fixture
def soon() -> Iterator[None]:
    """End what waits for ever."""

    def over(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def run(store: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--store", str(store)])


def names(root: Path) -> set[Path]:
    return set(root.rglob("*"))


def shared(tmp_path: Path, link: str, to: Path) -> Path:
    """A store with one link, at the name ``link``."""
    (tmp_path / "shared" / link).parent.mkdir(parents=True)
    (tmp_path / "shared" / link).symlink_to(to)
    return tmp_path / "shared"


@as_root
@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["", "dry-run"])
@pytest.mark.parametrize("link", LINKS)
def test_gc_removes_nothing_through_a_link_of_another_user(
    tmp_path: Path, private: Path, link: str, options: tuple[str, ...]
) -> None:
    store = shared(tmp_path, link, private / LINKS[link])
    os.chown(store / link, OTHER, OTHER, follow_symlinks=False)
    before = names(private)
    result = run(store, "gc", *options)
    assert isinstance(result.exception, ConfigError), result.output
    assert str(store / link) in result.exception.problem
    assert str(OTHER) in result.exception.problem
    assert names(private) == before


@pytest.mark.parametrize("link", LINKS)
def test_gc_follows_a_link_of_this_user(tmp_path: Path, private: Path, link: str) -> None:
    """Who keeps a part of the store on another disk."""
    before = names(private)
    result = run(shared(tmp_path, link, private / LINKS[link]), "gc")
    assert result.exception is None
    assert before - names(private)


@as_root
@pytest.mark.parametrize("folder", ["linkmode", "linkmode/unpacked"])
def test_gc_does_not_work_in_a_folder_of_another_user(private: Path, folder: str) -> None:
    os.chown(private / folder, OTHER, OTHER)
    result = run(private, "gc")
    assert isinstance(result.exception, ConfigError)
    assert f"{private / folder}: belongs to another user ({OTHER})" in result.exception.problem
    assert (private / "linkmode" / "unpacked" / ENTRY).exists()


@as_root
@pytest.mark.parametrize("verb", ["verify", "gc"])
@pytest.mark.parametrize("folder", ["content_addressable", "content_addressable/sha256"])
def test_a_store_that_this_user_may_not_read_is_a_line(monkeypatch: pytest.MonkeyPatch, verb: str, folder: str) -> None:
    monkeypatch.setattr(Path, "is_dir", lambda path: os.path.isdir(path))  # noqa: PTH112 - as Python 3.14 has it
    store = Path(tempfile.mkdtemp(prefix="linkmode-shared-"))
    store.chmod(0o755)
    (store / "content_addressable" / "sha256").mkdir(parents=True)
    (store / folder).chmod(0o700)
    os.seteuid(OTHER)
    try:
        result = run(store, verb)
    finally:
        os.seteuid(0)
        shutil.rmtree(store)
    assert isinstance(result.exception, ConfigError), result.output
    assert str(store) in result.exception.problem
    assert result.exception.problem.endswith("the store: Permission denied")


def test_verify_says_which_archive_cannot_be_read_and_passes_over_what_is_none(private: Path) -> None:
    folder = Store(private).folder(SUM)
    (folder.parent / ("0" * 64)).touch()
    assert run(private, "verify").stdout == "1 archives, none damaged\n"
    (folder / "file").unlink()
    (folder / "file").symlink_to("x" * 300)
    result = run(private, "verify")
    assert isinstance(result.exception, ConfigError), result.output
    assert result.exception.problem == f"{folder / 'file'}: cannot read the store: File name too long"


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    "plant",
    [os.mkfifo, Path.mkdir, *(lambda path, to=to: path.symlink_to(to) for to in ("/dev/zero", "file", "gone"))],
    ids=["a pipe", "a folder", "a device", "a link to itself", "a link to nothing"],
)
def test_what_is_no_file_is_damage_and_not_waited_for(private: Path, plant: Callable[[Path], None]) -> None:
    file = Store(private).file(SUM)
    assert run(private, "verify").stdout == "1 archives, none damaged\n"
    file.unlink()
    plant(file)
    result = run(private, "verify")
    assert isinstance(result.exception, IntegrityError)
    assert result.exception.problem == f"damaged: {file}"


def test_a_folder_that_becomes_a_link_meanwhile_gives_nobody_else_a_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "folder"
    victim.mkdir()
    victim.chmod(0o755)
    (folder / "inner").mkdir(parents=True)
    read = os.scandir

    def exchanged(path: int | str) -> "os._ScandirIterator[str]":
        found = read(path)
        where = Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(path)
        if where == folder / "inner":
            where.rename(tmp_path / "away")
            where.symlink_to(victim)
        return found  # type: ignore[return-value]

    monkeypatch.setattr(os, "scandir", exchanged)
    with pytest.raises(OSError, match="was moved while it was read"):
        exchange.delete(folder)
    assert victim.stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "away" / "kept").exists()
