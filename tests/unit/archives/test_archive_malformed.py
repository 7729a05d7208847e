"""Archives that are none: headers that contradict themselves, damaged streams, formats that are not known."""

import gzip
import lzma
import tarfile
from pathlib import Path

import pytest
from archive_maker import END, FOLDER, HARDLINK, REGULAR, SYMLINK, entry, header, padded, pax_header, tar, zipped
from unpacking import refused, unpack

from linkmode.messages import IntegrityError

L, X, G = tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE
ONE = header("f", REGULAR, 1) + padded(b"x")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", ("the archive has no end mark",)),
        (b"x" * 512, ("a header of the archive is damaged",)),
        (b"x" * 100, ("the archive ends inside a header",)),
        (ONE, ("the archive has no end mark",)),
        (ONE + bytes(512), ("the archive ends within its end mark",)),
        (ONE[:600], ("'f'", "the archive ends inside a member")),
        (header("f", REGULAR, 5000) + b"x" * 512, ("'f'", "the archive ends inside a member: 4,488 bytes are missing")),
        (ONE + b"x" * 512 + END, ("a header of the archive is damaged",)),
        (ONE + bytes(512) + ONE + END, ("one block of zeros between two members",)),
        (ONE + END + b"more", ("more bytes after the archive's end",)),
        (ONE + END + bytes(2 << 20), ("more bytes after the archive's end",)),
        (header("f", REGULAR, -1, tarfile.GNU_FORMAT) + END, ("a size of -1",)),
        (header("f", SYMLINK, 3, linkname="x") + padded(b"abc") + END, ("a symlink with 3 bytes of contents",)),
        (header("f", FOLDER, 3) + padded(b"abc") + END, ("a folder with 3 bytes",)),
        (header("f", HARDLINK, 3, linkname="x") + padded(b"abc") + END, ("a hardlink with 3 bytes",)),
        (header("f", b"?") + END, ("of type b'?'",)),
        (header("l", L, 2 << 20) + bytes(2 << 20) + ONE + END, ("an extension header of 2,097,152 bytes",)),
        (header("l", X, 1 << 40, tarfile.GNU_FORMAT) + END, ("an extension header of 1,099,511,627,776 bytes",)),
        (header("l", L, 5) + padded(b"a\0b\0\0") + ONE + END, ("a long name with a NUL byte",)),
        ((header("l", L, 2) + padded(b"a\0")) * 2 + ONE + END, ("two extension headers that both give its path",)),
        (header("l", L, 2) + padded(b"a\0") + pax_header(path="b") + ONE + END, ("both give its path",)),
        (pax_header(size="1") * 2 + ONE + END, ("both give its size",)),
        (header("l", L, 2) + padded(b"a\0") + END, ("ends after an extension header",)),
        (header("l", L, 4) + padded(b"../x") + ONE + END, ("'../x'", "'..' in it")),
        (pax_header(path="/x") + ONE + END, ("an absolute path",)),
        (pax_header(path="a\0b") + ONE + END, ("a name with a NUL byte",)),
        (pax_header(linkpath="a\0b") + header("s", SYMLINK) + END, ("'s'", "expected a path")),
        (pax_header(size="-1") + ONE + END, ("a size of '-1'",)),
        (pax_header(size="0x1") + ONE + END, ("a size of '0x1'",)),
        (pax_header(size="9" * 30) + ONE + END, ("expected a number of bytes",)),
        (pax_header(size="9223372036854775808") + ONE + END, ("expected a number of bytes",)),
        (header("f", REGULAR, 1 << 63, tarfile.GNU_FORMAT) + END, ("a size of 9223372036854775808",)),
        (pax_header(size="999999999999") + ONE + END, ("at most",)),
        (pax_header(**{"GNU.sparse.major": "1", "GNU.sparse.name": "s"}) + ONE + END, ("'s'", "a sparse file")),
        (pax_header(G, path="x") + ONE + END, ("gives all members one path",)),
        (pax_header(G, size="9") + ONE + END, ("gives all members one size",)),
        (header("p", X, 9) + padded(b"999 a=b\n") + ONE + END, ("a malformed pax header",)),
        (header("p", X, 9) + padded(b"9 abcdef\n") + ONE + END, ("a malformed pax header",)),
        (header("p", X, 8) + padded(b"8 a=bcd!") + ONE + END, ("a malformed pax header",)),
        (header("p", X, 8) + padded(b"0 a=bcd\n") + ONE + END, ("a malformed pax header",)),
        (header("p", X, 8) + padded(b"-8 a=bc\n") + ONE + END, ("a malformed pax header",)),
        (header("p", X, 8) + padded(b"8 =abcd\n") + ONE + END, ("a malformed pax header",)),
        (header("p", X, 8) + padded(b"aaaaaaaa") + ONE + END, ("a malformed pax header",)),
    ],
)
def test_malformed(tmp_path: Path, raw: bytes, words: tuple[str, ...]) -> None:
    refused(tmp_path, raw, *words)


@pytest.mark.parametrize(
    ("file", "body"),
    [
        ("a.tgz", gzip.compress(tar(entry("f")), mtime=0)[:-9]),
        ("a.tgz", gzip.compress(tar(entry("f")), mtime=0)[:-8] + b"\0" * 8),
        ("a.tgz", gzip.compress(tar(entry("f")), mtime=0) + b"more"),
        ("a.tar.xz", lzma.compress(tar(entry("f")))[:-9]),
        ("a.tar.xz", lzma.compress(tar(entry("f"))) + b"more"),
    ],
)
def test_a_damaged_stream(tmp_path: Path, file: str, body: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"a\.(tgz|tar\.xz): its (gzip|xz) data (is damaged|ends early)"):
        unpack(tmp_path, body, file)


@pytest.mark.parametrize(
    ("file", "body", "found"),
    [
        ("a.tgz", b"<!doctype html>", "other"),
        ("a.tgz", lzma.compress(tar(entry("f"))), "xz"),
        ("a.tar.xz", b"", "other"),
        ("a.tar.xz", gzip.compress(tar(entry("f"))), "gzip"),
        ("a.tar.xz", lzma.compress(tar(entry("f")), lzma.FORMAT_ALONE), "other"),
    ],
)
def test_another_format_than_the_name_says(tmp_path: Path, file: str, body: bytes, found: str) -> None:
    expected = "gzip" if file == "a.tgz" else "xz"
    with pytest.raises(IntegrityError, match=f"{file}: {found} data; expected {expected}, as its name says"):
        unpack(tmp_path, body, file)


def test_a_format_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"a\.rar: an archive of a format that is not known; expected \.tar\.gz"):
        unpack(tmp_path, zipped(("f", b"", 0o100644)), "a.rar")
