"""The output folder and the cache of another user: named, and refused before anything is replaced."""

import os
import shutil
import stat
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from test_write_faults import NEW, OLD, contents, names, put

from linkmode.generate import write
from linkmode.messages import ConfigError

NOBODY = 65534
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do as another user does")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder of another user's, in which root wrote the output; every folder above lets that user through."""
    put(OLD, tmp_path)
    shutil.rmtree(tmp_path / "locks")
    os.chown(tmp_path, NOBODY, NOBODY)
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:  # more of them where several workers run
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(0o755)
    return tmp_path


def refusal_as_nobody(act: Callable[[], object]) -> str:
    """Return what ConfigError says in a child that runs as another user; an empty string where nothing was refused."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            act()
            said = ""
        except ConfigError as error:
            said = str(error)
        except BaseException:
            said = traceback.format_exc()
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return said


def test_a_folder_of_another_user_is_left_as_it_is(shared: Path) -> None:
    said = refusal_as_nobody(lambda: put(NEW, shared))
    assert said.startswith("out belongs to another user (root; this is nobody), and linkmode replaces the folder")
    assert "chown" in said
    assert contents(shared / "out") == OLD
    assert names(shared) == {"out", "locks"}


def test_so_is_one_with_such_a_folder_inside(shared: Path) -> None:
    os.chown(shared / "out", NOBODY, NOBODY)
    said = refusal_as_nobody(lambda: put(NEW, shared))
    assert said.startswith("out/d0 belongs to another user")
    assert contents(shared / "out") == OLD


def test_what_needs_no_change_is_nobodys_matter(shared: Path) -> None:
    assert refusal_as_nobody(lambda: put(OLD, shared)) == ""
    assert refusal_as_nobody(lambda: write.check(write.diff(OLD, shared / "out"), "out")) == ""


def test_a_folder_that_cannot_be_read_is_not_said_to_be_written(shared: Path) -> None:
    (shared / "out").chmod(0o700)
    said = refusal_as_nobody(lambda: write.diff(OLD, shared / "out"))
    assert "out cannot be read: Permission denied" in said


def test_a_cache_that_cannot_be_written_is_named_as_that(shared: Path) -> None:
    shutil.rmtree(shared / "out")
    said = refusal_as_nobody(
        lambda: write.apply(NEW, shared / "out", label="out", locks=Path("/no-cache/linkmode/locks"))
    )
    assert said.startswith("/no-cache/linkmode/locks: linkmode's cache cannot be written: Permission denied: /no-cache")
    assert "XDG_CACHE_HOME" in said
    assert names(shared) == set()


def test_root_may_replace_what_is_anybodys(shared: Path) -> None:
    os.chown(shared / "out", NOBODY, NOBODY)
    assert put(NEW, shared)
    assert contents(shared / "out") == NEW
