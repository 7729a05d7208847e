"""``linkmode mirror`` and ``fetch --mirror`` as a user has them, over files of this machine."""

import fcntl
import json
import os
import subprocess
from pathlib import Path

import pytest
from mirroring import BODIES, TOML, ZIG, ZLIB, contents, repository, run

FILES = ["SHA256SUMS", "SHA512SUMS", "linkmode-mirror.json", ZIG, ZLIB]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    repository(tmp_path)
    locked = run(tmp_path, "lock", "--source=zlib=pypi")
    assert locked.returncode == 0, locked.stderr
    return tmp_path


def mirrored(place: Path, *arguments: str) -> list[str]:
    done = run(place, "mirror", str(place / "mirror"), *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_everything_is_there_and_checks_out(place: Path) -> None:
    assert mirrored(place) == [f"zig-0.15.9-x86_64-linux  {ZIG}  copied", f"zlib-9.9  {ZLIB}  copied"]
    found = contents(place / "mirror")
    assert sorted(found) == FILES
    assert found[ZIG][1] == BODIES["zig.tar.xz"]
    assert found[ZLIB][1] == BODIES["zlib-9.9.tar.gz"]
    for tool in ("sha256sum", "sha512sum"):
        sums = tool.upper().replace("SUM", "SUMS")
        subprocess.run([tool, "--check", "--strict", sums], cwd=place / "mirror", check=True, capture_output=True)
    index = json.loads(found["linkmode-mirror.json"][1])
    assert index["version"] == 1
    assert index["files"][ZLIB] == {
        "family": "zlib",
        "size": 160_000,
        "upstream": ["pypi:carrier/zlib-9.9.tar.gz"],
        "version": "9.9",
    }


def test_a_second_run_touches_nothing_and_another_place_gets_the_same_bytes(place: Path) -> None:
    mirrored(place)
    before = contents(place / "mirror")
    assert {line.rpartition("  ")[2] for line in mirrored(place, "--offline")} == {"already there"}
    assert contents(place / "mirror") == before
    run(place, "mirror", str(place / "other"))
    assert {name: data for name, (_, data) in contents(place / "other").items()} == {
        name: data for name, (_, data) in before.items()
    }


def test_it_gains_what_it_lacks_and_keeps_what_it_had(place: Path) -> None:
    toml = place / "repository" / "linkmode.toml"
    toml.write_text(TOML.replace('[library]\nzlib = "9.9"\n', ""))
    assert run(place, "lock").returncode == 0
    assert len(mirrored(place)) == 1
    assert sorted(contents(place / "mirror")) == [name for name in FILES if "512" not in name]
    toml.write_text(TOML)
    assert run(place, "lock", "--source=zlib=pypi").returncode == 0
    assert [line.rpartition("  ")[2] for line in mirrored(place)] == ["already there", "copied"]
    toml.write_text(TOML.replace('[library]\nzlib = "9.9"\n', ""))
    assert run(place, "lock").returncode == 0
    mirrored(place)
    assert sorted(contents(place / "mirror")) == FILES


@pytest.mark.parametrize("damage", [b"", b"x", None])
def test_what_is_damaged_or_gone_is_copied_again(place: Path, damage: bytes | None) -> None:
    mirrored(place)
    (place / "mirror" / ZIG).unlink() if damage is None else (place / "mirror" / ZIG).write_bytes(damage)
    assert [line.rpartition("  ")[2] for line in mirrored(place)] == ["copied", "already there"]
    assert (place / "mirror" / ZIG).read_bytes() == BODIES["zig.tar.xz"]


def test_a_link_is_replaced_and_not_followed(place: Path) -> None:
    mirrored(place)
    (place / "outside").write_bytes(b"mine")
    (place / "mirror" / ZIG).unlink()
    (place / "mirror" / ZIG).symlink_to(place / "outside")
    mirrored(place)
    assert not (place / "mirror" / ZIG).is_symlink()
    assert (place / "outside").read_bytes() == b"mine"


def test_a_folder_with_other_things_is_left_alone(place: Path) -> None:
    (place / "mirror").mkdir()
    (place / "mirror" / "thesis.txt").write_text("mine")
    done = run(place, "mirror", str(place / "mirror"))
    assert done.returncode == 3
    assert "has files and no linkmode-mirror.json: thesis.txt\n  expected: a new or an empty folder" in done.stderr
    assert sorted(contents(place / "mirror")) == ["thesis.txt"]
    assert not (place / "store").exists()


def test_a_mirror_of_a_newer_linkmode_and_a_file_are_left_alone(place: Path) -> None:
    (place / "mirror").mkdir()
    index = place / "mirror" / "linkmode-mirror.json"
    index.write_text('{"version": 2, "files": {}}')
    done = run(place, "mirror", str(place / "mirror"))
    assert (done.returncode, "has format version 2" in done.stderr) == (3, True)
    done = run(place, "mirror", str(index))
    assert done.returncode == 3
    assert f"cannot be an air-gap mirror: {index} is no folder" in done.stderr
    assert index.read_text() == '{"version": 2, "files": {}}'


def test_offline_says_what_is_missing_and_writes_nothing(place: Path) -> None:
    done = run(place, "mirror", str(place / "mirror"), "--offline")
    assert done.returncode == 4
    assert "not in the store: zig-0.15.9-x86_64-linux: sha256:" in done.stderr
    assert not (place / "mirror").exists()


def test_one_run_at_a_time(place: Path) -> None:
    (place / "mirror").mkdir()
    descriptor = os.open(place / "mirror", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    done = run(place, "mirror", str(place / "mirror"))
    os.close(descriptor)
    assert done.returncode == 3
    assert "another `linkmode mirror` is writing into it" in done.stderr


def test_a_stale_lock_is_not_mirrored(place: Path) -> None:
    lock = place / "repository" / "linkmode.lock"
    lock.write_text(lock.read_text().replace("zig.tar.xz", "zag.tar.xz"))
    assert run(place, "mirror", str(place / "mirror")).returncode == 6
    assert not (place / "mirror").exists()


@pytest.mark.parametrize("form", ["folder", "file: URL", "environment"])
def test_a_machine_with_only_the_mirror_fetches(place: Path, form: str) -> None:
    mirrored(place)
    (place / "repository" / "archives" / "zig.tar.xz").unlink()
    (place / "index" / "zlib-9.9.tar.gz").unlink()
    store = str(place / "fresh store")
    there = str(place / "mirror") if form != "file: URL" else (place / "mirror").as_uri()
    options = [] if form == "environment" else ["--mirror", there]
    more = {"LINKMODE_MIRROR": there} if form == "environment" else {}
    done = run(place, "fetch", "--store", store, *options, **more)
    assert done.returncode == 0, done.stderr
    assert [line.rpartition(" ")[2].rpartition("/mirror/")[2] for line in done.stdout.splitlines()] == [ZIG, ZLIB]
    assert run(place, "fetch", "--store", store, "--offline").returncode == 0


def test_a_mirror_in_linkmode_toml_is_asked_first_and_not_alone(place: Path) -> None:
    mirrored(place)
    (place / "index" / "zlib-9.9.tar.gz").unlink()
    (place / "mirror" / ZIG).unlink()
    toml = place / "repository" / "linkmode.toml"
    toml.write_text(f'{TOML}\n[mirrors]\n"*" = ["{(place / "mirror").as_uri()}/"]\n')
    assert run(place, "lock").returncode == 0
    done = run(place, "fetch", "--store", str(place / "fresh"))
    assert done.returncode == 0, done.stderr
    zig, zlib = done.stdout.splitlines()
    assert zig.endswith("fetched from archives/zig.tar.xz")
    assert zlib.endswith(f"/mirror/{ZLIB}")


def test_a_mirror_that_refuses_the_connection_is_not_out_of_date(place: Path) -> None:
    done = run(place, "fetch", "--store", str(place / "fresh"), "--mirror", "http://127.0.0.1:9/", "--only", "zlib-9.9")
    assert done.returncode == 4
    assert "zlib-9.9: the mirror cannot be reached:\n" in done.stderr
    assert done.stderr.endswith(
        "hint: start the server of http://127.0.0.1:9/, or correct --mirror (LINKMODE_MIRROR); nothing else was asked\n"
    )


def test_a_mirror_that_lacks_or_changes_a_file(place: Path) -> None:
    mirrored(place)
    (place / "mirror" / ZIG).unlink()
    options = ("fetch", "--store", str(place / "fresh"), "--mirror", str(place / "mirror"))
    done = run(place, *options)
    assert done.returncode == 4
    assert "zig-0.15.9-x86_64-linux: the mirror did not give the file with sha256:" in done.stderr
    assert "hint: only file:///" in done.stderr
    assert "archives/zig.tar.xz" not in done.stderr
    (place / "mirror" / ZIG).write_bytes(BODIES["zig.tar.xz"][::-1])
    done = run(place, *options)
    assert done.returncode == 5
    assert "sha256 mismatch" in done.stderr


@pytest.mark.parametrize("there", ["nowhere", "file:///nowhere", "repository"])
def test_what_is_no_mirror(place: Path, there: str) -> None:
    done = run(place, "fetch", "--mirror", there)
    assert done.returncode == 2
    assert "this is not an air-gap mirror: " in done.stderr


def test_a_mirror_whose_name_no_file_has(place: Path) -> None:
    done = run(place, "fetch", "--mirror", "file:///a%00b")
    assert done.returncode == 2
    assert "this is not a URL: no file has a NUL character in its name" in done.stderr
