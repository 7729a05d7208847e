"""No real program that starts is said not to: every field of its program headers is changed, and each result is run."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from checker import CERTAIN, IS_FULL, difference, judged, starts
from startable import PT_DYNAMIC, PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_PHDR, PT_TLS

from linkmode.audit.read.image import NotAudited

KINDS = (PT_LOAD, PT_DYNAMIC, PT_INTERP, 4, PT_PHDR, PT_TLS, PT_GNU_RELRO, 0x6474E553)
LIBC_INSIDE = """
#include <stdio.h>
#include <stdlib.h>
static __thread int one = 41;
static __thread char more[100];
int main(void) { char *text = malloc(9); one++; more[3] = 1; return printf("%p", (void *)text) < 1 || one != 42; }
"""
FIELDS = {"offset": 8, "address": 16, "file size": 32, "memory size": 40, "alignment": 48}


def field_changes(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Each program header with another type, other flags, and other numbers near its own and far from them."""
    start, count = struct.unpack_from("<Q", raw, 32)[0], struct.unpack_from("<H", raw, 56)[0]
    for at in range(start, start + 56 * count, 56):
        kind, flags = struct.unpack_from("<II", raw, at)
        for other in {0, *KINDS} - {kind}:
            yield f"0x{kind:x} is 0x{other:x}", raw[:at] + struct.pack("<I", other) + raw[at + 4 :]
        for other in set(range(8)) - {flags}:
            yield f"flags of 0x{kind:x}: {other}", raw[: at + 4] + struct.pack("<I", other) + raw[at + 8 :]
        for name, inside in FIELDS.items():
            value = struct.unpack_from("<Q", raw, at + inside)[0]
            near = {value + 1, value - 1, value + 8, value - 8, value + 4096, value - 4096, value ^ 0x1000, value // 2}
            for other in {one % 2**64 for one in {*near, 0, 3, 16, 2**47, 2**62, 2**64 - 8}} - {value}:
                changed = raw[: at + inside] + struct.pack("<Q", other) + raw[at + inside + 8 :]
                yield f"{name} of 0x{kind:x}: 0x{other:x}", changed


@pytest.mark.parametrize("compiler", ["gcc", "musl-gcc"])
@pytest.mark.parametrize("option", ["-static -no-pie", "-static-pie", "-no-pie", "-pie"])
def test_a_program_that_starts_is_not_said_not_to(compiler: str, option: str, root: Path, sanitized: Path) -> None:
    """Real start code and loaders: musl's and glibc's, inside and beside, on every field of the program headers."""
    source, made, path = root / "source.c", root / "made", root / "asked"
    source.write_text(LIBC_INSIDE)
    command = [compiler, "-O1", "-fPIE", *option.split(), str(source), "-o", str(made)]
    if not shutil.which(compiler) or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"{compiler} links nothing with {option}")
    raw = made.read_bytes()
    is_static = judged(raw).mode == "static"
    assert starts(root, raw, is_static)
    cases = list(field_changes(raw))
    untrue = []
    for number, (what, changed) in enumerate(cases):
        if number % (1 if IS_FULL else 40) == 0:
            path.write_bytes(changed)
            assert difference(sanitized, path, ()) == ""
        try:
            found = judged(changed)
        except NotAudited:
            continue
        says_no = found.reason.endswith(CERTAIN) or found.reason.startswith("a shared object")
        if says_no and starts(root, changed, is_static):
            untrue.append(f"{what}: {found.reason}")
    assert untrue == []
    assert len(cases) > 500
