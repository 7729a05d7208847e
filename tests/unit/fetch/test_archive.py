"""Unpacking tar archives: good ones become what tar would make, and every bad one is refused by name."""

import gzip
import lzma
import os
import tarfile
from pathlib import Path

import pytest
from archive_maker import (
    END,
    FOLDER,
    HARDLINK,
    REGULAR,
    SYMLINK,
    entry,
    folder,
    hardlink,
    header,
    listing,
    packed,
    padded,
    pax_header,
    symlink,
    tar,
    zipped,
)

from linkmode.errors import IntegrityError
from linkmode.fetch import archive as module
from linkmode.fetch import tar as tar_module
from linkmode.fetch.archive import extract
from linkmode.fetch.members import Bounds


def unpack(tmp_path: Path, body: bytes, file: str = "a.tgz", prefix: str = "") -> Path:
    """Unpack into ``root/into``, with a file beside it that must stay as it is."""
    into = tmp_path / "root" / "into"
    into.mkdir(parents=True)
    (tmp_path / "root" / "beside").write_text("untouched")
    (tmp_path / file).write_bytes(body)
    extract(tmp_path / file, into, file=file, strip_prefix=prefix)
    return into


def refused(tmp_path: Path, raw: bytes, *words: str, file: str = "a.tgz", prefix: str = "") -> None:
    with pytest.raises(IntegrityError) as caught:
        unpack(tmp_path, packed(raw, file), file, prefix)
    assert caught.value.exit_code == 5
    assert caught.value.problem.startswith(f"{file}: ")
    for word in words:
        assert word in caught.value.problem
    assert "nothing of it was kept" in caught.value.hint
    root = tmp_path / "root"
    assert sorted(path.name for path in root.iterdir()) == ["beside", "into"]
    assert (root / "beside").read_text() == "untouched"
    assert sorted(path.name for path in tmp_path.iterdir()) == [file, "root"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("file", ["a.tgz", "a.tar.gz", "a.tar.xz"])
def test_a_good_archive(tmp_path: Path, file: str, form: int) -> None:
    raw = tar(
        folder("top"),
        entry("top/bin/tool", b"\x7fELF", mode=0o755),
        entry("top/README", b"text"),
        folder("top/empty"),
        symlink("top/bin/cc", "tool"),
        symlink("top/lib", "bin/../bin"),
        hardlink("top/tool", "top/bin/tool"),
        entry("elsewhere/file", b"not below the prefix"),
        form=form,
    )
    into = unpack(tmp_path, packed(raw, file), file, "top")
    assert listing(into) == {
        "README": (b"text", "444"),
        "bin": "555",
        "bin/cc": "-> tool",
        "bin/tool": (b"\x7fELF", "555"),
        "empty": "555",
        "lib": "-> bin/../bin",
        "tool": (b"\x7fELF", "555"),
    }
    assert (into / "tool").samefile(into / "bin" / "tool")
    assert into.stat().st_mode & 0o777 == 0o555


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_that_need_an_extension_header(tmp_path: Path, form: int) -> None:
    long, other = "d" * 200 + "/" + "f" * 200, "ümläut/" * 30 + "ñ"
    raw = tar(entry(long, b"long"), entry(other, b"other"), symlink("s", long), hardlink("h", long), form=form)
    into = unpack(tmp_path, packed(raw, "a.tgz"))
    assert (into / long).read_bytes() == (into / "s").read_bytes() == (into / "h").read_bytes() == b"long"
    assert (into / other).read_bytes() == b"other"


def test_a_name_that_is_not_utf_8_and_one_with_a_newline(tmp_path: Path) -> None:
    into = unpack(tmp_path, packed(tar(entry(os.fsdecode(b"\xff\n"), b"x")), "a.tgz"))
    assert [os.fsencode(path.name) for path in into.iterdir()] == [b"\xff\n"]


def test_names_that_differ_in_letter_case_only(tmp_path: Path) -> None:
    """As in Linux's headers: xt_CONNMARK.h and xt_connmark.h."""
    into = unpack(tmp_path, packed(tar(entry("xt_MARK.h", b"1"), entry("xt_mark.h", b"2")), "a.tgz"))
    assert ((into / "xt_MARK.h").read_bytes(), (into / "xt_mark.h").read_bytes()) == (b"1", b"2")


def test_dots_and_doubled_slashes_in_names(tmp_path: Path) -> None:
    into = unpack(tmp_path, packed(tar(folder("./"), folder("./a"), entry("./a//b", b"x")), "a.tgz"))
    assert listing(into) == {"a": "555", "a/b": (b"x", "444")}


def test_a_folder_may_be_listed_twice_or_after_what_is_in_it(tmp_path: Path) -> None:
    into = unpack(tmp_path, packed(tar(entry("a/b", b"x"), folder("a"), folder("a", mode=0)), "a.tgz"))
    assert listing(into) == {"a": "555", "a/b": (b"x", "444")}


def test_a_prefix_of_several_folders(tmp_path: Path) -> None:
    raw = tar(entry("a/b/c/x", b"1"), entry("a/b/cc/y", b"2"), entry("a/z", b"3"))
    assert listing(unpack(tmp_path, packed(raw, "a.tgz"), prefix="a/b/c")) == {"x": (b"1", "444")}


def test_setuid_setgid_sticky_and_writable_bits_are_not_taken_over(tmp_path: Path) -> None:
    raw = tar(entry("s", b"", mode=0o6755), entry("w", b"", mode=0o666), entry("n", b"", mode=0), folder("d", 0o7777))
    assert listing(unpack(tmp_path, packed(raw, "a.tgz"))) == {
        "s": (b"", "555"),
        "w": (b"", "444"),
        "n": (b"", "444"),
        "d": "555",
    }


@pytest.mark.parametrize("file", ["a.tgz", "a.tar.xz"])
def test_a_large_file_comes_whole(tmp_path: Path, file: str) -> None:
    body = os.urandom(1 << 20) + b"end"
    into = unpack(tmp_path, packed(tar(entry("f", body), entry("g", b"next")), file), file)
    assert (into / "f").read_bytes() == body
    assert (into / "g").read_bytes() == b"next"


def test_a_pax_comment_for_the_whole_archive(tmp_path: Path) -> None:
    """Git's archives have one."""
    raw = pax_header(tarfile.XGLTYPE, comment="0123456789abcdef") + tar(entry("f", b"x"))
    assert listing(unpack(tmp_path, packed(raw, "a.tgz"))) == {"f": (b"x", "444")}


def test_times_in_an_old_gnu_header_are_no_prefix(tmp_path: Path) -> None:
    """GNU's old format keeps access times where ustar has the first part of a long name."""
    block = bytearray(header("f", REGULAR, 1, tarfile.GNU_FORMAT))
    block[345:357] = b"14000000000\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert listing(unpack(tmp_path, packed(bytes(block) + padded(b"x") + END, "a.tgz"))) == {"f": (b"x", "444")}


def test_musl_loader_link_is_made_relative(tmp_path: Path) -> None:
    raw = tar(
        symlink("t/x86_64-linux-musl/lib/ld-musl-x86_64.so.1", "/lib/libc.so"),
        entry("t/x86_64-linux-musl/lib/libc.so", b"libc", mode=0o755),
    )
    into = unpack(tmp_path, packed(raw, "a.tgz"), prefix="t")
    link = into / "x86_64-linux-musl/lib/ld-musl-x86_64.so.1"
    assert (str(link.readlink()), link.read_bytes()) == ("libc.so", b"libc")


@pytest.mark.parametrize(
    "entries",
    [
        [symlink("lib/ld-musl-x86_64.so.1", "/lib/libc.so")],
        [symlink("lib/ld-musl-x86_64.so.1", "/etc/passwd"), entry("lib/libc.so")],
        [symlink("lib/ld-linux.so.2", "/lib/libc.so"), entry("lib/libc.so")],
        [symlink("lib/ld-musl-x86_64.so.1", "/lib/libc.so"), symlink("lib/libc.so", "../x")],
    ],
    ids=["no libc", "another target", "another name", "libc is a link"],
)
def test_no_other_absolute_link_is(tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    refused(tmp_path, tar(*entries), "'lib/ld-", "expected a path relative to its folder")


def test_usr_that_is_its_own_folder_is_left_out(tmp_path: Path) -> None:
    raw = tar(symlink("t/usr", "."), entry("t/f", b"x"))
    assert listing(unpack(tmp_path, packed(raw, "a.tgz"), prefix="t")) == {"f": (b"x", "444")}


def test_usr_that_is_anything_else_stays(tmp_path: Path) -> None:
    raw = tar(symlink("usr", "real"), symlink("real/usr", "."), entry("real/f", b"x"))
    assert {
        name: found for name, found in listing(unpack(tmp_path, packed(raw, "a.tgz"))).items() if "usr" in name
    } == {
        "usr": "-> real",
        "real/usr": "-> .",
    }


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([entry("../beside", b"x")], ("'../beside'", "'..' in it")),
        ([entry("a/../../beside", b"x")], ("'..' in it",)),
        ([entry("a/..", b"x")], ("'..' in it",)),
        ([folder("..")], ("'..' in it",)),
        ([entry("/elsewhere/x", b"x")], ("'/elsewhere/x'", "an absolute path")),
        ([entry("//x", b"x")], ("an absolute path",)),
        ([symlink("../x", "y")], ("'..' in it",)),
        ([hardlink("../x", "y")], ("'..' in it",)),
        ([symlink("a", "/etc")], ("'a'", "a symlink to '/etc'")),
        ([symlink("a", "../beside")], ("leads out of the folder",)),
        ([symlink("a/b", "../../beside")], ("leads out of the folder",)),
        ([symlink("a", "b/../../beside"), entry("b/c")], ("leads out",)),
        ([symlink("a", "nowhere/../../beside")], ("leads out",)),
        ([symlink("a", "..")], ("leads out",)),
        ([folder("d/e"), symlink("l", "d/e"), symlink("m", "l/../../..")], ("'m'", "leads out")),
        ([symlink("d", "."), symlink("m", "d/d/d/..")], ("'m'", "leads out")),
        (
            [symlink("m", "d/../.."), symlink("d", "e/f/g"), folder("e/f/g"), symlink("e/f/g/h", "../../../..")],
            ("leads out",),
        ),
        ([symlink("a", "b"), symlink("b", "a")], ("more than 40 links",)),
        ([symlink("a", "a")], ("more than 40 links",)),
        ([symlink("a", "")], ("expected a path",)),
        ([symlink("a", "."), entry("a/b", b"x")], ("'a/b'", "a path through 'a', which is a symlink")),
        ([symlink("a", "/elsewhere"), entry("a/b", b"x")], ("a path through 'a'",)),
        ([folder("d"), symlink("a", "d"), folder("a/b")], ("a path through 'a'",)),
        ([entry("a", b"x"), entry("a/b", b"x")], ("a path through 'a', which is a file",)),
        ([symlink("a", "b"), folder("a")], ("a path through 'a', which is a symlink",)),
        ([symlink("a", "b"), entry("a", b"x")], ("'a'", "second member of this name", "first is a symlink")),
        ([entry("a", b"x"), symlink("a", "b")], ("second member", "first is a file")),
        ([entry("a", b"1"), entry("a", b"2")], ("second member",)),
        ([entry("a", b"1"), entry("./a", b"2")], ("'./a'", "second member")),
        ([folder("a"), entry("a", b"2")], ("second member", "first is a folder")),
        ([entry("a/b"), symlink("a", "c")], ("second member", "first is a folder")),
        ([entry("a"), folder("a")], ("a path through 'a', which is a file",)),
        ([entry("a"), entry("b"), hardlink("b", "a")], ("second member",)),
        ([hardlink("a", "../beside")], ("'..' in it",)),
        ([hardlink("a", "/etc/passwd")], ("an absolute path",)),
        ([hardlink("a", "b")], ("'a'", "a hard link to 'b'; expected a file that comes before it")),
        ([hardlink("a", "b"), entry("b")], ("a hard link to 'b'",)),
        ([symlink("b", "c"), hardlink("a", "b")], ("a hard link to 'b'",)),
        ([folder("b"), hardlink("a", "b")], ("a hard link to 'b'",)),
        ([hardlink("a", "a")], ("a hard link to 'a'",)),
        ([folder("d"), symlink("l", "d"), entry("d/f"), hardlink("a", "l/f")], ("a hard link to 'l/f'",)),
        ([entry("a", kind=tarfile.CHRTYPE)], ("'a'", "a character device")),
        ([entry("a", kind=tarfile.BLKTYPE)], ("a block device",)),
        ([entry("a", kind=tarfile.FIFOTYPE)], ("a named pipe",)),
        ([entry("a", kind=tarfile.CONTTYPE)], ("a contiguous file",)),
        ([entry("a", kind=b"S")], ("a sparse file",)),
        ([entry("a", kind=b"V")], ("of type b'V'",)),
        ([entry("x" * 256)], ("a name of 256 bytes",)),
        ([entry("é" * 128)], ("a name of 256 bytes",)),
        ([folder("d/" * 2048)], ("a path of 4,096 bytes",)),
        ([folder("d/" * 101)], ("a path of 101 folders; at most 100",)),
        ([entry("x/", b"", kind=REGULAR)], ("a file with the name of a folder",)),
        ([], ("nothing in it",)),
        ([folder("a/..")], ("'..' in it",)),
        ([entry(".", b"x")], ("a file in the place of the archive's root",)),
        ([symlink(".", "/elsewhere")], ("a symlink in the place of the archive's root",)),
    ],
)
def test_refused(tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], words: tuple[str, ...]) -> None:
    refused(tmp_path, tar(*entries), *words)


@pytest.mark.parametrize("name", ["file", "link", "folder/below"])
def test_what_is_there_already_is_not_written_to(tmp_path: Path, name: str) -> None:
    """Whoever put it there, and as on a filesystem that folds letter case."""
    into, canary = tmp_path / "into", tmp_path / "canary"
    (into / "elsewhere").mkdir(parents=True)
    canary.write_text("untouched")
    (into / "file").write_text("untouched")
    (into / "link").symlink_to(canary)
    (into / "folder").symlink_to(into / "elsewhere")
    (tmp_path / "a.tgz").write_bytes(packed(tar(entry(name, b"x")), "a.tgz"))
    with pytest.raises(IntegrityError, match=f"'{name}': .* takes this name for that of another member"):
        extract(tmp_path / "a.tgz", into, file="a.tgz", strip_prefix="")
    assert canary.read_text() == (into / "file").read_text() == "untouched"
    assert list((into / "elsewhere").iterdir()) == []


def test_links_that_go_round_and_stay_inside(tmp_path: Path) -> None:
    raw = tar(entry("a/b/f", b"x"), symlink("a/up", ".."), symlink("l", "a/up/a/b/../b/f"), symlink("gone", "no/../x"))
    into = unpack(tmp_path, packed(raw, "a.tgz"))
    assert (into / "l").read_bytes() == b"x"
    assert str((into / "gone").readlink()) == "no/../x"


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([symlink("t/a", "../b"), entry("b")], ("'t/a'", "leads out")),
        ([entry("b"), hardlink("t/a", "b")], ("'t/a'", "a hard link to 'b'")),
        ([entry("t/a"), entry("../x")], ("'..' in it",)),
        ([entry("t/a"), entry("dev", kind=tarfile.BLKTYPE)], ("a block device",)),
        ([entry("t"), entry("t/x")], ("'t'", "in the place of the archive's root")),
        ([symlink("t", "/elsewhere"), entry("t/x")], ("'t'", "in the place of the archive's root")),
        ([hardlink("t", "u"), entry("t/x")], ("'t'", "in the place of the archive's root")),
        ([entry("t-1/a"), entry("t-2/b")], ("nothing in t; it holds t-1, t-2",)),
    ],
)
def test_refused_with_a_prefix(
    tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], words: tuple[str, ...]
) -> None:
    """What is outside the prefix is not unpacked, and has to be in order all the same."""
    refused(tmp_path, tar(*entries), *words, prefix="t")


L, K, X, G = tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE
ONE = header("f", REGULAR, 1) + padded(b"x")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", ("the archive ends in the middle",)),
        (b"x" * 512, ("a malformed header",)),
        (b"x" * 100, ("the archive ends in the middle",)),
        (ONE, ("the archive ends in the middle",)),
        (ONE + bytes(512), ("the archive ends in the middle",)),
        (ONE[:600], ("'f'", "the archive ends in the middle")),
        (header("f", REGULAR, 5000) + b"x" * 512, ("'f'", "4,488 bytes before the member does")),
        (ONE + b"x" * 512 + END, ("a malformed header",)),
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
        ("a.tgz", b"no gzip"),
        ("a.tgz", gzip.compress(tar(entry("f")))[:-9]),
        ("a.tgz", gzip.compress(tar(entry("f")))[:-8] + b"\0" * 8),
        ("a.tgz", gzip.compress(tar(entry("f"))) + b"more"),
        ("a.tar.xz", b""),
        ("a.tar.xz", b"no xz"),
        ("a.tar.xz", lzma.compress(tar(entry("f")))[:-9]),
        ("a.tar.xz", lzma.compress(tar(entry("f"))) + b"more"),
        ("a.tar.xz", lzma.compress(tar(entry("f")), lzma.FORMAT_ALONE)),
    ],
)
def test_a_damaged_stream(tmp_path: Path, file: str, body: bytes) -> None:
    with pytest.raises(IntegrityError, match="the compressed stream is damaged"):
        unpack(tmp_path, body, file)


def test_xz_that_asks_for_gigabytes_of_memory(tmp_path: Path) -> None:
    body = bytearray(lzma.compress(tar(entry("f")), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]))
    with pytest.raises(IntegrityError, match=r"damaged: Memory usage limit"):
        unpack(tmp_path, bytes(body), "a.tar.xz")


def test_a_format_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"a\.rar: an archive of a format that is not known; expected \.tar\.gz"):
        unpack(tmp_path, zipped(("f", b"", 0o100644)), "a.rar")


def test_more_bytes_than_a_small_archive_may_hold(tmp_path: Path) -> None:
    """100 MB of zeros in 100 kB: refused by what the header says, before a byte of it is written."""
    raw = header("bomb", REGULAR, 100_000_000) + bytes(100_000_256) + END
    refused(tmp_path, raw, "'bomb'", "its contents are 100,000,000 bytes by here; at most")
    assert list((tmp_path / "root" / "into").iterdir()) == []


def test_more_members_than_a_small_archive_may_hold(tmp_path: Path) -> None:
    raw = b"".join(header(f"{number}", FOLDER) for number in range(11_000)) + END
    refused(tmp_path, raw, "more than 10,")


def test_more_folders_than_members(tmp_path: Path) -> None:
    """One member can name a hundred folders."""
    raw = b"".join(header(f"{n}/" + "d/" * 45 + "f", REGULAR) for n in range(300)) + END
    refused(tmp_path, raw, "more than 10,", "files, folders and links")


def test_extension_headers_without_end(tmp_path: Path) -> None:
    refused(tmp_path, pax_header(G, comment="x") * 11_000 + tar(entry("f")), "more than 10,", "headers")


def test_the_bounds_leave_room_for_every_archive_that_is_known() -> None:
    """Packed bytes, files and bytes unpacked, as counted: Zig 0.15.2's wheel, GCC, zlib."""
    for packed_size, entries, size in (
        (93_500_000, 19_304, 379 << 20),
        (70_219_052, 2_390, 190 << 20),
        (1_502_830, 270, 6 << 20),
    ):
        bounds = Bounds.of(packed_size)
        assert bounds.entries > 3 * entries
        assert bounds.size > 3 * size


def test_a_header_is_never_read_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most that is asked of the stream at once, while a member of 20 MB and a long name are read."""
    asked = []
    plain = module._Decompressed.read

    def read(self: module._Decompressed, size: int) -> bytes:
        asked.append(size)
        return plain(self, size)

    monkeypatch.setattr(module._Decompressed, "read", read)
    unpack(tmp_path, packed(tar(entry("x" * 200, bytes(20_000_000))), "a.tgz"))
    assert max(asked) <= tar_module.BLOCK
