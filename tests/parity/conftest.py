"""Builds the checker that runs inside Bazel, plainly and with sanitizers, and a set of real binaries."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from checker import OF_BUCK2, SOURCES, STRICT
from elf_maker import GLIBC_LOADER

PROGRAM = """
#include <stdio.h>
int main(int argc, char **argv) { printf("%d %s %f\\n", argc, argv[0], argc * 1.5); return 0; }
"""
EMPTY = "int main(void) { return 0; }\n"


def _compile(compiler: str, source: Path, output: Path, *options: str) -> bool:
    done = subprocess.run(
        [compiler, "-O1", *options, str(source), "-o", str(output)], capture_output=True, text=True, check=False
    )
    return done.returncode == 0


@pytest.fixture(scope="session")
def cc() -> str:
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not found:
        pytest.skip("no C compiler: cc, gcc or clang")
    return found


@pytest.fixture(scope="session")
def elfcheck(cc: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("elfcheck") / "elfcheck"
    subprocess.run([cc, "-O2", *STRICT, *OF_BUCK2, str(SOURCES / "elfcheck.c"), "-o", str(output)], check=True)
    return output


@pytest.fixture(scope="session")
def sanitized(cc: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker with AddressSanitizer and UndefinedBehaviorSanitizer; it exits 1 with a report on any finding."""
    output = tmp_path_factory.mktemp("sanitized") / "elfcheck"
    options = ("-g", "-std=c11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *OF_BUCK2)
    if not _compile(cc, SOURCES / "elfcheck.c", output, *options) or _crashes(output):
        pytest.skip(f"{cc} has no working sanitizers")
    return output


def _crashes(program: Path) -> bool:
    # Without arguments the checker prints its usage, exit code 2; sanitizers need /proc and address space to start.
    return subprocess.run([str(program)], capture_output=True, check=False).returncode != 2


@pytest.fixture(scope="session")
def made(cc: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Binaries of every kind that the compilers here can link, by name, whole, stripped and without sections."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "program.c").write_text(PROGRAM)
    (folder / "empty.c").write_text(EMPTY)
    compilers = {"cc": cc, "clang": shutil.which("clang"), "musl-gcc": shutil.which("musl-gcc")}
    kinds: dict[str, tuple[str, ...]] = {
        "static": ("-static", "-no-pie"),
        "static-pie": ("-static-pie", "-fPIE"),
        "pie": ("-pie", "-fPIE"),
        "no-pie": ("-no-pie",),
        "shared": ("-shared", "-fPIC", "-Wl,-soname,libmade.so.1"),
        "rpath": ("-Wl,-rpath,/opt/a:$ORIGIN", "-Wl,--disable-new-dtags"),
        "runpath": ("-Wl,-rpath,$ORIGIN/../lib", "-Wl,--enable-new-dtags", "-Wl,-z,now"),
        "execstack": ("-Wl,-z,execstack", "-Wl,-z,norelro"),
        "audit": ("-Wl,--audit=/x/evil.so",),
        "depaudit": ("-Wl,--depaudit=/x/evil.so",),
        "filter": ("-shared", "-fPIC", "-Wl,--filter=libm.so.6"),
        "m32": ("-m32", "-static"),
    }
    out: dict[str, Path] = {}
    for compiler, command in compilers.items():
        for kind, options in kinds.items():
            for source in ("program", "empty"):
                name = f"{compiler}-{kind}-{source}"
                if command and _compile(command, folder / f"{source}.c", folder / name, *options):
                    out[name] = folder / name
    assert any("-pie-" in name for name in out)
    for name, path in list(out.items()):
        out[f"{name}-stripped"] = _changed(path, "stripped", _strip)
        out[f"{name}-sectionless"] = _changed(path, "sectionless", _without_sections)
    return out


def _changed(path: Path, suffix: str, change: Callable[[Path], None]) -> Path:
    copy = path.with_name(f"{path.name}-{suffix}")
    shutil.copy(path, copy)
    change(copy)
    return copy


def _strip(path: Path) -> None:
    if shutil.which("strip"):
        subprocess.run(["strip", str(path)], check=True)


def _without_sections(path: Path) -> None:
    # As sstrip does: no section header is left, neither its table nor the numbers that point there.
    raw = bytearray(path.read_bytes())
    is_64 = raw[4] == 2
    offset, numbers = (40, 58) if is_64 else (32, 46)
    width = 8 if is_64 else 4
    table = int.from_bytes(raw[offset : offset + width], "little")
    raw[offset : offset + width] = bytes(width)
    raw[numbers : numbers + 6] = bytes(6)
    path.write_bytes(raw[:table])


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """An empty folder that anybody may enter, below which one program at a time lies; skips where none can be run."""
    has_tools = shutil.which("chroot") and shutil.which("setpriv") and Path(GLIBC_LOADER).exists()
    if platform.machine() != "x86_64" or os.geteuid() != 0 or not has_tools:
        pytest.skip("programs of x86_64 are run as root here: chroot, setpriv and glibc's loader")
    folder = Path(f"/tmp/linkmode-starts-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)
