"""Unpacking tar archives: good ones become what tar would make, but for modes and the two links that are repaired."""

import os
import tarfile
from pathlib import Path

import pytest
from archive_maker import (
    END,
    REGULAR,
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
)
from unpacking import refused, unpack


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


def test_links_that_go_round_and_stay_inside(tmp_path: Path) -> None:
    raw = tar(entry("a/b/f", b"x"), symlink("a/up", ".."), symlink("l", "a/up/a/b/../b/f"), symlink("gone", "no/../x"))
    into = unpack(tmp_path, packed(raw, "a.tgz"))
    assert (into / "l").read_bytes() == b"x"
    assert str((into / "gone").readlink()) == "no/../x"


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
