"""What must hold of every binary of a case. Each check raises AssertionError with what it found."""

import re
import shutil
import tarfile
from pathlib import Path

from harness import readelf, sandbox
from harness.cases import Binary, Case, musl_loader
from harness.places import TOOLCHAINS, WORK
from harness.workspace import linkmode

_MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}


def audit(workspace: Path, binary: Binary) -> str:
    """Hold the binary to its mode by `linkmode audit`, and return the report as JSON."""
    limit = ("--max-glibc", ".".join(map(str, binary.glibc))) if binary.glibc else ()
    return linkmode(workspace, "audit", "--json", "--expect", binary.mode, *limit, binary.path).stdout


def readelf_agrees(path: Path, binary: Binary) -> None:
    """Hold the binary to its mode by what readelf prints."""
    elf = readelf.read(path)
    assert elf.machine == _MACHINES[binary.cpu], elf
    assert elf.interpreter == binary.interpreter, elf
    assert not elf.runpath or binary.mode == "dynamic", elf
    if binary.mode == "static":
        assert not elf.needed, elf
        assert elf.is_pie == binary.label.endswith("_pie"), elf
    if binary.mode == "mostly_static":
        assert elf.needed, elf
        assert elf.needed <= binary.libc_family, elf
    if binary.glibc:
        assert elf.glibc, elf
        assert elf.glibc <= binary.glibc, elf
    else:
        assert elf.glibc is None, elf


def runs_where_it_must(workspace: Path, case: Case, binary: Binary) -> None:
    """Run the binary with no more than its mode lets it have, and hold what it prints to the case.

    static runs in a root that is empty but for what the program reads, mostly_static in one with its libc beside, and a
    dynamic glibc program on this machine. A dynamic musl program has its libraries where Bazel keeps them: `bazel run`
    and `bazel test` start those of the cases.
    """
    if binary.mode == "dynamic":
        if binary.glibc:
            _holds(case, sandbox.run_here(workspace / binary.path, workspace))
        return
    files = {f"/{file}": workspace / file for file in case.files}
    if binary.mode == "mostly_static":
        files |= sandbox.host_glibc() if binary.glibc else _musl(case, binary)
    emulator = sandbox.qemu() if binary.cpu == "aarch64" else None
    _holds(case, sandbox.run_alone(workspace / binary.path, files, emulator=emulator))


def _holds(case: Case, printed: str) -> None:
    assert re.fullmatch(case.prints, printed), printed


def _musl(case: Case, binary: Binary) -> dict[str, Path]:
    """Return musl's one file, which is loader and library, from the archive of the toolchain."""
    archive = next(file for file in case.pins if file.startswith(binary.cpu))
    folder = archive.removesuffix(".tgz")
    libc = WORK / "e2e" / "libc" / binary.target / "libc.so"
    if not libc.exists():
        libc.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(TOOLCHAINS / archive) as packed:
            lib = "lib" if folder.endswith("-native") else f"{binary.target}/lib"
            member = packed.extractfile(f"{folder}/{lib}/libc.so")
            assert member, f"{archive} has no libc.so"
            part = libc.with_suffix(".part")
            with part.open("wb") as out:
                shutil.copyfileobj(member, out)
            part.chmod(0o755)
            part.replace(libc)
    return {musl_loader(binary.cpu): libc}
