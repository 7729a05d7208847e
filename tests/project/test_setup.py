"""What the set-up says where it cannot go on (.ci/venv, .ci/packages): the cause, and the next step, in a few lines."""

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = f"tiny==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
AGAIN = "then run the same command again, it goes on from here. All that was said is in"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout with a lock of one package, and a virtual environment that is made so far that pip can be asked."""
    place = tmp_path / "checkout"
    (place / ".ci" / "locks").mkdir(parents=True)
    for name in ("venv", "packages"):
        shutil.copy(ROOT / ".ci" / name, place / ".ci" / name)
    (place / ".ci" / "locks" / "tiny.txt").write_text(LOCK)
    folder = place / ".work" / "made"
    script(folder / "bin" / "python", f'exec {sys.executable} "$@"')
    (folder / "lock.txt").write_text(LOCK)
    version = ".".join(map(str, sys.version_info[:3])).replace(".", " ")
    (folder / "python.txt").write_text(f"{version} {sys.base_prefix}\n")
    return place


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A package index, and the folder that it serves."""
    folder = tmp_path / "index"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            del arguments

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", folder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def venv(place: Path, *arguments: str, index: str = "http://127.0.0.1:9", **environment: str) -> str:
    """Run .ci/venv, which has to fail, and return what it says."""
    settings = {"PIP_INDEX_URL": index, "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull, "PYTHON": sys.executable}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    command = ["sh", ".ci/venv", ".work/made", *arguments]
    done = subprocess.run(
        command, cwd=place, env=kept | settings | environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    return done.stderr


def test_no_network(place: Path) -> None:
    said = venv(place, "tiny")
    assert said.startswith(".work/made: the package index cannot be reached.\n")
    assert f"{AGAIN} .work/made.log\n" in said
    assert "Connection refused" in (place / ".work/made.log").read_text()


def test_an_index_without_one_package(place: Path, index: tuple[str, Path]) -> None:
    assert ".work/made: the package index has no tiny==1.0 for this Python.\n" in venv(place, "tiny", index=index[0])


def test_an_index_that_serves_another_file(place: Path, index: tuple[str, Path]) -> None:
    url, folder = index
    (folder / "tiny").mkdir()
    (folder / "tiny" / "tiny-1.0-py3-none-any.whl").write_bytes(b"not what was locked")
    said = venv(place, "tiny", index=url)
    assert "the package index serves other files than .ci/locks/tiny.txt has checksums of" in said


def test_a_full_disk(place: Path) -> None:
    script(place / ".work/made/bin/python", "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1")
    assert venv(place, "tiny").startswith(".work/made: the disk is full.\n    Make room (")


def test_a_python_that_is_too_old(place: Path) -> None:
    old = script(place / "python3.9", '[ "$1" = --version ] && { echo Python 3.9.2; exit 0; }; exit 1')
    said = venv(place, "tiny", PYTHON=str(old))
    assert f"linkmode needs Python 3.11 or newer, and {old} is Python 3.9.2. Name another: make PYTHON=" in said


@pytest.mark.parametrize(
    ("apt", "code", "said"),
    [
        ("E: Failed to fetch http://m.example/x  Could not connect", 1, "the package mirror cannot be reached."),
        ("E: Unable to locate package none-such", 3, "the package mirror has no none-such."),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", 1, "the disk is full."),
        ("E: Could not get lock /var/lib/apt/lists/lock.", 1, "another apt-get is at work."),
        ("E: Something else", 1, "E: Something else."),
    ],
)
def test_packages_that_cannot_be_installed(place: Path, tmp_path: Path, apt: str, code: int, said: str) -> None:
    programs = tmp_path / "bin"
    script(programs / "apt-get", f'echo "{apt}" >&2; exit 100')
    script(programs / "dpkg-query", "exit 1")
    script(programs / "dpkg", "exit 0")
    script(programs / "sudo", 'while case "$1" in -*) true ;; *) false ;; esac; do shift; done; exec "$@"')
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", ".ci/packages", "none-such"], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("installing: none-such\ncannot install none-such: ")
    assert said in done.stderr
    assert f"{AGAIN} .work/packages.log\n" in done.stderr


def test_nothing_is_done_where_nothing_is_missing(place: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    script(programs / "dpkg-query", "echo installed")
    script(programs / "apt-get", "exit 100")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(["sh", ".ci/packages", "there"], cwd=place, env=environment, check=True)
    assert not (place / ".work/packages.log").exists()
