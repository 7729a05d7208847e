"""Files that are not what a path promises: one line each, an exit code, no hang, no traceback, bounded memory."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from elf_maker import GLIBC_LOADER, Elf, interp

import linkmode

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(linkmode.__file__).parents[1])}
LIMIT = 600 << 20
"""Bytes of address space: Python, its libraries and the audit, whatever the file's size."""

_LIMITED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT}, {LIMIT}))
from linkmode.cli.main import main
sys.exit(main())
"""


def audit(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with little memory; two minutes are far more than it may take."""
    return subprocess.run(
        [sys.executable, "-c", _LIMITED, "audit", *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(path: Path) -> str:
    """Audit one path; return the one line that says why it is not audited."""
    done = audit(path)
    assert (done.returncode, done.stdout) == (3, ""), done
    (line,) = done.stderr.splitlines()
    prefix = f"{path}: not audited: "
    assert line.startswith(prefix), line
    return line.removeprefix(prefix)


def test_devices_and_pipes(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (Path("/dev/zero"), Path("/dev/null"), fifo):
        if path.exists():
            assert refused(path) == "not a regular file"


def test_links(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("loop", "a"):
        assert refused(tmp_path / name) == "cannot be read: Too many levels of symbolic links"
    assert refused(tmp_path / "dangling") == "cannot be read: No such file or directory"


def test_a_link_to_a_program_is_audited(tmp_path: Path) -> None:
    (tmp_path / "app").write_bytes(Elf().build())
    (tmp_path / "link").symlink_to("app")
    assert audit(tmp_path / "link").returncode == 0


FAT = struct.pack(">II", 0xCAFEBABE, 2) + bytes(200)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "an empty file"),
        (b"\x7f", "not an ELF file"),
        (b"\x7fELF\x02\x01\x01" + bytes(3), "truncated: the file ends inside the ELF header"),
        (FAT, "a Java class or a universal Mach-O file, not an ELF file"),
        (b"\xcf\xfa\xed\xfe" + bytes(60), "a Mach-O program, not an ELF file"),
        (b"MZ" + bytes(200), "a Windows program (PE), not an ELF file"),
        (b"BC\xc0\xde" + bytes(60), "LLVM bitcode, not a linked ELF file"),
        (Elf().build()[:100], "truncated: the file ends inside the program headers"),
        (Elf(type=1).build(), "a relocatable object (.o), not linked yet"),
        # The class says 32 bits of a file with 64, or the byte order is the other one: Linux starts it all the same.
        (
            Elf().build()[:4] + b"\1" + Elf().build()[5:],
            "malformed: its first bytes say 32-bit little-endian (EI_CLASS, EI_DATA), and Linux, which does not ask "
            "them, reads it as x86_64, 64-bit little-endian",
        ),
        (
            Elf().build()[:5] + b"\2" + Elf().build()[6:],
            "malformed: its first bytes say 64-bit big-endian (EI_CLASS, EI_DATA), and Linux, which does not ask them, "
            "reads it as x86_64, 64-bit little-endian",
        ),
        # Of RISC-V, Linux asks both: its counts are then read from elsewhere in the header, and 512 is no type.
        (
            Elf(machine=243).build()[:4] + b"\1" + Elf(machine=243).build()[5:],
            "malformed: no program headers, so nothing that could be loaded",
        ),
        (
            Elf(machine=243).build()[:5] + b"\2" + Elf(machine=243).build()[6:],
            "malformed: ELF type 512, 2 (EXEC) or 3 (DYN) expected",
        ),
    ],
)
def test_what_is_no_program(raw: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(raw)
    assert refused(tmp_path / "file") == words


def test_segments_that_overlap(tmp_path: Path) -> None:
    raw = Elf(segments=((1, 0, 60),)).build()
    (tmp_path / "file").write_bytes(raw)
    assert refused(tmp_path / "file") == "malformed: PT_LOAD segments overlap or are out of order"


def test_version_needs_in_a_circle_end(tmp_path: Path) -> None:
    # vn_next and vna_next are unsigned, so that a circle needs records that overlap: many small steps.
    made = Elf(interp=interp(GLIBC_LOADER), needs=(("libc.so.6", ("GLIBC_2.4",)),)).build()
    at = made.index(struct.pack("<HHI", 1, 1, 1))
    for aux, following in ((0, 1), (16, 1), (0, 0xFFFFFFF0), (0xFFFFFFF0, 0)):
        raw = bytearray(made)
        struct.pack_into("<II", raw, at + 8, aux, following)
        (tmp_path / "file").write_bytes(raw)
        done = audit(tmp_path / "file")
        assert done.returncode == 3
        assert done.stderr.count("\n") == 1
        assert "malformed: " in done.stderr


def test_a_name_of_control_characters_cannot_forge_a_line(tmp_path: Path) -> None:
    raw = Elf(interp=interp(GLIBC_LOADER), needed=("lib\nmode: static\x1b[2J",)).build()
    (tmp_path / "file").write_bytes(raw)
    text = audit(tmp_path / "file").stdout
    assert r"needed: lib\x0amode: static\x1b[2J" in text
    assert "\nmode: static\n" not in text


def test_memory_is_flat_in_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(Elf().build())
    os.truncate(path, 700 << 20)  # sparse: more than the process may hold
    done = audit(path)
    assert (done.returncode, done.stderr) == (0, "")
    path.write_bytes(Elf(code=b"\xc3" + b"/.c" * 4_000_000).build())
    assert audit(path).returncode == 0


def test_a_file_of_many_texts_takes_bounded_work(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_bytes(Elf(code=b"\xc3" + b"OpenSSL 1.0.expat_ncurses flate 1." * 200_000).build())
    done = audit(path)
    assert done.returncode == 0
    assert "unreadable: texts: no more than " in done.stdout


def test_huge_counts(tmp_path: Path) -> None:
    path = tmp_path / "file"
    raw = bytearray(Elf().build())
    struct.pack_into("<Q", raw, 40, 64)  # section headers at byte 64
    struct.pack_into("<HHH", raw, 58, 64, 0, 0xFFFF)  # their number stands in the first of them
    struct.pack_into("<Q", raw, 64 + 32, 2**63)
    path.write_bytes(raw)
    assert audit(path).returncode == 3  # the first program header is there
    path.write_bytes(Elf(tags=((1, 0),) * 1025).build())
    assert refused(path) == "malformed: more than 1024 DT_NEEDED entries"
