"""What is read from archives, good and hostile, and the digest of a tree."""

import gzip
import io
import resource
import tarfile
from pathlib import Path
from typing import BinaryIO

import pytest
from packing import ZLIB, Tree, musl_cc, tar, write

from linkmode.catalog.measure import survey
from linkmode.messages import IntegrityError
from linkmode.model.survey import Survey, Tool, tree_digest


def judge(stream: BinaryIO, size: int) -> Tool | None:
    body = stream.read()
    assert len(body) == size
    return Tool("x86_64", is_static=b"dynamic" not in body) if body.startswith(b"ELF") else None


def read(path: Path, version: str = "") -> Survey:
    return survey(path, path.name, version=version, judge=judge)


def digest(tmp_path: Path, name: str, tree: Tree, prefix: str, *, odd: bool = False) -> str:
    return tree_digest(read(write(tmp_path, name, tree, odd=odd)).nodes, prefix)


def moved(tree: Tree, to: str) -> dict[str, bytes | str]:
    return {path.replace("z/", to, 1): value for path, value in tree.items()}


def test_a_repacked_archive_has_the_same_tree(tmp_path: Path) -> None:
    first = digest(tmp_path, "z.tar.gz", ZLIB, "z")
    assert digest(tmp_path, "z.tgz", ZLIB, "z", odd=True) == first
    assert digest(tmp_path, "z.tar.xz", ZLIB, "z") == first
    assert digest(tmp_path, "z.zip", ZLIB, "z") == first
    assert digest(tmp_path, "other.tar.gz", moved(ZLIB, "deep/down/zlib-1.3.1/"), "deep/down/zlib-1.3.1") == first
    assert digest(tmp_path, "bare.tar.gz", moved(ZLIB, ""), "") == first
    # What lies beside the folder does not matter, even where its name begins in the same way.
    assert digest(tmp_path, "more.tar.gz", {**ZLIB, "README": b"", "z2/x": b""}, "z") == first


def test_a_hard_link_counts_as_the_file_that_it_is(tmp_path: Path) -> None:
    linked = {"z/a*": b"body", "=z/b": "z/a"}
    assert digest(tmp_path, "l.tgz", linked, "z") == digest(tmp_path, "f.tgz", {"z/a*": b"body", "z/b*": b"body"}, "z")


@pytest.mark.parametrize(
    "change",
    [
        {"z/zlib.h": b"other"},
        {"z/new.h": b""},
        {"z/inflate.c*": b"inflate.c"},
        {">z/link": "crc32.c"},
        {"z/zlib.h": None},
        {">z/link": None, "z/link": b"zlib.h"},
        {"z/deflate.c": b"inflate.c", "z/inflate.c": b"deflate.c"},
    ],
)
def test_another_tree_has_another_digest(tmp_path: Path, change: dict[str, bytes | str | None]) -> None:
    changed = {**ZLIB, **change}
    if "z/inflate.c*" in change:
        del changed["z/inflate.c"]
    other = {path: value for path, value in changed.items() if value is not None}
    assert digest(tmp_path, "a.tgz", ZLIB, "z") != digest(tmp_path, "b.tgz", other, "z")


def test_facts_and_where_they_were_found(tmp_path: Path) -> None:
    found = read(write(tmp_path, "m.tgz", musl_cc("m")))
    assert found.binutils == dict.fromkeys(("m/x86_64-linux-musl/bin/ld", "m/bin/x86_64-linux-musl-ld"), "2.40")
    assert found.musl == {"m/x86_64-linux-musl/lib/libc.a": "1.2.3"}
    assert found.tools["m/bin/x86_64-linux-musl-gcc"] == Tool("x86_64", is_static=True)
    assert read(write(tmp_path, "z.tgz", ZLIB)).zlib == {"z/zlib.h": "1.3.1"}


@pytest.mark.parametrize(
    ("head", "platform"),
    [
        (b"\x7fELF\x02\x01".ljust(18, b"\0") + b"\x3e\0", "x86_64-linux"),
        (b"\x7fELF\x02\x01".ljust(18, b"\0") + b"\xb7\0", "aarch64-linux"),
        (b"\xcf\xfa\xed\xfe\x07\0\0\x01", "x86_64-macos"),
        (b"\xcf\xfa\xed\xfe\x0c\0\0\x01", "aarch64-macos"),
        (b"\x7fELF\x02\x01".ljust(18, b"\0") + b"\x08\0", None),
        (b"MZ", None),
    ],
)
def test_zigs_program_is_read_in_passing(tmp_path: Path, head: bytes, platform: str | None) -> None:
    # The version lies across two blocks.
    program = head.ljust((256 << 10) - 3, b"\0") + b"0.15.2" + bytes(1 << 20)
    path = write(tmp_path, "z.tar.xz", {"z/zig*": program, "z/lib/std/std.zig": b""})
    assert read(path).platforms == ({"z/zig": platform} if platform else {})
    assert read(path, "0.15.2").stated == {"z/zig"}
    assert read(path, "0.15.3").stated == read(path).stated == frozenset()


def bad_tar(*members: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    return gzip.compress(out.getvalue(), mtime=0)


def info(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.size = kind, target, size
    return found


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.tgz", b"<!doctype html>", "other data; expected gzip"),
        ("a.tgz", gzip.compress(tar(ZLIB), mtime=0)[:-9], "its gzip data ends early"),
        ("a.tgz", gzip.compress(tar(ZLIB)[:700], mtime=0), "the archive ends"),
        ("a.tar.xz", b"\xfd7zXZ\0", "its xz data ends early"),
        ("a.zip", b"PK\x03\x04", "not a whole zip archive"),
        ("a.rar", b"Rar!", "a format that is not known"),
        ("a.tgz", bad_tar(info("../up")), "'../up': a path with '..' in it"),
        ("a.tgz", bad_tar(info("/abs")), "'/abs': an absolute path"),
        ("a.tgz", bad_tar(info("dev", tarfile.CHRTYPE)), "'dev': a character device"),
        ("a.tgz", bad_tar(info("pipe", tarfile.FIFOTYPE)), "'pipe': a named pipe"),
        ("a.tgz", bad_tar(info("a"), info("./a")), "'./a': the same path a second time"),
        ("a.tgz", bad_tar(info(".")), "the same path a second time, or none"),
        ("a.tgz", bad_tar(info("a", tarfile.LNKTYPE, "b"), info("b")), "'a': a hard link to 'b'; expected a file"),
        ("a.tgz", bad_tar(info("a", tarfile.LNKTYPE, "../b")), "a path with '..' in it"),
    ],
)
def test_what_is_not_to_be_trusted(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(IntegrityError) as caught:
        read(path)
    assert caught.value.exit_code == 5
    assert caught.value.problem.startswith(name)
    assert message in caught.value.problem
    assert [found.name for found in tmp_path.iterdir()] == [name]


def peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_bomb_ends_early_and_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tgz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(info("zeros", size=200 << 20).tobuf())
        for _ in range(200):
            packed.write(bytes(1 << 20))
    assert path.stat().st_size < 4 << 20
    before = peak()
    with pytest.raises(IntegrityError, match="'zeros': more in it than an archive of its size can have"):
        read(path)
    assert peak() - before < 32 << 20


def test_a_swarm_of_long_names_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "names.tgz"
    name = "/".join(["n" * 250] * 15)
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for number in range(17_000):
            packed.write(info(f"{number}/{name}").tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(IntegrityError, match=r"more in it than|more than [0-9,]+ headers"):
        read(path)
