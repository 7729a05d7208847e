"""`linkmode audit` over 2,000 ELF files of this system, against what else tells the same.

Everyone is asked what the program headers and the dynamic segment say: `--headers-only` for linkmode. Each peer reads
the same files, in the page cache, and prints to /dev/null; the best of the rounds counts, and they go by turns, so that
a busy minute falls on all. CPU seconds are told beside seconds; ratios are of CPU, once to ours and once to scanelf's.
What takes minutes is asked of every tenth file. Then start-up with one file, and the memory that a small file and a
large one take, which differ only in bytes behind what is loaded.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FILES = 2000
ROUNDS = 5
FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/local")
LARGE = 1 << 30

LINKMODE = [sys.executable, "-m", "linkmode", "audit"]
READELF = 'for file in "$@"; do readelf -dlVW "$file"; done'
PYELFTOOLS = """
import sys
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
for path in sys.argv[1:]:
    with open(path, "rb") as stream:
        elf = ELFFile(stream)
        out = [path, elf.get_machine_arch()]
        for segment in elf.iter_segments():
            if segment["p_type"] == "PT_INTERP":
                out.append(segment.get_interp_name())
            if isinstance(segment, DynamicSegment):
                out += [tag.needed for tag in segment.iter_tags("DT_NEEDED")]
        for section in elf.iter_sections():
            if isinstance(section, GNUVerNeedSection):
                out += [version.name for _, versions in section.iter_versions() for version in versions]
        print(*out)
"""
AUDITWHEEL = """
import sys
from pathlib import Path
from auditwheel import lddtree
for path in sys.argv[1:]:
    try:
        print(lddtree.ldd(Path(path)))
    except Exception as error:
        print(path, error)
"""


def main() -> None:
    """Run all and print a table of files per second, then start-up and memory."""
    files = sorted_elf_files()
    print(
        f"{len(files)} files, {sum(Path(file).stat().st_size for file in files) / 1e6:,.0f} MB, {os.cpu_count()} CPUs"
    )
    tenth = files[::10]
    peers = {
        "linkmode audit --headers-only": ([*LINKMODE, "--headers-only"], files),
        "readelf -dlVW, one by one": (["sh", "-c", READELF, "sh"], files),
        "scanelf -n": (["scanelf", "-n"], files),
        "pyelftools, as one would": ([sys.executable, "-c", PYELFTOOLS], files),
        "auditwheel's lddtree": ([sys.executable, "-c", AUDITWHEEL], tenth),
        "linkmode audit (every byte)": (LINKMODE, files),
    }
    rounds = [{name: once([*command, *asked]) for name, (command, asked) in peers.items()} for _ in range(ROUNDS)]
    found = {name: least([one[name] for one in rounds]) for name in peers}
    per_file = {name: took[1] / len(peers[name][1]) for name, took in found.items() if took}
    ours, theirs = next(iter(per_file.values())), per_file.get("scanelf -n")
    for name, took in found.items():
        if took is None:
            print(f"{name:<36} not installed", flush=True)
            continue
        words = f"{took[0]:8.2f} s {took[1]:8.2f} s CPU {len(peers[name][1]) / took[0]:10,.0f} files/s"
        ratio = f"{per_file[name] / theirs:8.1f} x scanelf's" if theirs else ""
        print(f"{name:<36} {words} {per_file[name] / ours:8.2f} x our CPU time a file {ratio}", flush=True)
    start_up(files[0])
    memory()


def sorted_elf_files() -> list[str]:
    """Return the first linked ELF files of this system in a fixed order, without separate debug files."""
    found = []
    for path in _walk():
        with path.open("rb") as stream:
            head = stream.read(18)
        if head[:4] == b"\x7fELF" and head[16:18] in (b"\2\0", b"\3\0") and "/debug/" not in str(path):
            found.append(str(path))
            if len(found) == FILES:
                break
    return found


def _walk() -> Iterator[Path]:
    for top in FOLDERS:
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
                    yield path


Took = tuple[float, float] | None
"""Seconds, and CPU seconds of user and system; None when the peer is not installed."""

AS_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Python compiles what it installs, and a first run what it imports from a checkout."""


def once(command: list[str]) -> Took:
    """Run a command, and return how long it took."""
    if shutil.which(command[0]) is None:
        return None
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=AS_INSTALLED, check=False)
    seconds, now = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if b"ModuleNotFoundError" in done.stderr:
        return None
    return seconds, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def least(runs: list[Took]) -> Took:
    """Return the least of each figure."""
    done = [one for one in runs if one is not None]
    return (min(seconds for seconds, _ in done), min(cpu for _, cpu in done)) if done else None


def start_up(file: str) -> None:
    """Print the fastest of ten runs over one file."""
    for name, command in {"python -c pass": [sys.executable, "-c", "pass"], "start-up": [*LINKMODE, file]}.items():
        seconds, cpu = least([once(command) for _ in range(10)]) or (0.0, 0.0)
        print(f"{name}: {seconds:.3f} s, {cpu:.3f} s CPU", flush=True)


def memory() -> None:
    """Print the most memory that a program of this system takes, as it is and with a GiB of zeros behind it."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        shutil.copyfile(os.path.realpath("/bin/sh"), small)
        shutil.copyfile(small, large)
        os.truncate(large, LARGE)
        for option in ("--headers-only", ""):
            sizes = [peak([*LINKMODE, *filter(None, [option]), str(file)]) for file in (small, large)]
            print(f"memory {option or 'every byte'}: {sizes[0]:.1f} MB, and with a GiB behind {sizes[1]:.1f} MB")


def peak(command: list[str]) -> float:
    """Return the most resident memory of a run, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_maxrss / 1000


if __name__ == "__main__":
    main()
