"""What is read besides the headers: build IDs, sections, symbol tables, paths of the machine that built it."""

import struct
from io import BytesIO

import pytest
from elf_maker import BASE, DYN, PT_NOTE, Elf, with_sections
from reading import ZLIB, contents, facts, holding

from linkmode.audit.read import elf


def test_contents_are_read_only_when_they_are_asked_for() -> None:
    raw = holding(ZLIB)
    assert elf.facts(BytesIO(raw), len(raw)).contents is None


def test_the_headers_facts() -> None:
    note = struct.pack("<III4s", 4, 4, 3, b"GNU\0") + b"\xde\xad\xbe\xef"
    found = facts(Elf(type=DYN, notes=note, tags=((22, 0),), is_dynamic=True).build())
    assert (found.os_abi, found.build_id, found.text_relocations) == ("System V", "deadbeef", True)
    assert found.entry > BASE
    plain = facts(Elf(tags=((30, 8),), is_dynamic=True).build())
    assert (plain.build_id, plain.text_relocations) == (None, False)
    assert facts(Elf(tags=((30, 4),), is_dynamic=True).build()).text_relocations
    raw = bytearray(Elf().build())
    raw[7] = 200
    assert facts(bytes(raw)).os_abi == "OS/ABI 200"


def test_a_build_id_that_stands_in_a_section_alone() -> None:
    note = struct.pack("<III4s", 4, 4, 3, b"GNU\0") + b"\xca\xfe\xba\xbe"
    held = ((".note.gnu.build-id", 7, 2, note),)
    assert contents(with_sections(Elf().build(), held)).build_id == "cafebabe"
    other = struct.pack("<III4s", 4, 4, 3, b"GNU\0") + b"\xde\xad\xbe\xef"
    found = facts(with_sections(Elf(notes=other).build(), held))
    assert found.contents is not None
    assert (found.build_id, found.contents.build_id) == ("deadbeef", None)


def test_a_build_id_of_no_bytes_or_a_foreign_note_is_none() -> None:
    for note in (struct.pack("<III4s", 4, 0, 3, b"GNU\0"), struct.pack("<III4s", 4, 4, 3, b"Foo\0") + b"abcd"):
        assert facts(Elf(notes=note).build()).build_id is None


def test_notes_are_bounded() -> None:
    assert PT_NOTE == 4
    assert facts(Elf(notes=struct.pack("<III", 0, 0, 0) * 20_000).build()).build_id is None


def test_sections() -> None:
    raw = with_sections(
        Elf().build(), ((".text", 1, 6, b"\xc3" * 9), (".bss", 8, 3, b""), (".odd\n", 0x70000001, 0, b"x"))
    )
    found = contents(raw)
    listed = [(section.name, section.type, section.size) for section in found.sections]
    assert listed[:3] == [(".text", "PROGBITS", 9), (".bss", "NOBITS", 0), (r".odd\x0a", "0x70000001", 1)]
    assert (found.symbol_table, found.debug_info, found.problems) == ("no", "no", ())


def test_without_sections_nothing_is_claimed() -> None:
    found = contents(Elf().build())
    assert (found.sections, found.symbol_table, found.debug_info, found.ifunc) == ((), "unknown", "unknown", "unknown")


@pytest.mark.parametrize(
    ("sections", "symbols", "debug"),
    [
        (((".symtab", 2, 0, b"x"),), "yes", "no"),
        (((".debug_info", 1, 0, b"x"),), "no", "yes"),
        (((".zdebug_info", 1, 0, b"x"),), "no", "yes"),
        (((".debug_info", 1, 0, b""),), "no", "no"),
        (((".gnu_debuglink", 1, 0, b"x"),), "no", "elsewhere"),
    ],
)
def test_symbols_and_debug_information(
    sections: tuple[tuple[str, int, int, bytes], ...], symbols: str, debug: str
) -> None:
    found = contents(with_sections(Elf().build(), sections))
    assert (found.symbol_table, found.debug_info) == (symbols, debug)


@pytest.mark.parametrize(
    ("at", "value", "problem"),
    [
        (40, struct.pack("<Q", 1 << 62), "the section headers lie outside the file"),
        (58, struct.pack("<H", 40), "section headers of 40 bytes, 64 expected"),
        (60, struct.pack("<H", 60000), "60000 section headers, at most 4096 expected"),
        (60, struct.pack("<H", 400), "the section headers lie outside the file"),
    ],
)
def test_section_headers_that_lie_are_a_problem_and_no_refusal(at: int, value: bytes, problem: str) -> None:
    raw = bytearray(with_sections(Elf().build(), ((".text", 1, 6, b"\xc3"),)))
    raw[at : at + len(value)] = value
    found = contents(bytes(raw))
    assert (found.problems, found.sections) == ((f"section headers: {problem}",), ())


def test_a_section_outside_the_file_is_a_problem() -> None:
    raw = bytearray(with_sections(Elf().build(), ((".text", 1, 6, b"\xc3"),)))
    table = struct.unpack_from("<Q", raw, 40)[0]
    struct.pack_into("<Q", raw, table + 64 + 32, 1 << 40)
    assert "a section holds 1099511627776 bytes" in contents(bytes(raw)).problems[0]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (b"\0/home/me/app/src/main.c\0", ["/home/me/app/src/main.c"]),
        (b'"/builds/x/y/lib.hpp:12"', ["/builds/x/y/lib.hpp"]),
        (b"\0/usr/include/c++/12/bits/vector.h\0", []),
        (b"\0/usr/lib/go-1.19/src/runtime/proc.go\0", []),
        (b"\0/rustc/abc/library/core/src/lib.rs\0", []),
        (b"\0src/main.c\0../../src/main.c\0", []),
        (b"\0/main.c\0", []),
        (b"\0//x/y/main.c\0", []),
        (b"\0/etc/app/x.conf /home/me/notes.txt\0", []),
        (b"\0/home/me/app.core\0", []),
        (
            b"x/home/me/.cargo/registry/src/i-1/serde-1.0.1/src/de.rsnext",
            ["/home/me/.cargo/registry/src/i-1/serde-1.0.1/src/de.rs"],
        ),
    ],
)
def test_paths_of_the_machine_that_built_it(text: bytes, paths: list[str]) -> None:
    raw = holding(text)
    found = contents(raw)
    assert [one.text for one in found.build_paths] == paths
    assert found.build_path_count == len(paths)
    assert all(raw[one.offset :].startswith(one.text.encode()) for one in found.build_paths)


def test_paths_are_counted_and_some_are_shown() -> None:
    found = contents(holding(b"".join(b"\0/build/app/file%d.c\0" % number for number in range(200_000))))
    assert (found.build_path_count, len(found.build_paths)) == (10_000, 10)
