"""Which libraries lie inside a file, told by texts that only they leave: also crates, and the glibc of a static one."""

import json
import zlib

import pytest
from elf_maker import ABI_TAG, GLIBC_LOADER, Elf, interp, with_sections
from reading import ZLIB, components, contents, holding

from linkmode.audit.read import image

SVM = b"\0com.oracle.svm.core.VM=%s\0com.oracle.svm.core.VM.Java.Version=25.0.5\0"


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
        (b"terminating due to %s exception of type %s: %s", [("library", "libc++abi", None)]),
        (b"terminating with %s exception of type %s", [("library", "libc++abi", None)]),
        (b"\0NSt3__18ios_baseE\0", [("library", "libc++", None)]),
        (b"\0_ZTINSt3__18ios_baseE\0", []),  # a program that takes it from libc++.so.1
        (b"GNU MP: Cannot allocate memory (size=%lu)\n", [("library", "GMP", None)]),
        (b"mimalloc: warning: ", [("library", "mimalloc", None)]),
        (b"/rustc/" + b"0a" * 20 + b"/library/std/src/fs.rs", [("library", "rust-std", None)]),
        (b"/rustc/" + b"0a" * 20 + b"/library/core/src/fmt.rs", []),
        (b"Fatal error in uncaught exception handler: exception %s\n", [("library", "OCaml runtime", None)]),
        (b"Fatal error in uncaught exception handler: exception \0", []),  # that of OCaml's Printexc, in any program
        (b'core was built for runtime "%.*s" but this is "%s"\n', [("library", "SBCL runtime", None)]),
        (SVM % b"GraalVM CE 25.0.4+7.1", [("library", "GraalVM", "25.0.4"), ("library", "OpenJDK", "25.0.5")]),
        (SVM % b"", [("library", "OpenJDK", "25.0.5")]),  # one whose builder was not told its own version
        (b"\0com.oracle.svm.core.VM=GraalVM CE 25.0.4\0", []),  # the text alone, as a scanner has it
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


def test_crates_by_their_sources_paths() -> None:
    text = b"x/root/.cargo/registry/src/index.example.com-6f17d22bba15001f/serde_json-1.0.108/src/de.rsnext"
    assert components(holding(text)) == [("rust", "serde_json", "1.0.108")]


def test_crates_that_cargo_auditable_lists() -> None:
    listed = {"packages": [{"name": "a", "version": "1.0.0"}, {"name": "b", "version": "2.0.0", "kind": "build"}]}
    raw = with_sections(Elf().build(), ((".dep-v0", 1, 0, zlib.compress(json.dumps(listed).encode())),))
    assert components(raw) == [("rust", "a", "1.0.0")]


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        *map(zlib.compress, (b"[]", b'{"packages": [1]}', b"[" * 200_000, b'{"packages": [], "packages": []}')),
    ],
)
def test_a_broken_list_of_crates_is_a_problem(body: bytes) -> None:
    (problem,) = contents(with_sections(Elf().build(), ((".dep-v0", 1, 0, body),))).problems
    assert problem.startswith(".dep-v0: no list of crates: ")


@pytest.mark.parametrize(
    ("text", "version"),
    [(b"\0glibc 2.36\0", "2.36"), (b"\0glibc 2.36\0\0glibc 2.31\0", None), (b"a glibc 2.36\0", None), (b"", None)],
)
def test_the_version_of_the_glibc_inside(text: bytes, version: str | None) -> None:
    assert contents(Elf(notes=ABI_TAG, code=b"\xc3" + text).build()).libc_version == version


def test_the_version_of_a_shared_glibc_is_not_its_users() -> None:
    made = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), code=b"\xc3\0glibc 2.36\0")
    assert contents(made.build()).libc_version is None


@pytest.mark.parametrize(("commit", "version"), [("0a0a0a0a0", "1.95.0"), ("1b1b1b1b1", None)])
def test_rusts_library_has_the_version_of_the_compiler_with_its_commit(commit: str, version: str | None) -> None:
    raw = holding(b"/rustc/" + b"0a" * 20 + b"/library/std/src/fs.rs\0")
    comment = f"rustc version 1.95.0 ({commit} 2026-04-14)".encode() + b"\0"
    assert components(with_sections(raw, ((".comment", 1, 0, comment),))) == [("library", "rust-std", version)]


LIBC = b"\xc3com.oracle.svm.core.VM.Target.LibC=com.oracle.svm.hosted.c.libc.Hosted%s\0"


@pytest.mark.parametrize(
    ("libc", "problems"),
    [(b"GLibC", ()), (b"MuslLibC", ("GraalVM's texts: made for musl, and the headers are glibc's",))],
)
def test_what_graalvm_says_of_the_libc_is_held_against_the_headers(libc: bytes, problems: tuple[str, ...]) -> None:
    raw = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), code=LIBC % libc).build()
    assert contents(raw).problems == problems
