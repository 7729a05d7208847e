"""Roots to run a binary in that hold nothing but what its link mode allows it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cases import GLIBC_FAMILY, GLIBC_LOADER
from harness.places import WORK


class MissingToolError(Exception):
    """A program that the run needs is not installed, or not allowed here; the message says which."""


def run_alone(
    binary: Path,
    files: Mapping[str, Path],
    *,
    emulator: Path | None = None,
    options: Sequence[str] = (),
    name: str = "app",
    arguments: Sequence[str] = (),
    proc: bool = False,
    devices: Sequence[str] = (),
) -> str:
    """Run ``binary`` in a root that holds it and ``files`` (path in the root to file), and return what it printed.

    There is no /dev, /etc or /lib but what ``files`` and ``devices`` (/dev/urandom) have, and /proc only with ``proc``:
    every container has both.
    ``emulator`` is a static program that runs ``binary``, told by ``options`` how. Raises AssertionError when it fails.
    """
    app = f"/{name}"
    start = ["/emulator", *options, app] if emulator else [app]
    WORK.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="root-", dir=WORK) as root:
        for inside, outside in {app: binary, **files, **({"/emulator": emulator} if emulator else {})}.items():
            copy = Path(root, inside.lstrip("/"))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(outside, copy)
        if proc:
            Path(root, "proc").mkdir()
        for device in devices:
            Path(root, "dev").mkdir(exist_ok=True)
            Path(root, device.lstrip("/")).touch()
        return _printed([*_enter(root, devices, proc=proc), *start, *arguments], Path("/"))


def _enter(root: str, devices: Sequence[str], *, proc: bool) -> list[str]:
    """Return the command that runs the rest of its arguments in ``root``, for root and for a plain user."""
    if os.geteuid() == 0 and not proc and not devices:
        return [_tool("chroot", "coreutils"), root]
    shown = ["--ro-bind", "/proc", "/proc"] if proc else []
    apart = [] if proc else ["--unshare-all"]  # /proc is of this namespace of processes
    shown += [word for device in devices for word in ("--dev-bind", device, device)]
    return [_tool("bwrap", "bubblewrap"), *apart, "--ro-bind", root, "/", *shown, "--chdir", "/"]


def run_here(binary: Path, folder: Path) -> str:
    """Run ``binary`` in ``folder`` as it is, and return what it printed. Raises AssertionError when it fails."""
    return _printed([str(binary)], folder)


def _printed(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False, timeout=120)
    if done.stderr.startswith("bwrap: No permissions to create"):
        raise MissingToolError(done.stderr.strip())
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode}: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def qemu(cpu: str = "aarch64") -> Path:
    """Return the emulator of a CPU, by qemu's name for it; it is static itself."""
    return Path(_tool(f"qemu-{cpu}-static", "qemu-user-static"))


def host_glibc() -> dict[str, Path]:
    """Return the loader and the libraries of this machine's glibc, by the paths that they have here. x86_64 only."""
    loader = Path(GLIBC_LOADER)
    folders = [Path("/lib/x86_64-linux-gnu"), Path("/lib64"), Path("/usr/lib64"), Path("/usr/lib")]
    if not loader.exists():
        raise MissingToolError("this machine has no glibc for x86_64")
    found = {str(loader): loader}
    for soname in sorted(GLIBC_FAMILY - {loader.name}):
        path = next((folder / soname for folder in folders if (folder / soname).exists()), None)
        if path:
            found[str(path)] = path
    return found


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if not path:
        raise MissingToolError(f"{name} is not installed; it is in the package {package}")
    return path
