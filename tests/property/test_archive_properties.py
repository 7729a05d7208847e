"""Whatever an archive says, nothing outside the folder changes; a good one becomes what tar and unzip make of it."""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkmode.archives.unpack import extract
from linkmode.messages import IntegrityError
from linkmode.model import exchange

PLACE = "@PLACE@"
"""Stands for the absolute path of the folder around everything, which only the test knows."""

word = st.sampled_from(["a", "b", "c", "d", "..", ".", "", "usr", "lib", "libc.so", "ld-musl-x86_64.so.1", "canary"])
path = st.lists(word, min_size=1, max_size=5).map("/".join)
anywhere = st.one_of(path, path.map(lambda p: f"/{p}"), path.map(lambda p: f"{PLACE}/{p}"), st.text(max_size=8))
kinds = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]
kind = st.one_of(st.sampled_from(kinds), st.sampled_from([*kinds, tarfile.FIFOTYPE, tarfile.CHRTYPE, b"S", b"?"]))
member = st.tuples(kind, st.one_of(path, anywhere), anywhere, st.binary(max_size=3), st.integers(0, 0o7777))


@contextmanager
def place() -> Iterator[tuple[Path, Path]]:
    """A folder with a canary in it, and the folder deeper in it to unpack into."""
    outer = Path(tempfile.mkdtemp())
    into = outer / "x" / "into"
    into.mkdir(parents=True)
    (outer / "canary").write_text("untouched")
    (outer / "x" / "a").mkdir()
    try:
        yield outer, into
    finally:
        exchange.delete(outer)


def around(outer: Path) -> list[tuple[str, int, int]]:
    """Everything outside the folder, with what changes when it is written, linked to, or given other rights."""
    found = [outer, outer / "canary", outer / "x", outer / "x" / "a"]
    assert sorted(outer.iterdir()) == [outer / "canary", outer / "x"]
    assert sorted((outer / "x").iterdir()) == [outer / "x" / "a", outer / "x" / "into"]
    assert list((outer / "x" / "a").iterdir()) == []
    assert (outer / "canary").read_text() == "untouched"
    return [(str(one), one.stat().st_mode, one.stat().st_nlink) for one in found]


def check(outer: Path, into: Path, file: str, body: bytes, prefix: str = "") -> None:
    (outer / "canary").chmod(0o604)
    archive = Path(tempfile.mkdtemp()) / file
    archive.write_bytes(body)
    before = around(outer)
    try:
        extract(archive, into, file=file, strip_prefix=prefix)
    except IntegrityError as refused:
        assert refused.problem.startswith(f"{file}: ")  # noqa: PT017 - either outcome is right
    else:
        for found in into.rglob("*"):
            assert found.resolve().is_relative_to(into.resolve())
            if not found.is_symlink():
                assert found.is_file() or found.is_dir()
                assert found.stat().st_mode & 0o7222 == 0
    assert around(outer) == before
    shutil.rmtree(archive.parent)


@settings(max_examples=200, deadline=None)
@given(st.lists(member, max_size=8), st.sampled_from(["", "a", "a/b"]))
def test_no_tar_archive_reaches_outside(members: list[tuple[bytes, str, str, bytes, int]], prefix: str) -> None:
    with place() as (outer, into):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive:
            for type_, name, target, body, mode in members:
                info = tarfile.TarInfo(name.replace(PLACE, str(outer)))
                info.type, info.mode, info.linkname = type_, mode, target.replace(PLACE, str(outer))
                info.size = len(body) if type_ == tarfile.REGTYPE else 0
                archive.addfile(info, io.BytesIO(body))
        check(outer, into, "a.tgz", stream.getvalue(), prefix)


@settings(max_examples=200, deadline=None)
@given(st.lists(member, max_size=8))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_zip_archive_reaches_outside(members: list[tuple[bytes, str, str, bytes, int]]) -> None:
    types = {tarfile.DIRTYPE: 0o040000, tarfile.SYMTYPE: 0o120000, tarfile.FIFOTYPE: 0o010000}
    with place() as (outer, into):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for type_, name, target, body, mode in members:
                info = zipfile.ZipInfo(name.replace(PLACE, str(outer)))
                info.external_attr = (types.get(type_, 0o100000) | mode) << 16
                contents = target.replace(PLACE, str(outer)).encode() if type_ == tarfile.SYMTYPE else body
                archive.writestr(info, b"" if type_ == tarfile.DIRTYPE else contents)
        check(outer, into, "a.zip", stream.getvalue())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_change_of_bytes_reaches_outside_or_ends_in_another_error(data: st.DataObject) -> None:
    """Headers with a few bytes changed and their checksums made right again, so that they are read at all."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, type_, target in (
            ("a" * 120, tarfile.REGTYPE, ""),
            ("l", tarfile.SYMTYPE, "é"),
            ("d", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = type_, target, 5 if type_ == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"12345"))
    raw = bytearray(stream.getvalue()[: 512 * 12])
    for position, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=6)
    ):
        raw[position] = value
    for start in range(0, len(raw), 512):
        block = raw[start : start + 512]
        if block[257:262] == b"ustar":
            block[148:156] = b" " * 8
            raw[start + 148 : start + 156] = b"%06o\0 " % sum(block)
    with place() as (outer, into):
        check(outer, into, "a.tgz", gzip.compress(bytes(raw), 1))


names = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\;"), min_size=1, max_size=30)
good_name = names.filter(lambda name: name not in {".", ".."} and len(name.encode()) < 200)
good_tree = st.dictionaries(
    st.lists(good_name, min_size=1, max_size=4).map(tuple),
    st.tuples(st.binary(max_size=2000), st.booleans()),
    max_size=8,
).filter(lambda tree: not any(one[: len(other)] == other for one in tree for other in tree if one != other))


def laid_out(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        os.fsdecode(file.relative_to(root)): (file.read_bytes(), file.stat().st_mode & 0o555)
        for file in root.rglob("*")
        if file.is_file()
    }


@settings(max_examples=60, deadline=None)
@given(good_tree, st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_a_good_tar_archive_becomes_what_tar_makes(tree: dict[tuple[str, ...], tuple[bytes, bool]], form: int) -> None:
    with place() as (outer, into):
        made = outer / "x" / "a" / "made.tar.gz"
        try:
            with tarfile.open(made, "w:gz", format=form) as archive:
                archive.addfile(_folder("top"))
                for parts, (body, executable) in tree.items():
                    info = tarfile.TarInfo("/".join(("top", *parts)))
                    info.size, info.mode = len(body), 0o755 if executable else 0o644
                    archive.addfile(info, io.BytesIO(body))
        except ValueError:  # ustar has no room for the name
            return
        theirs = outer / "theirs"
        theirs.mkdir()
        subprocess.run(["tar", "xzf", made, "-C", theirs], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        if tree:
            extract(made, into, file=made.name, strip_prefix="top")
            assert laid_out(into) == laid_out(theirs / "top")


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
@settings(max_examples=40, deadline=None)
@given(good_tree.filter(bool))
def test_a_good_zip_archive_becomes_what_unzip_makes(tree: dict[tuple[str, ...], tuple[bytes, bool]]) -> None:
    with place() as (outer, into):
        made = outer / "x" / "a" / "made.zip"
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for parts, (body, executable) in tree.items():
                info = zipfile.ZipInfo("/".join(parts))
                info.external_attr = (0o100755 if executable else 0o100644) << 16
                archive.writestr(info, body)
        theirs = outer / "theirs"
        theirs.mkdir()
        subprocess.run(["unzip", "-qq", made, "-d", theirs], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        extract(made, into, file=made.name, strip_prefix="")
        assert laid_out(into) == laid_out(theirs)


def _folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info
