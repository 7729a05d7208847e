"""The sample report of ``linkmode audit``: a folder of small ELF files that the tests' maker writes, audited.

The page docs/reference/audit-sample.md has what a terminal shows; the site has what ``--html`` writes beside it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from elf_maker import DYN, GLIBC_LOADER, Elf, interp  # noqa: E402 - the path is known from here on

COMMAND = ("audit", "--expect", "mostly_static", "--max-glibc", "2.28", "dist")


def terminal() -> str:
    """Return the command and all that it prints, as a block of Markdown."""
    with tempfile.TemporaryDirectory() as place:
        done = _audit(Path(place))
    return f"```text\n$ linkmode {' '.join(COMMAND)}\n{done.stdout}{done.stderr}```\n"


def html() -> str:
    """Return the page that ``--html`` writes."""
    with tempfile.TemporaryDirectory() as place:
        _audit(Path(place), "--html", "report.html")
        return (Path(place) / "report.html").read_text(encoding="utf-8")


def _audit(place: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Audit the files in ``place``. Raises RuntimeError unless the expectation fails, which one of them sees to."""
    _write(place / "dist")
    command, *words = COMMAND
    done = subprocess.run(
        [sys.executable, "-m", "linkmode", command, *more, *words],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 1:
        raise RuntimeError(f"the sample audit ended with {done.returncode}: {done.stderr}")
    return done


def _write(folder: Path) -> None:
    """Write a program and a library that hold, and a program that needs a newer glibc and a library."""
    old = (("libc.so.6", ("GLIBC_2.14",)),)
    app = Elf(type=DYN, interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=old)
    plugin = Elf(type=DYN, soname="libplugin.so", needed=("libc.so.6",), needs=old)
    server = Elf(
        type=DYN,
        interp=interp(GLIBC_LOADER),
        needed=("libssl.so.3", "libc.so.6"),
        needs=(("libc.so.6", ("GLIBC_2.14", "GLIBC_2.34")),),
    )
    folder.mkdir()
    for name, elf in (("app", app), ("libplugin.so", plugin), ("server", server)):
        (folder / name).write_bytes(elf.build())
