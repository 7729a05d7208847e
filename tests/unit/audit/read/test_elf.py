"""Facts of ELF files that are right, and the refusal of those that are not."""

import os
import struct
from io import BytesIO
from pathlib import Path

import pytest
from elf_maker import (
    ABI_TAG,
    BASE,
    DYN,
    GLIBC_LOADER,
    GO_NOTE,
    MUSL_LOADER,
    MUSL_START,
    PIE,
    PT_DYNAMIC,
    PT_INTERP,
    PT_NOTE,
    Elf,
    interp,
)

from linkmode.audit.read import elf
from linkmode.audit.read.elf import NotAudited
from linkmode.audit.read.facts import Facts, VersionNeed

RISCV64_START = bytes.fromhex("97f1ffff9381c1530a8597f5fffe938525d3137101ff170300006700830000")
"""Of a static program that Zig 0.15.2 linked for riscv64-linux-musl."""


def facts(raw: bytes) -> Facts:
    return elf.facts(BytesIO(raw), len(raw))


def refusal(raw: bytes) -> str:
    with pytest.raises(NotAudited) as caught:
        facts(raw)
    assert caught.value.exit_code == 3
    return str(caught.value)


def patched(raw: bytes, at: int, new: bytes) -> bytes:
    return raw[:at] + new + raw[at + len(new) :]


def test_static_musl() -> None:
    found = facts(Elf(code=MUSL_START).build())
    assert (found.kind, found.interpreter, found.needed, found.libc) == ("executable", None, (), "musl")
    assert found.libc_evidence == "its entry point is musl's _start"


def test_static_pie_is_told_by_its_flag_and_has_no_interpreter() -> None:
    found = facts(Elf(type=DYN, tags=(PIE,), code=MUSL_START).build())
    assert (found.kind, found.interpreter, found.needed) == ("static-pie", None, ())


def test_without_the_flag_an_et_dyn_file_is_a_shared_object() -> None:
    assert facts(Elf(type=DYN, is_dynamic=True).build()).kind == "shared object"


def test_a_pie_of_a_linker_older_than_the_flag() -> None:
    assert facts(Elf(type=DYN, interp=interp(GLIBC_LOADER), needed=("libc.so.6",)).build()).kind == "pie"


def test_libc_itself_is_a_shared_object_though_it_has_an_interpreter() -> None:
    assert facts(Elf(type=DYN, interp=interp(GLIBC_LOADER), soname="libc.so.6").build()).kind == "shared object"


MUSL_TEXTS = (b"-0X+0X 0X-0x+0x 0x", b"No error information")


@pytest.mark.parametrize(("bits", "big", "machine", "name"), [(64, False, 183, "aarch64"), (32, True, 8, "mips")])
def test_both_classes_and_byte_orders(bits: int, big: bool, machine: int, name: str) -> None:
    found = facts(
        Elf(
            bits=bits,
            big=big,
            machine=machine,
            interp=b"/lib/x\0",
            needed=("a", "libc.so.6"),
            runpath="$ORIGIN",
            needs=(("libc.so.6", ("GLIBC_2.4", "GLIBC_2.17")), ("libm.so.6", ("GLIBC_2.29",))),
        ).build()
    )
    assert (found.bits, found.endianness, found.machine) == (bits, "big" if big else "little", name)
    assert (found.interpreter, found.needed, found.runpath, found.rpath) == (
        "/lib/x",
        ("a", "libc.so.6"),
        "$ORIGIN",
        None,
    )
    assert found.version_needs == (
        VersionNeed("libc.so.6", ("GLIBC_2.4", "GLIBC_2.17")),
        VersionNeed("libm.so.6", ("GLIBC_2.29",)),
    )
    assert found.glibc_required == "2.29"


def test_a_machine_without_a_name_is_given_by_its_number() -> None:
    assert facts(Elf(machine=12345).build()).machine == "machine 12345"


def test_versions_are_compared_as_numbers() -> None:
    needs = (("libc.so.6", ("GLIBC_2.9", "GLIBC_2.10", "GLIBC_2.2.5", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR")),)
    found = facts(Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=needs).build())
    assert (found.glibc_required, found.glibc_unnumbered) == ("2.36", ("GLIBC_PRIVATE",))


@pytest.mark.parametrize(("flags", "words"), [(6, "no"), (7, "yes"), (None, "unset")])
def test_executable_stack(flags: int | None, words: str) -> None:
    assert facts(Elf(stack=flags).build()).executable_stack == words


@pytest.mark.parametrize(
    ("relro", "tags", "expected"),
    [
        (False, (), ("none", False)),
        (True, (), ("partial", False)),
        (True, ((24, 0),), ("full", True)),
        (True, ((30, 8),), ("full", True)),
        (True, ((0x6FFFFFFB, 1),), ("full", True)),
        (False, ((30, 8),), ("none", True)),
    ],
)
def test_relro_and_bind_now(relro: bool, tags: tuple[tuple[int, int], ...], expected: tuple[str, bool]) -> None:
    found = facts(Elf(relro=relro, tags=tags, is_dynamic=True).build())
    assert (found.relro, found.bind_now) == expected


@pytest.mark.parametrize(
    ("made", "libc", "evidence"),
    [
        (Elf(notes=ABI_TAG), "glibc", "NT_GNU_ABI_TAG"),
        (Elf(notes=GO_NOTE + ABI_TAG), "glibc", "NT_GNU_ABI_TAG"),
        (Elf(notes=GO_NOTE, code=MUSL_START), "musl", "_start"),
        (Elf(notes=GO_NOTE), "none", "Go's linker"),
        (Elf(code=RISCV64_START, machine=243), "musl", "_start"),
        (Elf(code=RISCV64_START), "unknown", "no note"),
        (Elf(code=b"\x97" * 10 + RISCV64_START, machine=243), "unknown", "no note"),
        (Elf(code=b"\xc3" + b"\0".join(MUSL_TEXTS)), "musl", '"-0X+0X 0X-0x+0x 0x"'),
        (Elf(code=b"\xc3" + MUSL_TEXTS[0]), "unknown", '"-0X+0X 0X-0x+0x 0x" among its loadable bytes is a hint'),
        (Elf(code=b"\xc3 GLIBC_TUNABLES No error information\0"), "unknown", '"GLIBC_TUNABLES" among its loadable'),
        (Elf(code=b"\xc3" * 100), "unknown", "no note"),
        (Elf(interp=interp(GLIBC_LOADER)), "glibc", GLIBC_LOADER),
        (Elf(interp=interp("/opt/x/ld-musl-x86_64.so.1")), "musl", "/opt/x"),
        (Elf(interp=interp("/system/bin/linker64"), needed=("libc.so",)), "other", "linker64"),
        (Elf(type=DYN, needed=("libz.so.1", "libc.musl-x86_64.so.1")), "musl", "libc.musl-x86_64.so.1"),
        (Elf(type=DYN, needed=("x",), needs=(("x", ("GLIBC_2.4",)),)), "glibc", "GLIBC_2.4 of x"),
        (Elf(type=DYN, needed=("libz.so.1",)), "unknown", "needs no library of"),
        (Elf(type=DYN, is_dynamic=True), "none", "needs no library"),
    ],
)
def test_libc_and_its_evidence(made: Elf, libc: str, evidence: str) -> None:
    found = facts(made.build())
    assert found.libc == libc
    assert evidence in found.libc_evidence


def test_a_text_across_two_pieces_of_the_search_is_found() -> None:
    for shift in (0, 7, 12, 30):
        code = b"\xc3" * ((1 << 20) - 200 + shift)
        texts = MUSL_TEXTS[1] + b"\0" * 500 + MUSL_TEXTS[0]
        assert facts(Elf(code=code + texts).build()).libc == "musl"


def test_section_headers_are_never_looked_at() -> None:
    raw = Elf(interp=interp(MUSL_LOADER), needed=("libc.so",)).build()
    nonsense = patched(raw, 40, struct.pack("<Q", 1 << 62))
    nonsense = patched(nonsense, 58, struct.pack("<HHH", 64, 0xFFFF, 0xFFFE))
    assert facts(nonsense) == facts(raw)


def test_strings_that_are_not_plain_text_are_escaped() -> None:
    raw = Elf(type=DYN, needed=("libx",)).build().replace(b"libx\0", b"\nb\xff\\\0")
    assert facts(raw).needed == (r"\x0ab\xff\x5c",)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "an empty file"),
        (b"#!/bin/sh\n", "a script (#!), not an ELF file"),
        (b"!<arch>\nabc", "a static library (ar archive), not a linked ELF file"),
        (b"MZ", "a Windows program (PE), not an ELF file"),
        (b"\x7fEL", "not an ELF file"),
        (b"\0" * 5000, "not an ELF file"),
        (b"\x7fELF", "truncated: the file ends inside the ELF header"),
        (Elf().build()[:63], "truncated: the file ends inside the ELF header"),
        (Elf().build()[:70], "truncated: the file ends inside the program headers"),
        (Elf(type=1).build(), "a relocatable object (.o), not linked yet"),
        (Elf(type=4).build(), "a core dump, not a program"),
        (Elf(type=9).build(), "malformed: ELF type 9, 2 (EXEC) or 3 (DYN) expected"),
        (patched(Elf().build(), 4, b"\3"), "malformed: class (EI_CLASS) is 3, 1 or 2 expected"),
        (patched(Elf().build(), 5, b"\0"), "malformed: byte order (EI_DATA) is 0, 1 or 2 expected"),
        (patched(Elf().build(), 56, b"\0\0"), "malformed: no program headers, so nothing that could be loaded"),
        (patched(Elf().build(), 56, b"\xff\xff"), "malformed: 65535 program headers, at most 1024 expected"),
        (patched(Elf().build(), 54, b"\x20\0"), "malformed: program headers of 32 bytes, 56 expected"),
        (patched(Elf().build(), 32, b"\xff" * 8), "truncated: the file ends inside the program headers"),
        (patched(Elf().build(), 64, b"\7"), "malformed: no PT_LOAD segment, so nothing that could be loaded"),
        (Elf().build()[:-1], "truncated: PT_LOAD holds 177 bytes from byte 0 on, of a file of 176"),
    ],
)
def test_what_is_no_linked_file(raw: bytes, words: str) -> None:
    assert refusal(raw) == words


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Elf(interp=b"x"), "malformed: PT_INTERP of 1 bytes, 2 to 4096 expected"),
        (Elf(interp=b"x" * 5000), "malformed: PT_INTERP of 5000 bytes, 2 to 4096 expected"),
        (Elf(interp=b"/lib"), "malformed: the string of PT_INTERP does not end"),
        (Elf(interp=b"/a\0", segments=((PT_INTERP, 0, 9),)), "malformed: 2 segments of type PT_INTERP"),
        (Elf(is_dynamic=True, segments=((PT_DYNAMIC, 0, 9),)), "malformed: 2 segments of type PT_DYNAMIC"),
        (Elf(segments=((PT_NOTE, 2**40, 2**40),)), "truncated: PT_NOTE holds 1099511627776 bytes from byte"),
        (Elf(segments=((PT_DYNAMIC, 0, 16),)), "malformed: the dynamic segment has no end (DT_NULL)"),
        (Elf(tags=((1, 999),)), "malformed: DT_NEEDED names byte 999 of a string table of 1 bytes"),
        (Elf(tags=((14, 2**63),)), "malformed: DT_SONAME names byte 9223372036854775808 of a string table"),
        (Elf(tags=((5, 1),)), "malformed: the dynamic string table does not lie inside a loadable segment"),
        (Elf(tags=((10, 2**50),)), "malformed: the dynamic string table does not lie inside a loadable segment"),
        (Elf(soname="x", tags=((10, 2),)), "malformed: the string of DT_SONAME does not end within 16384 bytes"),
        (Elf(tags=((1, 0),) * 1025), "malformed: more than 1024 DT_NEEDED entries"),
        (Elf(tags=((0x6FFFFFFE, 5),)), "malformed: DT_VERNEED lies outside the loadable segments"),
        (Elf(tags=((0x6FFFFFFE, BASE + 304),)), "malformed: DT_VERNEED leaves its segment"),
        (
            Elf(soname="x" * 15000, tags=((1, 1),) * 100),
            "malformed: the dynamic segment names more than 1048576 bytes of strings",
        ),
    ],
)
def test_what_contradicts_itself(made: Elf, words: str) -> None:
    assert refusal(made.build()).startswith(words)


def test_version_needs_that_never_end() -> None:
    raw = Elf(needs=(("libc.so.6", ("GLIBC_2.4",) * 3),)).build()
    # Offsets are unsigned and added, so that a step back, the only way to a cycle, leaves the segment.
    first = raw.index(struct.pack("<HHI", 1, 3, 1)) + 16
    assert refusal(patched(raw, first + 12, struct.pack("<I", 2**32 - 16))) == (
        "malformed: DT_VERNEED leaves its segment"
    )
    many = Elf(needs=(("libc.so.6", ("GLIBC_2.4",) * 4097),)).build()
    assert refusal(many) == "malformed: DT_VERNEED holds more than 4096 versions"


def test_overlapping_segments() -> None:
    made = Elf(segments=((1, 0, 8),))
    assert refusal(made.build()) == "malformed: PT_LOAD segments overlap or are out of order"


def test_a_segment_beyond_the_address_space() -> None:
    raw = patched(Elf().build(), 64 + 16, struct.pack("<Q", 2**64 - 8))
    assert refusal(raw) == "malformed: a PT_LOAD segment ends outside the address space"


def test_a_segment_with_more_bytes_than_memory() -> None:
    raw = patched(Elf().build(), 64 + 40, struct.pack("<Q", 1))
    assert refusal(raw) == "malformed: a PT_LOAD segment has more bytes in the file than in memory"


def test_a_separate_debug_file_is_not_taken_for_a_static_program() -> None:
    raw = patched(Elf().build(), 64 + 32, struct.pack("<Q", 0))
    assert refusal(raw) == "a separate debug file: its code segments hold no bytes"


def test_a_dynamic_segment_elsewhere_than_where_it_is_loaded() -> None:
    made = Elf(needed=("libc.so.6",))
    raw = made.build()
    row = raw.index(struct.pack("<II", PT_DYNAMIC, 4), 64)
    assert refusal(patched(raw, row + 16, struct.pack("<Q", BASE))) == (
        "malformed: PT_DYNAMIC does not lie inside a loadable segment"
    )


@pytest.mark.timeout(20)
def test_files_that_are_not_regular(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    cases = {
        tmp_path / "fifo": "not a regular file",
        Path("/dev/zero"): "not a regular file",
        tmp_path: "cannot be read: Is a directory",
        tmp_path / "absent": "cannot be read: No such file or directory",
        tmp_path / "loop": "cannot be read: Too many levels of symbolic links",
        Path("a\0b"): "cannot be read: embedded null byte",
    }
    for path, words in cases.items():
        with pytest.raises(NotAudited) as caught:
            elf.read(path)
        # as Python 3.13 has it
        said = str(caught.value).replace("open: embedded null character in path", "embedded null byte")
        assert said == words


def test_read_follows_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(Elf(code=MUSL_START).build())
    (tmp_path / "link").symlink_to("real")
    assert elf.read(tmp_path / "link").libc == "musl"
