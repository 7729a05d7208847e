"""What linkmode costs: `fetch` beside `curl | tee | sha256sum` and aria2c, `lock` and `generate` by the number of pins.

    PYTHONPATH=generator python benchmarks/fetch.py [--quick]

Everything is on loopback and in a temporary folder. Each figure is the best of a few runs of whole processes, start-up
included, the ways in turns. The processor's time is that of the same run, with all its processes, and hardly depends
on what else the machine does. Memory is the most that one process of the command had (ru_maxrss), and never shown
smaller than that of the process that measures.
"""

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "generator"))

from linkmode.lock import lockfile  # noqa: E402 - of the checkout, whatever is installed
from linkmode.model.values import Artifact, Lock  # noqa: E402

MB = 1_000_000
SIZES = (100 * MB, 1000 * MB)
PINS = (1, 30, 1000)

SERVER = """
import http.server, os, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        with open(os.path.basename(self.path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            start, _, end = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            first, last = int(start), int(end or size - 1)
            self.send_response(206 if "Range" in self.headers else 200)
            self.send_header("Content-Length", str(last - first + 1))
            if "Range" in self.headers:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            self.wfile.flush()
            while first <= last:
                first += os.sendfile(self.connection.fileno(), file.fileno(), first, last - first + 1)
    def log_message(self, *_):
        return

class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        return  # aria2c hangs up on the pieces that it needs no more

server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Cost:
    """The best of some runs: seconds, the least of the processor's in any of them, and the peak of memory in MB."""

    seconds: float
    processor: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:7.2f} s {self.processor:7.2f} s CPU {self.memory:7.0f} MB"


def costs(commands: dict[str, list[str]], *, runs: int, before: Callable[[str], None], cwd: Path) -> dict[str, Cost]:
    """Run each command some times, in turns, so that a busy machine is busy for all; return the best of each.

    ``before`` is called before every run, with the command's name.
    """
    best: dict[str, Cost] = {}
    for _ in range(runs):
        for name, command in commands.items():
            before(name)
            found = _cost(command, cwd)
            known = best.get(name, found)
            quickest = min(known, found, key=lambda one: one.seconds)
            best[name] = replace(quickest, processor=min(known.processor, found.processor))
    return best


def _cost(command: list[str], cwd: Path) -> Cost:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator"), "XDG_CACHE_HOME": str(cwd / "cache")}
    with (cwd / "said").open("w+") as said:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}\n{said.read()}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder from a process of its own; yield the beginning of its URLs."""
    child = subprocess.Popen([sys.executable, "-c", SERVER], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{child.stdout.readline().strip()}/"
    finally:
        child.terminate()
        child.wait()


def file_of(folder: Path, size: int) -> tuple[Path, str]:
    """Write a file that does not compress; return it and its sha256."""
    path, digest, source = folder / f"{size}.bin", hashlib.sha256(), random.Random(size)
    with path.open("wb") as file:
        for _ in range(size // MB):
            block = source.randbytes(MB)
            digest.update(block)
            file.write(block)
    return path, digest.hexdigest()


def fetching(folder: Path, size: int, runs: int) -> dict[str, Cost]:
    """Return what each way to fetch one file of that size costs, linkmode's last."""
    path, sha256 = file_of(folder, size)
    out, store = folder / "out", folder / "store"

    def clean(_: str = "") -> None:
        shutil.rmtree(store, ignore_errors=True)
        out.unlink(missing_ok=True)

    with serving(folder) as base:
        url = f"{base}{path.name}"
        shell = f"set -o pipefail; curl -sSf {url} | tee {out} | sha256sum"
        commands = {
            "curl | tee | sha256sum": ["bash", "-c", shell],
            "the same, and sync": ["bash", "-c", f"{shell} && sync {out}"],
        }
        if aria2c := shutil.which("aria2c"):
            options = ["-q", "--allow-overwrite=true", f"--checksum=sha-256={sha256}", "-d", str(folder), "-o", "out"]
            for number in ("1", "4"):
                commands[f"aria2c -x{number}"] = [aria2c, *options, "-x", number, "-s", number, url]
        artifact = Artifact(
            name="file",
            family="zig",
            version="1",
            file=path.name,
            urls=(url,),
            upstream="https://upstream.invalid/file",
            sha256=sha256,
            size=size,
        )
        lock = Lock(version=2, artifacts=(artifact,), toolchains=(), link_modes={}, libraries={})
        (folder / "bench.lock").write_text(lockfile.dumps(lock), encoding="utf-8")
        fetch = [sys.executable, "-m", "linkmode", "fetch", "--lock", "bench.lock", "--store", str(store)]
        found = costs({**commands, "linkmode fetch": fetch}, runs=runs, before=clean, cwd=folder)
    clean()
    path.unlink()
    return found


def repository(folder: Path, pins: int) -> Path:
    """Write a linkmode.toml with so many pins of its own to choose from; with one, it is what `init` writes."""
    folder.mkdir()
    if pins == 1:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
        init = [sys.executable, "-m", "linkmode", "init"]
        subprocess.run(init, cwd=folder, env=environment, check=True, capture_output=True)
        return folder
    target = "x86_64-linux-musl"
    rows = [
        f'[[pin]]\nfamily = "musl.cc"\nversion = "99.{number}.0"\nfile = "{target}-cross.tgz"\n'
        f'urls = ["https://artifacts.example/99.{number}.0/{target}-cross.tgz"]\nsha256 = "{number:064x}"\n'
        f'exec = "x86_64-linux"\nlayout = "cross"\nstrip-prefix = "{target}-cross"\ntargets = ["{target}"]\n'
        f'measured = {{ gcc = "99.{number}.0", musl = "1.2.5", binutils = "2.44" }}\n'
        for number in range(pins)
    ]
    asked = f'[[toolchain]]\nfamily = "musl.cc"\nversion = ">=99"\ntargets = ["{target}"]\n'
    (folder / "linkmode.toml").write_text("\n".join([asked, *rows]), encoding="utf-8")
    return folder


def by_pins(folder: Path, pins: int, runs: int) -> dict[str, Cost]:
    """Return what `lock` and `generate` cost for so many pins, from nothing, and `generate` again."""
    place = repository(folder / f"pins{pins}", pins)

    def clean(name: str) -> None:
        if name == "lock":
            (place / "linkmode.lock").unlink(missing_ok=True)
        elif name == "generate":
            shutil.rmtree(place / "third_party", ignore_errors=True)

    names = {"lock": "lock", "generate": "generate", "generate again": "generate"}
    commands = {name: [sys.executable, "-m", "linkmode", verb] for name, verb in names.items()}
    return costs(commands, runs=runs, before=clean, cwd=place)


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What linkmode's fetch, lock and generate cost.")
    parser.add_argument("--quick", action="store_true", help="100 MB only, and one run of each")
    quick = parser.parse_args(list(arguments)).quick
    say = sys.stdout.write
    with tempfile.TemporaryDirectory(prefix="linkmode-bench-") as name:
        folder = Path(name)
        for size in SIZES[:1] if quick else SIZES:
            say(f"\nfetch one file of {size // MB} MB on loopback\n")
            first: Cost | None = None
            for what, spent in fetching(folder, size, 1 if quick else 3).items():
                first = first or spent
                say(f"  {what:<24}{spent}   {spent.seconds / first.seconds:5.2f} x\n")
        once: dict[str, Cost] = {}
        for pins in PINS:
            say(f"\n{pins} {'pin (what init writes)' if pins == 1 else 'pins'}\n")
            for what, spent in by_pins(folder, pins, 1 if quick else 5).items():
                once.setdefault(what, spent)
                say(f"  {what:<24}{spent}   {spent.seconds / once[what].seconds:5.2f} x\n")


if __name__ == "__main__":
    main(sys.argv[1:])
