"""``linkmode store gc`` and what was unpacked: age, use, half-made folders, and runs at the same time."""

import fcntl
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import pytest
from click.testing import CliRunner, Result

from linkmode.cli.store import command
from linkmode.model import exchange
from linkmode.store import sweep, trees

OLD = time.time() - 100 * 86_400
ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A store's cache: an unpacked archive, and a toolchain of hard links to it and one file more."""
    home = trees.home(tmp_path / "store")

    def unpack(new: Path) -> None:
        (new / "bin").mkdir()
        (new / "bin" / "gcc").write_bytes(b"x" * 1000)
        (new / "bin" / "cc").hardlink_to(new / "bin" / "gcc")
        (new / "bin" / "ld").symlink_to("gcc")
        (new / "bin").chmod(0o555)
        new.chmod(0o555)

    def ready(new: Path) -> None:
        (new / "gcc").hardlink_to(home / "unpacked" / ONE / "bin" / "gcc")
        (new / "libz.a").write_bytes(b"z" * 10)

    trees.make_once(home / "unpacked" / ONE, unpack, print)
    trees.make_once(home / "exec" / TWO, ready, print)
    yield home
    exchange.delete(home)


def age(*folders: Path) -> None:
    for folder in folders:
        os.utime(folder, (OLD, OLD))


def gc(home: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, ["gc", "--store", str(home.parent), *arguments])
    assert result.exit_code == 0, result.output
    return result


def names(home: Path) -> set[str]:
    return {f"{path.parent.name}/{path.name}" for group in ("unpacked", "exec") for path in (home / group).iterdir()}


LOCKS = {f"unpacked/{ONE}.lock", f"exec/{TWO}.lock"}


def test_what_was_not_used_for_long_goes_and_its_bytes_are_counted_once(home: Path) -> None:
    assert gc(home).stdout.splitlines() == [
        "0 bytes freed",
        "kept, used in the last 90 days: 1 x toolchain made ready, 1 x unpacked archive",
        "kept 2 lock files: they are empty, and another run may be waiting for them",
    ]
    age(home / "unpacked" / ONE, home / "exec" / TWO)
    # The toolchain has a name for the compiler, freed with its last name, in the archive.
    lines = [f"{home / 'exec' / TWO} (10 bytes)", f"{home / 'unpacked' / ONE} (1,000 bytes)"]
    dry = gc(home, "--dry-run").stdout.splitlines()
    assert dry[:3] == [*(f"would remove {line}" for line in lines), "1,010 bytes would be freed"]
    assert names(home) == LOCKS | {f"unpacked/{ONE}", f"exec/{TWO}"}
    assert gc(home).stdout.splitlines()[:3] == [*(f"removed {line}" for line in lines), "1,010 bytes freed"]
    assert names(home) == LOCKS


def test_bytes_that_stay_under_another_name_are_not_freed(home: Path) -> None:
    age(home / "unpacked" / ONE)
    assert f"removed {home / 'unpacked' / ONE} (0 bytes)" in gc(home).stdout
    assert (home / "exec" / TWO / "gcc").read_bytes() == b"x" * 1000


def test_use_renews_and_what_is_in_use_stays(home: Path) -> None:
    folder = home / "unpacked" / ONE
    age(folder)
    held = trees.hold(folder, print)
    assert held is not None
    assert f"kept {folder}: in use" in gc(home, "--days", "0").stdout
    assert f"kept {folder}: in use" in gc(home, "--days", "0", "--dry-run").stdout
    os.close(held)
    assert "1 x unpacked archive" in gc(home).stdout
    assert f"removed {folder}" in gc(home, "--days", "0").stdout
    assert trees.hold(folder, print) is None


def test_a_removal_under_way_is_waited_for_and_said(home: Path) -> None:
    folder = home / "unpacked" / ONE
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    said: list[str] = []

    def tell(what: str) -> None:
        said.append(what)
        os.close(other)

    held = trees.hold(folder, tell)
    assert said == [f"waiting for another run, which holds {folder}"]
    assert held is not None
    os.close(held)


def test_who_need_not_wait_for_a_removal_is_not_told_so(home: Path) -> None:
    said: list[str] = []
    held = [trees.hold(home / "unpacked" / ONE, said.append) for _ in range(2)]
    assert said == []
    for one in held:
        assert one is not None
        os.close(one)


def test_a_command_that_was_started_keeps_what_it_uses(home: Path) -> None:
    """As `linkmode exec` hands it down: the descriptor outlives the process that opened it."""
    folder = home / "unpacked" / ONE
    held = trees.hold(folder, print)
    assert held is not None
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held])
    os.close(held)
    assert f"kept {folder}: in use" in gc(home, "--days", "0").stdout
    child.communicate(b"\n")
    assert f"removed {folder}" in gc(home, "--days", "0").stdout


def test_what_a_killed_run_left_half_made_goes_unless_a_run_is_at_it(home: Path) -> None:
    half = [
        home / "unpacked" / f".{TWO}.linkmode-new",
        home / "exec" / f".{ONE}.linkmode-new",
        home / ".zig.linkmode-new",
    ]
    for folder in half:
        (folder / "deep").mkdir(parents=True)
        (folder / "deep").chmod(0o500)
    with filelock.FileLock(half[0].with_name(f"{TWO}.lock")):
        assert f"kept {half[0]}: being made" in gc(home).stdout
    assert half[0].exists()
    assert not half[1].exists()
    assert not half[2].exists()
    gc(home)
    assert not half[0].exists()


def test_zigs_own_cache_goes_by_what_zig_put_in(home: Path) -> None:
    zig = home / "zig"
    (zig / "o").mkdir(parents=True)
    (zig / "o" / "libc.a").write_bytes(b"zig")
    age(zig / "o", zig)
    os.utime(zig / "o")
    assert "1 x cache of Zig's" in gc(home).stdout
    age(zig / "o", zig)
    assert f"removed {zig} (3 bytes)" in gc(home).stdout
    assert not zig.exists()


def test_names_that_are_not_ours_are_left_alone(home: Path) -> None:
    mine = [home / "unpacked" / "mine", home / "exec" / f"{ONE}x", home / "notes"]
    for folder in mine:
        folder.mkdir()
        age(folder)
    gc(home, "--days", "0")
    assert all(folder.exists() for folder in mine)


def test_a_link_in_the_place_of_an_entry_is_not_followed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (home / "unpacked" / TWO).symlink_to(tmp_path / "precious")
    age(tmp_path / "precious")
    CliRunner().invoke(command, ["gc", "--store", str(home.parent), "--days", "0"])
    assert (tmp_path / "precious" / "file").exists()


@pytest.mark.timeout(300)
def test_made_used_and_removed_at_once(home: Path) -> None:
    """Whoever holds a folder finds it whole for as long, whatever is removed and made beside."""
    folder = home / "unpacked" / ("3" * 64)
    done: Counter[str] = Counter()

    def fill(new: Path) -> None:
        for number in range(20):
            (new / str(number)).touch()

    def use() -> None:
        trees.make_once(folder, fill, print)
        held = trees.hold(folder, print)
        if held is not None:
            assert len(os.listdir(folder)) == 20  # noqa: PTH208 - a count
            done["used"] += 1
            os.close(held)
        time.sleep(0.01)  # in which it is nobody's

    def remove() -> None:
        cleared = sweep.clear(home, time.time() + 60)
        done["removed"] += sum(one.path == folder and not one.kept for one in cleared)

    def again_and_again(step: Callable[[], None]) -> None:
        while min(done["used"], done["removed"]) < 10:
            step()

    with ThreadPoolExecutor() as pool:
        running = [pool.submit(again_and_again, step) for step in (use, use, use, remove, remove)]
        for one in running:
            one.result()
