"""ELF files of other machines, and static ones, from Debian packages: fetched by apt-get, unpacked, not installed."""

import shutil
import subprocess
import sys
from pathlib import Path

FOREIGN = (
    *(
        "amd64-x32",
        "arc",
        "arm64",
        "armel",
        "armhf",
        "hppa",
        "i386",
        "m68k",
        "mips",
        "mips64",
        "mips64el",
        "mips64r6el",
    ),
    *("mipsel", "mipsn32", "powerpc", "ppc64", "ppc64el", "riscv64", "s390-s390x", "s390x", "sh4", "sparc64", "x32"),
)
PACKAGES = (
    *(f"libc6-{name}-cross" for name in FOREIGN),
    "libc6.1-alpha-cross",
    *(
        "bash-static",
        "busybox-static",
        "catatonit",
        "cdebootstrap-static",
        "dar-static",
        "e2fsck-static",
        "gpgv-static",
    ),
    *("qemu-user-static", "sash", "zsh-static", "libc++1-14", "libc++abi1-14", "musl"),
)


def fetch(folder: Path) -> list[str]:
    """Unpack what of PACKAGES this system's apt-get can download below ``folder``; return the names of those."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return []
    packed = folder / "packed"
    packed.mkdir(parents=True)
    got = []
    for package in PACKAGES:
        # One at a time: apt-get downloads nothing when it does not know one of several.
        subprocess.run(["apt-get", "-qq", "download", package], cwd=packed, capture_output=True, check=False)
        for archive in packed.glob(f"{package}_*.deb"):
            subprocess.run(["dpkg", "-x", str(archive), str(folder / package)], check=True)
            got.append(package)
    return got


WHEELS = Path(__file__).with_name("wheels.txt")
"""Wheels of PyPI, one a line: requirement, Python tag, ABI tag and platform tag."""


def wheels(every: int = 1) -> list[str]:
    """Return each ``every``-th line of WHEELS."""
    return WHEELS.read_text(encoding="utf-8").splitlines()[::every]


def fetch_wheel(line: str, folder: Path) -> Path | None:
    """Download the wheel of a line of WHEELS into ``folder``; None when pip cannot get it."""
    requirement, python, abi, platform = line.split()
    version = python.removeprefix("cp") if python.startswith("cp") else "311"
    choice = ["--python-version", version, "--abi", abi, "--platform", platform, "--implementation", "cp"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run(
        [*command, "--only-binary=:all:", *choice, "--dest", str(folder), requirement],
        capture_output=True,
        check=False,
    )
    return next(folder.glob("*.whl"), None)
