"""A store that others can write to: what they put there is neither run nor kept, and nothing of ours is theirs.

The other user is a process that gives up being root; where the tests are not root there is none.
"""

import gzip
import hashlib
import io
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faultserver import FaultServer, whole
from fetching import BODY, artifact, fetch

from linkmode.exec import toolbox
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.values import Artifact, Checksum, ExecPlatform, LockedToolchain, Target
from linkmode.net.partial import Partial
from linkmode.store import private, trees
from linkmode.store.files import Store
from linkmode.store.unpack import unpack

OTHER = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs another user, which only root can become")
SUM = Checksum("sha256", hashlib.sha256(BODY).hexdigest())


def by_another(act: Callable[[], None]) -> None:
    """Do something as another user."""
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setgroups([])
            os.setgid(OTHER)
            os.setuid(OTHER)
            os.umask(0o022)
            act()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder like /tmp: everybody may write there, and rename what is theirs."""
    folder = Path(tempfile.mkdtemp(prefix="linkmode-shared-"))
    folder.chmod(0o1777)
    yield folder
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def tree_archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        info = tarfile.TarInfo("top/bin/x86_64-linux-musl-gcc")
        info.size, info.mode = 6, 0o755
        made.addfile(info, io.BytesIO(b"a tool"))
    return gzip.compress(stream.getvalue(), mtime=0)


TREE = tree_archive()


def tool(**changes: object) -> Artifact:
    return artifact(body=TREE, strip_prefix="top", layout="cross", measured={"gcc": "12.2.0"}, **changes)  # type: ignore[arg-type]


def put(store: Path, body: bytes = TREE) -> Path:
    """Lay the archive into a store."""
    file = Store(store).file(tool().checksum)
    file.parent.mkdir(parents=True)
    file.write_bytes(body)
    return file


def modes(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): stat.S_IMODE(path.lstat().st_mode) for path in sorted(root.rglob("*"))}


@pytest.mark.usefixtures("umask")
def test_whatever_the_umask_nobody_else_gets_in(server: FaultServer, tmp_path: Path) -> None:
    server.routes["/tool"] = whole(TREE)
    fetch(tmp_path / "store", artifact(server.url("/tool"), body=TREE))
    unpack(tool(), Store(tmp_path / "store"), trees.home(tmp_path / "store"), print)
    found = modes(tmp_path / "store")
    inside = {name: mode for name, mode in found.items() if "/unpacked/" in name and not name.endswith(".lock")}
    assert set(inside.values()) == {0o555}
    for name, mode in found.items():
        if name not in inside:
            assert mode == (0o700 if (tmp_path / "store" / name).is_dir() else 0o600), name


@as_root
@pytest.mark.parametrize("level", ["linkmode", "linkmode/partial", "linkmode/locks"])
def test_a_download_is_not_gathered_where_another_user_could_change_it(
    server: FaultServer, shared: Path, level: str
) -> None:
    server.routes["/tool"] = whole(BODY)
    (shared / level).parent.mkdir(parents=True, exist_ok=True)
    (shared / level).parent.chmod(0o1777)
    by_another(lambda: (shared / level).mkdir())
    with pytest.raises(ConfigError, match=f"{shared / level}: belongs to another user"):
        fetch(shared, artifact(server.url("/tool")))
    assert server.asked == []


@as_root
@pytest.mark.parametrize("level", ["content_addressable", "content_addressable/sha256", "its own folder"])
def test_no_link_of_another_user_leads_out_of_the_store(
    server: FaultServer, shared: Path, tmp_path: Path, level: str
) -> None:
    server.routes["/tool"] = whole(BODY)
    one = artifact(server.url("/tool"))
    link = Store(shared).folder(one.checksum) if level == "its own folder" else shared / level
    link.parent.mkdir(parents=True, exist_ok=True)
    link.parent.chmod(0o777)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    by_another(lambda: link.symlink_to(elsewhere))
    with pytest.raises(ConfigError, match=f"{link}: is a link of another user"):
        fetch(shared, one)
    assert list(elsewhere.iterdir()) == []


@as_root
def test_the_mark_of_a_file_is_not_written_through_a_link(server: FaultServer, shared: Path, tmp_path: Path) -> None:
    server.routes["/tool"] = whole(BODY)
    one = artifact(server.url("/tool"))
    folder = Store(shared).folder(one.checksum)
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    mark = folder / f"id-{hashlib.sha256(one.upstream.encode()).hexdigest()}"
    by_another(lambda: mark.symlink_to(tmp_path / "planted"))
    fetch(shared, one)
    assert not (tmp_path / "planted").exists()
    assert mark.is_file()
    assert not mark.is_symlink()


@as_root
def test_a_link_and_what_it_leads_to_must_both_be_trusted(shared: Path, tmp_path: Path) -> None:
    """Of a link to a folder of ours the owner could make another, and what is theirs they change behind one of ours."""
    ours, theirs = shared / "ours", shared / "theirs"
    ours.mkdir(0o700)
    by_another(theirs.mkdir)
    (shared / "our link").symlink_to(ours)
    by_another(lambda: (shared / "their link").symlink_to(ours))
    (shared / "a link of ours").symlink_to(theirs)
    private.require(shared / "our link")
    private.refuse_link(shared / "our link", (shared / "our link").lstat())
    for name in ("their link", "a link of ours"):
        with pytest.raises(ConfigError, match=f"{shared / name}: belongs to another user \\({OTHER}\\)"):
            private.require(shared / name)
    opened = os.open(theirs, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with pytest.raises(ConfigError, match=f"belongs to another user \\({OTHER}\\)"):
            private.require_opened(theirs, opened)
    finally:
        os.close(opened)


@as_root
def test_a_folder_of_roots_counts_where_root_alone_can_write(shared: Path) -> None:
    closed, open_ = shared / "closed", shared / "open"
    for folder, mode in ((closed, 0o755), (open_, 0o777)):
        folder.mkdir()
        folder.chmod(mode)

    def look() -> None:
        private.require(closed)
        with pytest.raises(ConfigError, match=r"open: can be written by others \(mode 777\)"):
            private.require(open_)

    by_another(look)
    private.require(open_)  # root closes its own
    assert stat.S_IMODE(open_.stat().st_mode) == 0o755


def test_a_file_in_the_place_of_a_folder_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "nowhere").symlink_to("gone")
    for name in ("file", "nowhere"):
        with pytest.raises(NotADirectoryError):
            private.make(tmp_path / name)


@as_root
def test_a_partial_file_of_another_user_is_not_taken_over(shared: Path) -> None:
    path = shared / "partial"
    by_another(lambda: path.write_bytes(BODY))
    shared.chmod(0o755)  # no sticky bit: what is there can be removed
    with Partial(path, SUM, len(BODY)) as partial:
        assert (partial.received, path.stat().st_uid) == (0, 0)
        partial.write(BODY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_partial_file_that_is_not_ours_alone_is_made_anew(tmp_path: Path) -> None:
    """It has another name, can be written by others, or is no file."""
    victim, path = tmp_path / "victim", tmp_path / "p"

    def linked() -> None:
        victim.write_bytes(BODY)
        os.link(victim, path)

    def writable() -> None:
        path.write_bytes(BODY)
        path.chmod(0o666)

    def pointing() -> None:
        victim.write_bytes(BODY)
        path.symlink_to(victim)

    for make in (linked, writable, pointing, lambda: os.mkfifo(path)):
        victim.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        make()
        with Partial(path, SUM, len(BODY)) as partial:
            assert partial.received == 0
            partial.write(b"ours")
        assert not victim.exists() or victim.read_bytes() == BODY
        assert (path.read_bytes(), stat.S_IMODE(path.lstat().st_mode)) == (b"ours", 0o600)


def plant_unpacked(home: Path) -> None:
    bin_ = trees.unpacked(home, tool()) / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "x86_64-linux-musl-gcc").write_text("#!/bin/sh\necho evil\n")


@as_root
def test_an_unpacked_archive_of_another_user_is_not_run(shared: Path) -> None:
    put(shared)
    by_another(lambda: plant_unpacked(trees.home(shared)))
    with pytest.raises(ConfigError, match=r"linkmode: belongs to another user \(12345\), who could change"):
        trees.hold(unpack(tool(), Store(shared), trees.home(shared), print), print)


@as_root
@pytest.mark.parametrize("what", ["bin/x86_64-linux-musl-gcc", "bin", "."])
def test_one_file_or_folder_of_another_user_is_enough(shared: Path, what: str) -> None:
    put(shared)
    folder = unpack(tool(), Store(shared), trees.home(shared), print)
    held = trees.hold(folder, print)
    assert held is not None
    os.close(held)
    os.chown(folder / what, OTHER, 0)
    with pytest.raises(ConfigError, match=r"belongs to another user .12345.: linkmode runs nothing from there"):
        trees.hold(folder, print)


@pytest.mark.parametrize("what", ["bin/x86_64-linux-musl-gcc", "bin", "."])
@pytest.mark.parametrize("mode", [0o757, 0o775])
def test_what_others_can_write_is_not_run(tmp_path: Path, what: str, mode: int) -> None:
    put(tmp_path)
    folder = unpack(tool(), Store(tmp_path), trees.home(tmp_path), print)
    (folder / what).chmod(mode)
    with pytest.raises(ConfigError, match=rf"can be written by others \(mode {mode:o}\): linkmode runs nothing"):
        trees.hold(folder, print)


@pytest.mark.parametrize("what", ["a link", "a file"])
def test_what_is_no_folder_is_not_run(tmp_path: Path, what: str) -> None:
    put(tmp_path)
    home = trees.home(tmp_path)
    folder = trees.unpacked(home, tool())
    private.make(folder.parent)
    plant_unpacked(tmp_path / "elsewhere")
    if what == "a link":
        folder.symlink_to(trees.unpacked(tmp_path / "elsewhere", tool()))
    else:
        folder.write_text("x")
    with pytest.raises(ConfigError, match=f"{folder.name}: is no folder: linkmode runs nothing from there"):
        trees.hold(unpack(tool(), Store(tmp_path), home, print), print)


def test_a_toolchain_made_ready_that_lacks_everything_is_a_line(tmp_path: Path) -> None:
    put(tmp_path)
    home = trees.home(tmp_path)
    unpacked = unpack(tool(), Store(tmp_path), home, print)
    machine = ExecPlatform("x86_64-linux")
    target = Target("x86_64-linux-musl")
    toolchain = LockedToolchain(family="musl.cc", exec=machine, target=target, artifact="tool")
    box = toolbox.Toolbox(home, toolchain, tool(), unpacked, None, print)
    programs = home / "exec" / "programs"
    programs.mkdir(parents=True)
    for name in ("driver", "elfcheck"):
        (programs / name).touch(0o755)
    made = box.ready(programs, "static")
    folder = trees.entry(home, made.bin)
    assert trees.hold(folder, print) is not None
    for path in (folder, folder / "plain"):
        path.chmod(0o755)
    shutil.rmtree(folder / "plain")
    with pytest.raises(ConfigError, match=r"cannot be read: No such file or directory") as caught:
        box.ready(programs, "static")
    assert f"delete {folder}" in caught.value.hint


@as_root
def test_folders_of_ours_that_others_could_write_are_closed(tmp_path: Path) -> None:
    put(tmp_path)
    for path in (tmp_path / "linkmode", tmp_path / "linkmode" / "unpacked"):
        path.mkdir()
        path.chmod(0o777)
    trees.hold(unpack(tool(), Store(tmp_path), trees.home(tmp_path), print), print)
    assert [modes(tmp_path)[name] for name in ("linkmode", "linkmode/unpacked")] == [0o755, 0o755]


@as_root
def test_the_bytes_that_are_unpacked_are_those_that_were_verified(shared: Path) -> None:
    """Its owner can change an archive at any time; a copy is verified and unpacked."""
    file = put(shared)
    os.chown(file, OTHER, OTHER)
    folder = unpack(tool(), Store(shared), trees.home(shared), print)
    assert (folder / "bin" / "x86_64-linux-musl-gcc").read_bytes() == b"a tool"
    assert sorted(path.suffix for path in folder.parent.iterdir()) == ["", ".lock"]


def test_other_bytes_are_not_unpacked_whoever_owns_them(tmp_path: Path) -> None:
    put(tmp_path, gzip.compress(b"other"))
    with pytest.raises(IntegrityError, match="is damaged: its sha256 is "):
        unpack(tool(), Store(tmp_path), trees.home(tmp_path), print)
    assert not trees.unpacked(trees.home(tmp_path), tool()).exists()
