"""No link mode is told for a program that Linux or its loader does not start; the audit and the checker agree on why.

The programs are made by startable.py, which really start, and changed in one place or several. On x86_64 as root each
that has a mode is run: a static one in an empty root.
"""

import os
import platform
import shutil
import struct
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from checker import IS_FULL, difference
from elf_maker import GLIBC_LOADER, MUSL_LOADER
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from start_cases import BASES, LATER, MODES, NONE, OUTSIDE, REFUSED, TWO_MEANINGS, UNTRUE
from startable import DATA, PT_DYNAMIC, PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_PHDR, PT_TLS, Program, Row

from linkmode.audit.judge import verdict
from linkmode.audit.read import elf
from linkmode.audit.read.image import NotAudited
from linkmode.audit.read.memory import DOUBT

CERTAIN = "so that it cannot be started"
OPTIONS = ((), ("--expect", "static"), ("--expect", "mostly_static"), ("--expect", "dynamic", "--allow", "libz.so.1"))


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


@pytest.mark.parametrize("what", [*NONE, *REFUSED, *MODES])
def test_the_checker_agrees(sanitized: Path, what: str, tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes({**NONE, **REFUSED, **MODES}[what][0].build())
    assert [found for options in OPTIONS if (found := difference(sanitized, path, options))] == []


@pytest.mark.parametrize(
    ("machine", "loader", "mode"), [(62, GLIBC_LOADER, None), (183, "/lib/ld-linux-aarch64.so.1", "mostly_static")]
)
def test_a_page_is_larger_on_some_machines(
    sanitized: Path, machine: int, loader: str, mode: str | None, tmp_path: Path
) -> None:
    """PT_GNU_RELRO ends where a page of 64 KiB does, as lld 14 links with -z common-page-size=65536."""
    program = Program(loader=loader.encode() + b"\0", needed=("libc.so.6",))
    program.rows.append(Row(PT_GNU_RELRO, 4, DATA, DATA, 0x1000, 0x10000 - DATA, 1))
    raw = bytearray(program.build())
    raw[18] = machine
    assert judged(bytes(raw)).mode == mode
    path = tmp_path / "program"
    path.write_bytes(raw)
    assert [found for options in OPTIONS if (found := difference(sanitized, path, options))] == []


@pytest.mark.parametrize("what", NONE)
def test_what_cannot_be_started_has_no_mode(what: str) -> None:
    program, words = NONE[what]
    found = judged(program.build())
    assert found.mode is None
    assert found.reason.startswith(words)
    assert found.reason.endswith((CERTAIN, DOUBT))
    assert {one.answer for one in found.images} == {"no"}


@pytest.mark.parametrize("what", REFUSED)
def test_what_contradicts_itself_is_refused(what: str) -> None:
    program, words = REFUSED[what]
    with pytest.raises(NotAudited) as refused:
        judged(program.build())
    assert refused.value.problem.startswith(words)


@pytest.mark.parametrize("what", MODES)
def test_what_can_be_started_has_its_mode(what: str) -> None:
    program, mode = MODES[what]
    assert judged(program.build()).mode == mode


@pytest.mark.parametrize("what", [name for name, (_, mode) in MODES.items() if mode != "dynamic"])
def test_what_has_a_mode_really_starts(what: str, root: Path) -> None:
    program, mode = MODES[what]
    if "musl" in what and not Path(MUSL_LOADER).exists():
        pytest.skip(f"{MUSL_LOADER} loads it")
    assert starts(root, program.build(), mode == "static") is (what not in UNTRUE)


@pytest.mark.parametrize("what", [name for name in (*NONE, *REFUSED) if "musl" not in name])
def test_what_has_none_really_does_not(what: str, root: Path) -> None:
    program = {**NONE, **REFUSED}[what][0]
    assert starts(root, program.build(), program.loader is None) is (what in (*LATER, *TWO_MEANINGS))


VALUES = (
    *(0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0x40, 0x440, 0x700, 0x900, 0xFFF, 0x1000, 0x1001, 0x2000, 0x3000, 0x10000),
    *(0x400000, 0x400900, 0x401000, 2**31, 2**32 - 1, 2**47 - 4096, 2**47, 2**62, 2**63, 2**64 - 4096, 2**64 - 1),
)
KINDS = (PT_LOAD, PT_DYNAMIC, PT_INTERP, 4, PT_PHDR, PT_TLS, PT_GNU_RELRO, 0x6474E553)
AWAY = (0, 0x3000, OUTSIDE, 0x500000, 2**47, 2**63, 2**64 - 8)
TAGS = (
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    12,
    13,
    17,
    18,
    19,
    23,
    25,
    27,
    32,
    33,
    36,
    0x6FFFFEF5,
    0x6FFFFFF0,
    0x6FFFFFFC,
    0x6FFFFFFE,
)


@st.composite
def edited(draw: st.DrawFn) -> Program:
    """Draw a program that starts, with one to three changes: of a header's field, a header or a tag."""
    program = BASES[draw(st.sampled_from(sorted(BASES)))]()
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.integers(0, 5)):
            case 0 | 1 if program.rows:
                row = draw(st.sampled_from(program.rows))
                name = draw(st.sampled_from(sorted(vars(row))))
                value = draw(st.sampled_from(VALUES))
                setattr(row, name, value % 2**32 if name in ("type", "flags") else value)
            case 2:
                at, size = (
                    draw(st.sampled_from((0, 0x700, 0x900, DATA, 0x1800, 0x2000))),
                    draw(st.sampled_from((8, 256))),
                )
                flags, align = draw(st.integers(4, 7)), draw(st.sampled_from((0, 1, 8, 0x1000)))
                row = Row(draw(st.sampled_from(KINDS)), flags, at, at, size, size, align)
                program.rows.insert(draw(st.integers(0, len(program.rows))), row)
            case 3 if program.rows:
                program.rows.pop(draw(st.integers(0, len(program.rows) - 1)))
            case 4 if program.tags:
                program.tags.pop(draw(st.integers(0, len(program.tags) - 1)))
            case _:
                program.tags.append((draw(st.sampled_from(TAGS)), draw(st.sampled_from(AWAY))))
    return program


def is_code_whole(program: Program) -> bool:
    """Whether the code is where it was: what another place of the file has as code, no audit can tell."""
    return all(row.offset == row.address for row in program.rows if row.type == PT_LOAD)


@settings(
    max_examples=5_000 if IS_FULL else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(program=edited())
def test_any_change(sanitized: Path, root: Path, program: Program) -> None:
    raw = program.build()
    path = root / "asked"
    path.write_bytes(raw)
    assert difference(sanitized, path, OPTIONS[len(program.rows) % len(OPTIONS)]) == ""
    try:
        found = judged(raw)
    except NotAudited:
        return
    if found.reason.endswith(CERTAIN):
        assert not starts(root, raw, program.loader is None), found.reason
    elif found.mode in ("static", "mostly_static") and is_code_whole(program):
        assert starts(root, raw, found.mode == "static"), found.reason


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
