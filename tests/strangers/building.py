"""Does one row of a stranger: builds by `linkmode exec` or audits, judges, runs, and says what came out."""

import contextlib
import functools
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import msgspec
import tomli_w
from harness import sandbox
from harness.places import ROOT, STORE, WORK
from harness.shared import MissingToolchainsError, shared
from harness.workspace import linkmode, pin
from registry import UnavailableError, fetch, unpack
from stranger import Audit, Build, Stranger

PLACE = WORK / "strangers"
GCC = {"x86_64-linux-musl": "x86_64-linux-musl-cross.tgz", "aarch64-linux-musl": "aarch64-linux-musl-cross.tgz"}
_LIMIT = 1500
"""Seconds for one command, on a machine that does other things as well."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one row. ``state`` is what the run makes of it; ``message`` is what it ended with, when it failed.

    ``size`` is in bytes, that of the first product; ``seconds`` are of wall time.
    """

    state: str
    message: str = ""
    size: int = 0
    seconds: float = 0.0
    runs: str = ""


HOLDS, WAITS, SKIPPED = "holds", "waits", "skipped"
BEGAN, CHANGED, FAILED = "begins to hold", "waits for something else", "fails"
WRONG = (BEGAN, CHANGED, FAILED)
"""The states that fail a run."""


class _FailedError(Exception):
    """The row does not hold; the message is what it ended with."""


def do(stranger: Stranger, check: Build | Audit) -> Outcome:
    """Do one row from an empty folder, and hold what came out to what the file says."""
    began = time.monotonic()
    size, runs = 0, ""
    try:
        size, runs = _build(stranger, check) if isinstance(check, Build) else _audit(stranger, check)
        message = ""
    except (UnavailableError, MissingToolchainsError, sandbox.MissingToolError) as error:
        return Outcome(state=SKIPPED, message=str(error))
    except (_FailedError, AssertionError, subprocess.TimeoutExpired) as error:
        message = str(error).strip()[-3000:]
    seconds = time.monotonic() - began
    return Outcome(state=judged(check, message), message=message, size=size, seconds=seconds, runs=runs)


def judged(check: Build | Audit, message: str) -> str:
    """Return the state of a row that ended with ``message``, which is empty when it did as it should."""
    if not check.waits:
        return FAILED if message else HOLDS
    if not message:
        return BEGAN
    return WAITS if re.search(check.waits, message) else CHANGED


def _build(stranger: Stranger, build: Build) -> tuple[int, str]:
    PLACE.mkdir(parents=True, exist_ok=True)
    # A folder of this run alone: another run of the same row may be at work.
    with TemporaryDirectory(dir=PLACE, prefix=f"{stranger.name}-", ignore_cleanup_errors=True) as place:
        unpack(stranger, Path(place) / "tree")
        return _build_in(Path(place) / "tree" / build.folder, build)


def _build_in(folder: Path, build: Build) -> tuple[int, str]:
    for name in ("linkmode.toml", "linkmode.lock"):
        shutil.copyfile(_locked(build.toolchain) / name, folder / name)
    options = ["--target", build.target, "--mode", build.mode, "--store", str(STORE)]
    for command in build.before:
        _done(shlex.split(command), folder, build.environment)
    code, said = 0, ""
    for command in build.commands:
        words = [sys.executable, "-m", "linkmode", "exec", *options, "--", *shlex.split(command)]
        code, said = _ran(words, folder, build.environment)
        if code:
            break
    if code != build.exit:
        raise _FailedError(said)
    if build.exit:
        return 0, "refused"
    if not build.products:
        raise _FailedError("the row names no products")
    for product in build.products:
        _judge(folder, product, build)
    first = folder / build.products[0]
    return first.stat().st_size, _start(folder, build)


def _judge(folder: Path, product: str, build: Build) -> None:
    if not list(folder.glob(product)):
        raise _FailedError(f"nothing was built under the name {product}")
    floor = re.search(r"gnu\.(\d+\.\d+)", build.target)
    expected = build.arguments or ("--expect", build.mode, *(["--max-glibc", floor[1]] if floor else []))
    for path in sorted(folder.glob(product)):
        done = linkmode(folder, "audit", *expected, str(path), check=False)
        if done.returncode:
            raise _FailedError(done.stdout + done.stderr)


def _start(folder: Path, build: Build) -> str:
    """Run the product in a root that holds what its mode allows; return where that was."""
    if not build.run:
        return ""
    program, *arguments = shlex.split(build.run)
    where = {"static": "empty root", "mostly_static": "libc alone", "dynamic": "this machine"}[build.mode]
    if build.mode == "dynamic":
        _, printed = _ran([str(folder / program), *arguments], folder, {})
    else:
        files = sandbox.host_glibc() if build.mode == "mostly_static" else {}
        emulator = sandbox.qemu() if build.target.startswith("aarch64") else None
        printed = sandbox.run_alone(folder / program, files, emulator=emulator, arguments=arguments)
    if not re.search(build.prints, printed):
        raise _FailedError(f"{build.run} printed {printed[:500]!r}, expected {build.prints!r}")
    return where


def _audit(stranger: Stranger, audit: Audit) -> tuple[int, str]:
    kept = next((fetch(file) for file in stranger.file if file.file == audit.file), None)
    PLACE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=PLACE) as folder:
        if kept is None:
            unpack(stranger, Path(folder) / "all")
            path = Path(folder) / "all" / audit.file
        else:
            path = kept
        done = linkmode(Path(folder), "audit", *audit.arguments, str(path), check=False)
    said = done.stdout + done.stderr
    if done.returncode != audit.exit or not re.search(audit.says, said):
        raise _FailedError(f"exit code {done.returncode}, expected {audit.exit}, and {audit.says!r}\n{said[:2000]}")
    return path.stat().st_size if path.exists() else 0, ""


def _locked(toolchain: str) -> Path:
    """Return the folder with linkmode.toml and linkmode.lock of a toolchain, made and fetched once."""
    config: dict[str, object] = {"output": "out", "exec-platforms": ["x86_64-linux"], "library": {"zlib": ">=1.2.11"}}
    sources = ["zlib=pypi"]
    if toolchain == "gcc":
        shared(*(f"toolchains/{file}" for file in GCC.values()))
        config["toolchain"] = [{"family": "musl.cc", "version": "==12.2.0", "targets": list(GCC)}]
        config["pin"] = [pin(file) for file in GCC.values()]
    else:
        targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.28", "aarch64-linux-musl"]
        config["toolchain"] = [{"family": "zig", "version": "==0.15.2", "targets": targets}]
        sources.append("zig=pypi")
    text = tomli_w.dumps(config)
    kept = PLACE / "locks" / hashlib.sha256(f"{digest()}\0{text}".encode()).hexdigest()
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=kept.parent))
        (folder / "linkmode.toml").write_text(text, encoding="utf-8")
        linkmode(folder, "lock", *(f"--source={source}" for source in sources))
        linkmode(folder, "fetch", f"--store={STORE}")
        with contextlib.suppress(FileExistsError, OSError):  # another run made it in the meantime: the same files
            folder.rename(kept)
    return kept


@functools.cache
def digest() -> str:
    """Return a digest of linkmode itself: what it says is the same as long as its files are."""
    found = hashlib.sha256()
    for folder in ("generator", "templates", "toolchains"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _done(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    code, said = _ran(command, folder, environment)
    if code:
        raise UnavailableError(f"{' '.join(command)}: {said[-500:]}")


def _ran(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    plain = {key: value for key, value in os.environ.items() if key not in {"CC", "CXX", "CFLAGS", "LDFLAGS"}}
    done = subprocess.run(
        command,
        cwd=folder,
        env=plain | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        check=False,
        timeout=_LIMIT,
    )
    return done.returncode, done.stdout
