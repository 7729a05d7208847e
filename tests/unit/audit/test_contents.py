"""What is read besides the headers: sections, symbols, producers, libraries, paths."""

import json
import struct
import zlib
from io import BytesIO

import pytest
from elf_maker import ABI_TAG, BASE, DYN, GLIBC_LOADER, PT_NOTE, Elf, interp, with_sections

from linkmode.audit import elf, image
from linkmode.audit.facts import Contents, Facts

ZLIB = b"\0 inflate 1.2.11 Copyright 1995-2017 Mark Adler \0"


def facts(raw: bytes) -> Facts:
    return elf.facts(BytesIO(raw), len(raw), with_contents=True)


def contents(raw: bytes) -> Contents:
    found = facts(raw).contents
    assert found is not None
    return found


def holding(text: bytes) -> bytes:
    return Elf(code=b"\xc3" * 16 + text).build()


def components(raw: bytes) -> list[tuple[str, str, str | None]]:
    return [(one.kind, one.name, one.version) for one in contents(raw).components]


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
    ("text", "expected"),
    [
        (ZLIB, [("library", "zlib", "1.2.11")]),
        (
            ZLIB + b" deflate 1.2.11 Copyright 1995-2017 Jean-loup Gailly and Mark Adler ",
            [("library", "zlib", "1.2.11")],
        ),
        (ZLIB + ZLIB.replace(b"11 ", b"13 "), [("library", "zlib", "1.2.11"), ("library", "zlib", "1.2.13")]),
        (b"inflate 1.2.11 Copyright of another", []),
        (b"\0OpenSSL 3.0.13 30 Jan 2024\0", []),  # a program that was compiled with its header
        (b'\0OpenSSL 3.0.13 30 Jan 2024\0OPENSSLDIR: "/usr/lib/ssl"', [("library", "OpenSSL", "3.0.13")]),
        (b'\0OpenSSL 1.1.1w  11 Sep 2023\0OPENSSLDIR: "/"', [("library", "OpenSSL", "1.1.1w")]),
        (b"\0expat_2.5.0\0", [("library", "expat", "2.5.0")]),
        (b"\0my_expat_2.5.0_copy\0", []),
        (b"\x001.0.8, 13-Jul-2019\0", []),
        (b"\x001.0.8, 13-Jul-2019\0bzip2/libbzip2: internal error number %d.", [("library", "bzip2", "1.0.8")]),
        (b"terminate called after throwing an instance of '", [("library", "libstdc++", None)]),
        (b"", []),
    ],
)
def test_libraries_are_told_by_texts_of_their_own(text: bytes, expected: list[tuple[str, str, str | None]]) -> None:
    assert components(holding(text)) == expected


def test_a_text_across_two_pieces_is_found_once_and_where_it_is() -> None:
    for shift in (-200, -60, -30, -1, 0, 1, 100, 130, 4000):
        raw = holding(b"\xc3" * (image.PIECE + shift) + ZLIB + b"\0" * 300)
        found = contents(raw).components
        assert [(one.name, one.offset) for one in found] == [("zlib", raw.index(b"inflate"))], shift


def test_the_evidence_is_where_the_text_is() -> None:
    raw = holding(ZLIB)
    (one,) = contents(raw).components
    assert one.evidence == 'the text "inflate 1.2.11 Copyright 1995-2017 Mark Adler"'
    assert one.offset is not None
    assert raw[one.offset :].startswith(ZLIB[2:])


@pytest.mark.parametrize(
    ("comment", "tool", "version"),
    [
        ("GCC: (Debian 12.2.0-14+deb12u1) 12.2.0", "GCC", "12.2.0"),
        ("GCC: (GNU) 4.8.5 20150623 (Red Hat 4.8.5-44)", "GCC", "4.8.5"),
        ("Debian clang version 14.0.6", "clang", "14.0.6"),
        ("clang version 20.1.2 (https://example.com/x)", "clang", "20.1.2"),
        ("Linker: LLD 22.1.8", "LLD", "22.1.8"),
        ("Linker: Debian LLD 14.0.6", "LLD", "14.0.6"),
        ("rustc version 1.95.0 (59807616e 2026-04-14)", "rustc", "1.95.0"),
        ("mold 2.4.0 (compatible with GNU ld)", "mold", "2.4.0"),
        ("My own compiler", "unknown", None),
    ],
)
def test_producers_of_the_comment(comment: str, tool: str, version: str | None) -> None:
    twice = f"{comment}\0{comment}\0\0".encode()
    (one,) = contents(with_sections(Elf().build(), ((".comment", 1, 0, twice),))).producers
    assert (one.tool, one.version, one.evidence) == (tool, version, f".comment: {comment}")


def test_rustc_is_told_by_its_folder_where_the_comment_says_nothing() -> None:
    (one,) = contents(
        holding(b"x/rustc/" + b"0123456789abcdef0123456789abcdef01234567" + b"/library/core/src/x.rs")
    ).producers
    assert (one.tool, one.version) == ("rustc", None)
    assert contents(holding(b"/rustc/notacommit/")).producers == ()


def go_program(version: bytes, modules: bytes) -> bytes:
    frame = b"0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6"
    modules = frame + modules + frame if modules else b""
    record = b"\xff Go buildinf:\x08\x02" + bytes(16)
    for text in (version, modules):
        length = len(text)
        while length >= 0x80:
            record += bytes([length & 0x7F | 0x80])
            length >>= 7
        record += bytes([length]) + text
    return _aligned(record)


def _aligned(record: bytes) -> bytes:
    for pad in range(16):
        raw = Elf(code=b"\0" * pad + record).build()
        if raw.index(record[:14]) % 16 == 0:
            return raw
    raise AssertionError


def test_go_says_its_version_and_its_modules() -> None:
    modules = (
        b"path\texample.com/app\nmod\texample.com/app\t(devel)\t\ndep\tgolang.org/x/net\tv0.17.0\th1:x\n"
        b"dep\texample.com/old\tv1.0.0\th1:y\n=>\texample.com/new\tv2.0.0\th1:z\nbuild\t-compiler=gc\n"
        + b"pad\tx\n"
        * 30
    )
    raw = go_program(b"go1.21.4", modules)
    (producer,) = contents(raw).producers
    assert (producer.tool, producer.version) == ("Go", "1.21.4")
    assert components(raw) == [("go", "golang.org/x/net", "0.17.0"), ("go", "example.com/new", "2.0.0")]


def test_go_without_modules_and_of_no_release() -> None:
    (producer,) = contents(go_program(b"devel +abc", b"")).producers
    assert (producer.tool, producer.version, producer.evidence) == ("Go", None, "build information: devel +abc")


def test_gos_mark_alone_is_no_go_program() -> None:
    assert contents(holding(b"\xff Go buildinf:")).producers == ()
    assert contents(_aligned(b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\xff\xff\xff\xff\x7f")).producers == ()


def test_crates_by_their_sources_paths() -> None:
    text = b"x/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/serde_json-1.0.108/src/de.rsnext"
    assert components(holding(text)) == [("rust", "serde_json", "1.0.108")]


def test_crates_that_cargo_auditable_lists() -> None:
    listed = {"packages": [{"name": "a", "version": "1.0.0"}, {"name": "b", "version": "2.0.0", "kind": "build"}]}
    raw = with_sections(Elf().build(), ((".dep-v0", 1, 0, zlib.compress(json.dumps(listed).encode())),))
    assert components(raw) == [("rust", "a", "1.0.0")]


@pytest.mark.parametrize(
    "body", [b"nonsense", zlib.compress(b"[]"), zlib.compress(b'{"packages": [1]}'), zlib.compress(b"[" * 200_000)]
)
def test_a_broken_list_of_crates_is_a_problem(body: bytes) -> None:
    (problem,) = contents(with_sections(Elf().build(), ((".dep-v0", 1, 0, body),))).problems
    assert problem.startswith(".dep-v0: no list of crates: ")


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


def dynamic_program(rela: bytes = b"", symbols: bytes = b"", versym: bytes = b"", gnu_hash: bytes = b"") -> bytes:
    """A PIE with tables of its own behind its code, at addresses that DT_* tags name."""
    base = Elf(type=DYN, interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=(("libc.so.6", ("GLIBC_2.34",)),))
    tables = ((7, 8, rela), (6, None, symbols), (0x6FFFFFF0, None, versym), (0x6FFFFEF5, None, gnu_hash))

    def build(places: list[int]) -> bytes:
        tags: list[tuple[int, int]] = []
        for (tag, size_tag, body), place in zip(tables, places, strict=True):
            if body:
                tags.append((tag, BASE + place))
                if size_tag:
                    tags.append((size_tag, len(body)))
        code = b"\xc3" * 8 + b"".join(body + b"\0" * (-len(body) % 8) for _, _, body in tables)
        made = Elf(type=DYN, interp=base.interp, needed=base.needed, needs=base.needs, code=code, tags=tuple(tags))
        return made.build()

    draft = build([0] * 4)
    first = draft.index(b"\xc3" * 8) + 8
    places, at = [], first
    for _, _, body in tables:
        places.append(at)
        at += len(body) + -len(body) % 8
    return build(places)


def hashed(first: int) -> bytes:
    return struct.pack("<IIII", 1, first, 1, 0) + bytes(8) + struct.pack("<I", 0)


def test_symbols_are_named_with_the_version_that_they_need() -> None:
    names = dynamic_program().index(b"libc.so.6\0")
    raw = dynamic_program(
        symbols=struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0) + struct.pack("<IBBHQQ", 1, 0x12, 0, 0, 0, 0),
        versym=struct.pack("<HH", 0, 2),
        gnu_hash=hashed(2),
    )
    assert names > 0
    found = contents(raw)
    assert found.problems == ()
    assert [(one.library, one.version, one.symbols) for one in found.imports] == [
        ("libc.so.6", "GLIBC_2.34", ("libc.so.6",))
    ]


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ({"symbols": bytes(48)}, "dynamic symbols: DT_SYMTAB without a hash table"),
        ({"symbols": bytes(48), "gnu_hash": hashed(1 << 30)}, "dynamic symbols: DT_GNU_HASH is larger than any"),
        ({"symbols": bytes(48), "gnu_hash": hashed(900_000)}, "dynamic symbols: DT_SYMTAB does not lie inside"),
        (
            {
                "symbols": struct.pack("<IBBHQQ", 1 << 30, 0, 0, 0, 0, 0) * 2,
                "gnu_hash": hashed(2),
                "versym": b"\2\0\2\0",
            },
            "symbol versions: a dynamic symbol's name at byte 1073741824 does not end",
        ),
    ],
)
def test_symbol_tables_that_lie_are_a_problem_and_no_refusal(made: dict[str, bytes], problem: str) -> None:
    assert contents(dynamic_program(**made)).problems[0].startswith(problem)


@pytest.mark.parametrize(("kind", "answer"), [(37, "yes"), (8, "no"), (37 + 256, "no"), (37 + (1 << 32), "yes")])
def test_indirect_functions_by_their_relocation(kind: int, answer: str) -> None:
    rela = struct.pack("<QQQ", 0, 8, 0) * 3 + struct.pack("<QQQ", 37, kind, 37)
    assert contents(dynamic_program(rela=rela)).ifunc == answer


def test_indirect_functions_of_a_static_program_by_its_sections() -> None:
    rela = struct.pack("<QQQ", 0, 37, 0)
    assert contents(with_sections(Elf().build(), ((".rela.plt", 4, 2, rela),))).ifunc == "yes"
    assert contents(with_sections(Elf().build(), ((".rela.text", 4, 0, rela),))).ifunc == "no"
    assert contents(with_sections(Elf(machine=8).build(), ((".rela.plt", 4, 2, rela),))).ifunc == "unknown"


@pytest.mark.parametrize(
    ("text", "version"),
    [(b"\0glibc 2.36\0", "2.36"), (b"\0glibc 2.36\0\0glibc 2.31\0", None), (b"a glibc 2.36\0", None), (b"", None)],
)
def test_the_version_of_the_glibc_inside(text: bytes, version: str | None) -> None:
    assert contents(Elf(notes=ABI_TAG, code=b"\xc3" + text).build()).libc_version == version


def test_the_version_of_a_shared_glibc_is_not_its_users() -> None:
    made = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), code=b"\xc3\0glibc 2.36\0")
    assert contents(made.build()).libc_version is None


def test_notes_are_bounded() -> None:
    assert PT_NOTE == 4
    assert facts(Elf(notes=struct.pack("<III", 0, 0, 0) * 20_000).build()).build_id is None
