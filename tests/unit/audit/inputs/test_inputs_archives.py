"""What `linkmode audit` finds in archives, wheels and Debian packages, however they are packed."""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import deb, entry, tar, zipped, zstd
from auditing import DYNAMIC, STATIC, TAR, modes, report
from elf_maker import Elf


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress], ids=["plain", "gz", "bz2", "xz", "zst"]
)
def test_tar_archives(here: Path, form: int, pack: Callable[[bytes], bytes]) -> None:
    long = "folder/" * 13 + "n" * 95
    raw = tar(
        entry("./bin", tarfile.DIRTYPE),
        ("./bin/static", STATIC),
        (long, DYNAMIC),
        entry("bin/same", tarfile.LNKTYPE, "bin/static"),
        entry("bin/other", tarfile.SYMTYPE, "static"),
        entry("dev/null", tarfile.CHRTYPE),
        ("readme", b"text"),
        form=form,
    )
    (here / "a").write_bytes(pack(raw))
    code, document = report("a")
    assert code == 0
    assert modes(document) == {"a:bin/static": "static", "a:bin/same": "static", f"a:{long}": "dynamic"}
    assert {one["path"]: one["reason"] for one in document["passed_over"]} == {
        "a:bin/other": "a symbolic link, which is not followed",
        "a:dev/null": "not a regular file",
        "a:readme": "not an ELF file",
    }


def test_a_large_member_goes_through_a_file_and_is_the_same(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkmode.audit.archived._IN_MEMORY", 10)
    (here / "a.tar").write_bytes(tar(("static", STATIC)))
    (here / "static").write_bytes(STATIC)
    _, document = report("a.tar", "static")
    inside, alone = document["files"]
    assert {**inside, "path": ""} == {**alone, "path": ""}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_streams_that_follow_each_other_are_one(here: Path, pack: Callable[[bytes], bytes]) -> None:
    (here / "a").write_bytes(pack(TAR[:700]) + pack(TAR[700:]))
    assert modes(report("a")[1]) == {"a:a": "static", "a:b": "static"}


def test_wheels(here: Path) -> None:
    (here / "w.whl").write_bytes(zipped(("pkg/_native.so", Elf(type=3, soname="x").build()), ("pkg/a.py", b"pass")))
    code, document = report("w.whl")
    assert (code, modes(document)) == (0, {"w.whl:pkg/_native.so": None})
    assert [one["reason"] for one in document["passed_over"]] == ["not an ELF file"]


def test_what_is_no_file_in_a_zip_is_passed_over(here: Path) -> None:
    with zipfile.ZipFile(here / "a.zip", "w") as archive:
        archive.writestr("app", STATIC)
        for name, mode in (("link", stat.S_IFLNK), ("pipe", stat.S_IFIFO)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o644) << 16
            archive.writestr(info, b"app")
    _, document = report("a.zip")
    assert modes(document) == {"a.zip:app": "static"}
    assert {one["path"]: one["reason"] for one in document["passed_over"]} == {
        "a.zip:link": "a symbolic link, which is not followed",
        "a.zip:pipe": "not a regular file",
    }


def test_what_is_wrong_with_one_member_of_a_zip_leaves_the_others(here: Path) -> None:
    raw = bytearray(zipped(("a", STATIC), ("b", STATIC)))
    raw[raw.index(b"PK\1\2") + 8] |= 1
    (here / "a.zip").write_bytes(raw)
    assert modes(report("a.zip")[1]) == {"a.zip:a": "cannot be read: it is encrypted", "a.zip:b": "static"}


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("data.tar", bytes),
        ("data.tar.gz", gzip.compress),
        ("data.tar.xz", lzma.compress),
        ("data.tar.zst", zstd.compress),
        ("data.tar.xz/", lzma.compress),
    ],
)
def test_debian_packages(here: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (here / "a.deb").write_bytes(deb(pack(tar(("./usr/bin/app", DYNAMIC), ("./usr/share/doc/x", b""))), name))
    code, document = report("a.deb")
    assert (code, modes(document)) == (0, {"a.deb:usr/bin/app": "dynamic"})


def test_names_of_members_stay_one_line(here: Path) -> None:
    (here / "a.tar").write_bytes(tar(("bin/a\nmode: static\x1b[31m", STATIC), ("/../../etc/x", STATIC)))
    assert set(modes(report("a.tar")[1])) == {r"a.tar:bin/a\nmode: static\x1b[31m", "a.tar:../../etc/x"}
    assert [path.name for path in here.iterdir()] == ["a.tar"]
