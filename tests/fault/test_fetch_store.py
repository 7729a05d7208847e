"""The store, whatever stops the run: kill -9, no space, no permission, another run; and what a hit must be."""

import concurrent.futures
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faultserver import FaultServer, Handler, drip, stall, whole
from fetching import BODY, Notes, artifact, fetch, kept, stored

from linkmode.messages import ConfigError, IntegrityError, NetworkError
from linkmode.net.web import Limits
from linkmode.store.files import Store

KILLS = int(os.environ.get("LINKMODE_KILLS", "12"))
"""How many runs are killed; 200 in the long run (``LINKMODE_KILLS=200``)."""

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fetching import artifact, fetch
print("ready", flush=True)
fetch(Path(sys.argv[2]), artifact(sys.argv[3]))
"""


def child(store: Path, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(store), url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def paced(body: bytes) -> object:
    """The file in 40 pieces, so that a kill can come in the middle of it."""

    def answer(handler: object) -> None:
        start = handler.start  # type: ignore[attr-defined]
        headers = {"Content-Length": str(len(body) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.head(206 if start else 200, headers)  # type: ignore[attr-defined]
        step = len(body) // 40
        for place in range(start, len(body), step):
            handler.wfile.write(body[place : place + step])  # type: ignore[attr-defined]
            time.sleep(0.002)

    return answer


@pytest.mark.parametrize("what", ["moved", "another file", "a link", "a pipe"])
def test_a_download_that_is_exchanged_under_way_is_not_stored(server: FaultServer, store: Path, what: str) -> None:
    """What was verified is the open file, and what would be stored is what has its name."""
    art = artifact(server.url("/f"))
    partial = Store(store).partial(art.checksum)
    (store.parent / "victim").write_bytes(b"precious")

    def exchange(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(len(BODY))})
        handler.wfile.write(BODY[:1000])
        partial.rename(store.parent / "away")
        if what == "another file":
            partial.write_bytes(BODY[::-1])
        elif what == "a link":
            partial.symlink_to(store.parent / "victim")
        elif what == "a pipe":
            os.mkfifo(partial)
        handler.wfile.write(BODY[1000:])

    server.routes["/f"] = exchange
    with pytest.raises(ConfigError, match="another process moved or replaced it while it was downloaded"):
        fetch(store, art)
    assert not Store(store).folder(art.checksum).exists()
    assert (store.parent / "victim").read_bytes() == b"precious"
    server.routes["/f"] = whole(BODY)
    fetch(store, art)
    assert stored(store) == kept(art)


def test_a_hit_asks_nobody(server: FaultServer, store: Path) -> None:
    server.routes["/f"] = whole(BODY)
    art = artifact(server.url("/f"))
    fetch(store, art)
    [result] = fetch(store, art)
    assert (result.state, result.source) == ("stored", "")
    assert server.times("/f") == 1
    [result] = fetch(store, art, offline=True)
    assert result.state == "stored"


@pytest.mark.parametrize(
    "damage", [b"", BODY[:-1], BODY + b"x", BODY[:-1] + b"\0"], ids=["empty", "short", "long", "bit"]
)
def test_a_damaged_hit_is_fetched_again(server: FaultServer, store: Path, damage: bytes) -> None:
    server.routes["/f"] = whole(BODY)
    art = artifact(server.url("/f"))
    fetch(store, art)
    (store / "content_addressable" / "sha256" / art.checksum.hex / "file").write_bytes(damage)
    with pytest.raises(IntegrityError, match=r"damaged in the store .*tool: sha256:") as caught:
        fetch(store, art, offline=True)
    assert "linkmode fetch" in caught.value.hint
    notes = Notes()
    [result] = fetch(store, art, notes=notes)
    assert result.state == "fetched"
    assert "damaged in the store" in notes.notes[0]
    assert stored(store) == kept(art)


def test_an_url_that_changed_while_its_checksum_did_not_is_noticed(server: FaultServer, store: Path) -> None:
    """What Bazel's canonical_id is for: the old bytes must not stand in for what the new URL serves."""
    server.routes |= {"/v1": whole(BODY), "/v2": whole(b"version 2")}
    fetch(store, artifact(server.url("/v1"), upstream=server.url("/v1")))
    bumped = artifact(server.url("/v2"), upstream=server.url("/v2"))
    with pytest.raises(NetworkError, match="never fetched from this URL"):
        fetch(store, bumped, offline=True)
    with pytest.raises(IntegrityError, match="expected 300,000 bytes, the server has 9"):
        fetch(store, bumped)
    server.routes["/v2"] = whole(BODY)
    fetch(store, bumped)
    assert stored(store) == kept(bumped) | kept(artifact(upstream=server.url("/v1")))


def test_offline_lists_exactly_what_is_missing(server: FaultServer, store: Path) -> None:
    server.routes["/a"] = whole(b"a")
    have = artifact(server.url("/a"), body=b"a", name="have")
    fetch(store, have)
    gone = [
        artifact("x", body=b"b", name="b", upstream="https://b/"),
        artifact("x", body=b"c", name="c", algorithm="sha512"),
    ]
    with pytest.raises(NetworkError) as caught:
        fetch(store, have, *gone, offline=True)
    assert caught.value.exit_code == 4
    assert caught.value.problem.splitlines() == [
        f"not in the store: b: sha256:{gone[0].sha256}",
        "    https://b/",
        f"not in the store: c: sha512:{gone[1].sha512}",
        "    https://upstream.example/tool.tar.gz",
    ]
    assert server.times("/a") == 1


@pytest.mark.parametrize("form", ["file://{}/dir/a%20b%2525.tgz", "file:dir/a%20b%2525.tgz", "dir/a b%25.tgz"])
def test_a_file_of_this_machine(store: Path, tmp_path: Path, form: str) -> None:
    """Percent signs mean something in a URL, and nothing in a path."""
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "a b%25.tgz").write_bytes(BODY)
    art = artifact(form.format(tmp_path))
    [result] = fetch(store, art)
    assert result.state == "fetched"
    assert stored(store) == kept(art)


def test_a_file_that_is_not_one(store: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "wrong").write_bytes(b"wrong")
    for name, error, reason in (
        ("pipe", NetworkError, "is no regular file"),
        ("gone", NetworkError, "No such file or directory"),
        ("", NetworkError, "is no regular file"),
        ("wrong", IntegrityError, "size mismatch: expected 300,000 bytes, got 5"),
        ("/dev/zero", NetworkError, "is no regular file"),
    ):
        with pytest.raises(error, match=reason):
            fetch(store, artifact(f"file:{name}"))


def test_a_scheme_that_nobody_knows(store: Path) -> None:
    with pytest.raises(NetworkError, match="ftp: is not a scheme to fetch from"):
        fetch(store, artifact("ftp://host/f"))


@pytest.mark.kills
def test_killed_at_any_moment(server: FaultServer, store: Path) -> None:
    """A reader sees nothing or the whole file, and the next run needs no cleaning up."""
    server.routes["/f"] = paced(BODY)  # type: ignore[assignment]
    art = artifact(server.url("/f"))
    dice = random.Random(11)
    for _ in range(KILLS):
        run = child(store, server.url("/f"))
        assert run.stdout is not None
        run.stdout.readline()
        time.sleep(dice.uniform(0, 0.2))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        contents = {path: body for path, body in stored(store).items() if path.startswith("content_addressable")}
        assert all(kept(art)[path] == body for path, body in contents.items())
        if dice.random() < 0.3:
            shutil.rmtree(store / "content_addressable", ignore_errors=True)
    fetch(store, art)
    assert stored(store) == kept(art)


def test_two_runs_at_once_fetch_once(server: FaultServer, store: Path) -> None:
    server.routes["/f"] = paced(BODY)  # type: ignore[assignment]
    runs = [child(store, server.url("/f")) for _ in range(4)]
    for run in runs:
        _, errors = run.communicate(timeout=60)
        assert run.returncode == 0, errors
    assert stored(store) == kept(artifact(server.url("/f")))
    assert server.times("/f") == 1


def test_two_artifacts_with_the_same_bytes_fetch_once(server: FaultServer, store: Path) -> None:
    server.routes["/f"] = paced(BODY)  # type: ignore[assignment]
    twins = [artifact(server.url("/f"), name=name) for name in ("a", "b")]
    assert sorted(result.state for result in fetch(store, *twins)) == ["fetched", "stored"]
    assert server.times("/f") == 1


@pytest.mark.parametrize("answer", [stall(BODY, 5000), drip(BODY, 0.01)], ids=["stalled", "dripping"])
def test_ctrl_c_ends_a_transfer_that_waits(server: FaultServer, store: Path, answer: object) -> None:
    server.routes["/f"] = answer  # type: ignore[assignment]
    patient = Limits(silence=300, patience=300)

    def interrupt() -> None:
        while not server.asked:
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch(store, artifact(server.url("/f")), limits=patient)
    assert not (store / "content_addressable").exists()


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A filesystem of 128 KiB, too small for the file."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
    yield place  # type: ignore[misc]
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(server: FaultServer, full: Path) -> None:
    server.routes["/f"] = whole(BODY)
    with pytest.raises(ConfigError, match=re.escape(str(full)) + r".*No space left on device") as caught:
        fetch(full / "store", artifact(server.url("/f")))
    assert "--store" in caught.value.hint
    assert stored(full / "store") == {}
    assert shutil.disk_usage(full).free > 100_000


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A folder mounted read-only: its rights alone would not stop root."""
    place = tmp_path / "frozen"
    place.mkdir()
    command = ["mount", "--bind", "-o", "ro", str(place), str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount read-only here: {mounted.stderr.strip()}")
    subprocess.run(["umount", str(place)], check=True)
    yield place  # type: ignore[misc]
    subprocess.run(["umount", str(place)], check=True)


def test_a_read_only_store_still_serves_what_it_has(server: FaultServer, frozen: Path) -> None:
    server.routes |= {"/f": whole(BODY), "/g": whole(b"g")}
    art = artifact(server.url("/f"))
    fetch(frozen / "store", art)
    before = stored(frozen / "store")
    subprocess.run(["mount", "--bind", "-o", "ro", str(frozen), str(frozen)], check=True)
    [result] = fetch(frozen / "store", art)
    assert result.state == "stored"
    with pytest.raises(ConfigError, match="cannot write to the store: Read-only file system"):
        fetch(frozen / "store", artifact(server.url("/g"), body=b"g"))
    assert stored(frozen / "store") == before


def test_a_file_where_the_store_would_go(server: FaultServer, store: Path) -> None:
    store.write_bytes(b"precious")
    server.routes["/f"] = whole(BODY)
    with pytest.raises(ConfigError, match="cannot write to the store"):
        fetch(store, artifact(server.url("/f")))
    assert store.read_bytes() == b"precious"
