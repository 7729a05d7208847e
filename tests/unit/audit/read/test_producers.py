"""Which compilers and linkers made a file, and what Go says of itself and of its modules."""

import pytest
from elf_maker import Elf, with_sections
from reading import components, contents, holding


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
    assert components(raw) == [
        ("go", "stdlib", "1.21.4"),
        ("go", "golang.org/x/net", "0.17.0"),
        ("go", "example.com/new", "2.0.0"),
    ]


def test_go_without_modules_and_of_no_release() -> None:
    (producer,) = contents(go_program(b"devel +abc", b"")).producers
    assert (producer.tool, producer.version, producer.evidence) == ("Go", None, "build information: devel +abc")


def test_gos_mark_alone_is_no_go_program() -> None:
    assert contents(holding(b"\xff Go buildinf:")).producers == ()
    assert contents(_aligned(b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\xff\xff\xff\xff\x7f")).producers == ()
