"""What binutils' readelf says of a file: a second witness, which shares no code with linkmode."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Elf:
    """Facts of one ELF file. ``glibc`` is the newest version that a symbol asks for, ``align`` that of all segments."""

    machine: str
    type: str
    interpreter: str | None
    needed: frozenset[str]
    runpath: bool
    is_pie: bool
    glibc: tuple[int, ...] | None
    bits: int
    flags: str
    align: int


def read(path: Path) -> Elf:
    """Return what readelf prints of ``path``, as facts."""
    text = subprocess.run(
        ["readelf", "-hldVW", str(path)], capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": _PATH}
    ).stdout
    interpreter = re.search(r"Requesting program interpreter: ([^\]]+)\]", text)
    versions = [tuple(map(int, found.split("."))) for found in re.findall(r"Name: GLIBC_([\d.]+)", text)]
    return Elf(
        machine=_one(r"Machine:\s+(.+)", text),
        type=_one(r"Type:\s+(\w+)", text),
        interpreter=interpreter[1] if interpreter else None,
        needed=frozenset(re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", text)),
        runpath=bool(re.search(r"\((RPATH|RUNPATH)\)", text)),
        is_pie=bool(re.search(r"\(FLAGS_1\).*\bPIE\b", text)),
        glibc=max(versions, default=None),
        bits=int(_one(r"Class:\s+ELF(\d+)", text)),
        flags=_one(r"Flags:\s+(.+)", text),
        align=min(int(found, 16) for found in re.findall(r"(?m)^ +LOAD .* (0x[0-9a-f]+)$", text)),
    )


def runpath(path: Path) -> list[str]:
    """Return the folders of DT_RUNPATH, in their order."""
    command = ["readelf", "-dW", str(path)]
    text = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": _PATH}
    ).stdout
    found = _one(r"\(RUNPATH\)\s+Library runpath: \[([^\]]*)\]", text)
    return found.split(":") if found else []


def exports(path: Path) -> set[str]:
    """Return the symbols that a shared object gives to others."""
    command = ["readelf", "--dyn-syms", "-W", str(path)]
    text = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": _PATH}
    ).stdout
    return set(re.findall(r" (?:GLOBAL|WEAK|UNIQUE) +(?:DEFAULT|PROTECTED) +\d+ (\S+)", text))


def sections(path: Path) -> set[str]:
    """Return the names of the sections."""
    command = ["readelf", "-SW", str(path)]
    text = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": _PATH}
    ).stdout
    return set(re.findall(r"(?m)^ +\[ *\d+\] (\S+)", text))


_PATH = "/usr/bin:/bin"


def _one(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""
