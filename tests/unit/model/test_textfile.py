"""One file is written whole or not at all."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from linkmode.messages import ConfigError
from linkmode.model import textfile, vendored
from linkmode.store.files import digest_of


def test_one_file_that_several_runs_write_is_always_whole(tmp_path: Path) -> None:
    file = tmp_path / "linkmode.lock"
    texts = [bytes([65 + run]) * 50_000 for run in range(4)]
    textfile.replace(file, texts[0])
    seen: set[bytes] = set()

    def one(run: int) -> None:
        for _ in range(50):
            textfile.replace(file, texts[run])
            seen.add(file.read_bytes())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert seen <= set(texts)
    assert [path.name for path in tmp_path.iterdir()] == ["linkmode.lock"]


def test_what_a_killed_run_left_of_a_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".linkmode.lock.linkmode-new").write_bytes(b"half of something longer than the whole")
    textfile.replace(tmp_path / "linkmode.lock", b"whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"linkmode.lock": b"whole"}


def test_a_link_in_the_way_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / ".linkmode.lock.linkmode-new").symlink_to("precious")
    with pytest.raises(ConfigError, match=r"linkmode\.lock cannot be written"):
        textfile.replace(tmp_path / "linkmode.lock", b"whole")
    assert (tmp_path / "precious").read_bytes() == b"precious"


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link to a pipe", "nothing"])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "one"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for read in (textfile.open_regular, textfile.regular, lambda one: digest_of(one, "sha256")):
        with pytest.raises(OSError, match="No such file" if kind == "nothing" else "is no regular file"):
            read(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_link_is_followed_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "link").symlink_to("file")
    with textfile.open_regular(tmp_path / "link") as stream:
        assert stream.read() == b"text"
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        textfile.open_regular(tmp_path / "link", follow=False)


def test_a_file_of_a_third_party_that_becomes_a_pipe_or_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another process can make one of it, after its name was looked at."""
    monkeypatch.setattr(Path, "is_symlink", lambda _: False)
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    for name in ("pipe", "link"):
        with pytest.raises(ConfigError, match=f"{name} cannot be read"):
            vendored.sha256(tmp_path / name)
