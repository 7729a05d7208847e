"""Where the checker's sources lie, how they are compiled, how much is compared, and how."""

import os
import subprocess
from io import BytesIO
from pathlib import Path

from click.testing import CliRunner

from linkmode.audit.judge import verdict
from linkmode.audit.read import elf
from linkmode.cli.audit import command
from linkmode.model import resources

SOURCES = resources.templates() / "common" / "tools" / "elfcheck"
OF_BUCK2 = ("-I", str(SOURCES), "-I", str(resources.templates() / "buck2" / "core" / "tools" / "elfcheck"))
"""With what only Buck2's tree has: --validation."""
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
IS_FULL = os.environ.get("LINKMODE_PARITY") == "full"
"""Set LINKMODE_PARITY=full for every file of the system and many more mutations (minutes instead of seconds)."""

EXPECTATIONS = (
    (),
    ("--expect", "static", "--max-glibc", "2.17", "--deny-rpath", "--require-pie", "--require-relro", "full"),
    ("--expect", "static", "--allow-static-glibc", "--require-relro", "partial"),
    ("--expect", "mostly_static", "--allow", "libtinfo.so.6", "--allow", "libz.so.1"),
    ("--expect", "dynamic", "--allow", "libtinfo.so.6"),
    ("--machine", "aarch64", "--libc", "musl", "--expect", "static"),
    ("--machine", "x86_64", "--libc", "glibc"),
    ("--expect", "mostly_static", "--allow", "/x/evil.so", "--allow-payload", "--allow-static-glibc"),
)


def difference(checker: Path, path: Path, options: tuple[str, ...]) -> str:
    """Return what differs between the two answers, "" when nothing does."""
    python = CliRunner().invoke(command, ["--headers-only", "--verbose", *options, str(path)])
    c = subprocess.run([str(checker), *options, str(path)], capture_output=True, text=True, check=False)
    is_first = python.stdout.startswith(c.stdout + "os-abi: ") if c.stdout else not python.stdout
    ours, theirs = (python.exit_code, python.stdout, python.stderr), (c.returncode, c.stdout, c.stderr)
    if is_first and (ours[0], ours[2]) == (theirs[0], theirs[2]):
        return ""
    return f"{path} {' '.join(options)}:\n python {ours}\n C      {theirs}"


CERTAIN = "so that it cannot be started"


def starts(root: Path, raw: bytes, is_static: bool) -> bool:
    """Whether the kernel and the loader start the program, as nobody; a static one sees nothing but itself."""
    path = root / "program"
    path.unlink(missing_ok=True)
    path.write_bytes(raw)
    path.chmod(0o755)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(path))
    command = ("chroot", "--userspec=65534:65534", str(root), "/program") if is_static else nobody
    return subprocess.run(command, capture_output=True, cwd="/", timeout=20, check=False).returncode == 0


def judged(raw: bytes) -> verdict.Verdict:
    return verdict.judge(elf.facts(BytesIO(raw), len(raw)))
