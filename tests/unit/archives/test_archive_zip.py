"""Unpacking zip archives and wheels."""

import contextlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
from archive_maker import listing, zipped

from linkmode.archives import zip as module
from linkmode.archives.unpack import extract
from linkmode.messages import IntegrityError

FILE, TOOL, FOLDER, LINK = 0o100644, 0o100755, 0o040755, 0o120777


def unpack(tmp_path: Path, body: bytes, file: str = "a.whl", prefix: str = "") -> Path:
    into = tmp_path / "root" / "into"
    into.mkdir(parents=True)
    (tmp_path / file).write_bytes(body)
    extract(tmp_path / file, into, file=file, strip_prefix=prefix)
    return into


def refused(tmp_path: Path, body: bytes, *words: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        unpack(tmp_path, body)
    assert caught.value.problem.startswith("a.whl: ")
    for word in words:
        assert word in caught.value.problem
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.whl", "root"]
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["into"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("file", ["a.whl", "a.zip"])
def test_a_good_archive(tmp_path: Path, file: str, method: int) -> None:
    body = zipped(
        ("ziglang/zig", b"\x7fELF" * 100_000, TOOL),
        ("ziglang/lib/", b"", FOLDER),
        ("ziglang/lib/a.h", b"a", FILE),
        ("ziglang/lib/A.h", b"A", 0),
        ("ziglang/none/", b"", 0),
        ("ziglang/lib/l", b"../zig", LINK),
        ("ziglang-1.dist-info/RECORD", b"", FILE),
        method=method,
    )
    assert listing(unpack(tmp_path, body, file, "ziglang")) == {
        "zig": (b"\x7fELF" * 100_000, "555"),
        "lib": "555",
        "lib/a.h": (b"a", "444"),
        "lib/A.h": (b"A", "444"),
        "lib/l": "-> ../zig",
        "none": "555",
    }


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([("../x", b"", FILE)], ("'../x'", "'..' in it")),
        ([("/x", b"", FILE)], ("an absolute path",)),
        ([("a\\..\\b", b"", FILE)], ("a backslash",)),
        ([("a", b"/etc/passwd", LINK)], ("'a'", "a symlink to '/etc/passwd'")),
        ([("a", b"../b", LINK)], ("leads out of the folder",)),
        ([("a", b"x" * 5000, LINK)], ("a link target of 5,000 bytes",)),
        ([("a", b".", LINK), ("a/b", b"", FILE)], ("'a/b'", "a path through 'a', which is a symlink")),
        ([("a", b"", 0o010644)], ("a member of mode 10644",)),
        ([("a", b"", 0o020644)], ("a member of mode 20644",)),
        ([("a", b"", 0o060644)], ("a member of mode 60644",)),
        ([("a", b"", 0o140644)], ("a member of mode 140644",)),
        ([("a", b"", FOLDER)], ("a folder by its mode, and not by its name",)),
        ([("a/", b"", FILE)], ("a file by its mode, and not by its name",)),
        ([("a/", b"x", FOLDER)], ("a folder with 1 bytes",)),
        ([], ("nothing in it",)),
        ([(f"{number}/", b"", FOLDER) for number in range(13_000)], ("13,000 members; at most",)),
    ],
)
def test_refused(tmp_path: Path, entries: list[tuple[str, bytes, int]], words: tuple[str, ...]) -> None:
    refused(tmp_path, zipped(*entries), *words)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_members(tmp_path: Path) -> None:
    refused(tmp_path, zipped(("a", b"1", FILE), ("a", b"2", FILE)), "'a'", "a second member of this name")


def test_more_bytes_than_a_small_archive_may_hold(tmp_path: Path) -> None:
    refused(tmp_path, zipped(("bomb", bytes(80_000_000), FILE)), "'bomb'", "80,000,000 bytes by here; at most")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods(tmp_path: Path, method: int) -> None:
    refused(tmp_path, zipped(("a", b"1", FILE), method=method), "compressed by method", "expected deflate")


def test_encrypted(tmp_path: Path) -> None:
    body = bytearray(zipped(("a", b"1", FILE)))
    directory = body.index(b"PK\1\2")
    body[directory + 8] |= 1
    refused(tmp_path, bytes(body), "'a'", "encrypted")


GOOD = zipped(("a", b"contents" * 100, FILE), ("b", b"1", FILE))


@pytest.mark.parametrize(
    "body",
    [b"", b"PK", GOOD[:-1], GOOD[: len(GOOD) // 2], GOOD[10:], b"\0" * 100, GOOD[:-22] + b"\xff" * 22],
)
def test_not_whole(tmp_path: Path, body: bytes) -> None:
    refused(tmp_path, body, "a malformed zip archive")


def test_a_wrong_checksum(tmp_path: Path) -> None:
    body = bytearray(zipped(("a", b"contents", FILE), method=zipfile.ZIP_STORED))
    body[body.index(b"contents")] ^= 1
    refused(tmp_path, bytes(body), "'a'", "Bad CRC-32")


def test_a_size_that_is_not_true(tmp_path: Path) -> None:
    body = bytearray(zipped(("a", b"contents", FILE)))
    place = body.index(b"PK\1\2") + 24
    body[place : place + 4] = struct.pack("<I", 80)
    refused(tmp_path, bytes(body), "'a'")


def test_every_single_byte_changed_is_either_refused_or_harmless(tmp_path: Path) -> None:
    """No change of one byte ends in a traceback, or in a file elsewhere."""
    body = zipped(("a", b"contents", FILE), ("b/c", b"a", LINK))
    for place in range(len(body)):
        changed = bytearray(body)
        changed[place] ^= 0xFF
        here = tmp_path / str(place)
        here.mkdir()
        with contextlib.suppress(IntegrityError):
            unpack(here, bytes(changed))
        assert sorted(path.name for path in here.iterdir()) == ["a.whl", "root"]
        assert [path.name for path in (here / "root").iterdir()] == ["into"]


def test_a_table_of_contents_is_not_read_at_any_length() -> None:
    with pytest.raises(module.Refusal, match="a table of contents of 20,000,000 bytes"):
        module._Bounded(io.BytesIO()).read(20_000_000)
