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
        ([(f"{number}/", b"", FOLDER) for number in range(13_000)], ("more than 12,241 headers",)),
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
    body[6] |= 1
    body[directory + 8] |= 1
    refused(tmp_path, bytes(body), "'a'", "it is encrypted")


GOOD = zipped(("a", b"contents" * 100, FILE), ("b", b"1", FILE))


@pytest.mark.parametrize(
    "body",
    [b"", b"PK", GOOD[:-1], GOOD[: len(GOOD) // 2], b"\0" * 100, GOOD[:-22] + b"\xff" * 22],
)
def test_not_whole(tmp_path: Path, body: bytes) -> None:
    refused(tmp_path, body, "not a whole zip archive")


def commented(body: bytes, comment: bytes) -> bytes:
    return body[:-2] + struct.pack("<H", len(comment)) + comment


OTHER = zipped(("b", b"another archive", FILE))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (GOOD[10:], "a table of contents that does not end where the end record begins"),
        (b"#!/bin/sh\n" + GOOD, "a table of contents that does not end where the end record begins"),
        (OTHER + GOOD, "a table of contents that does not end where the end record begins"),
        (GOOD + b"\n", "bytes after the archive's end"),
        (GOOD + bytes(512), "bytes after the archive's end"),
        (GOOD + OTHER, "a table of contents that does not end where the end record begins"),
        (commented(GOOD, b"x") + b"y", "bytes after the archive's end"),
        (commented(GOOD, OTHER), "two records that could be the archive's end"),
        (commented(GOOD, b"PK\5\6" + bytes(18)), "two records that could be the archive's end"),
    ],
)
def test_what_is_one_archive_and_more(tmp_path: Path, body: bytes, words: str) -> None:
    """One program sees this in it, another one that."""
    refused(tmp_path, body, words, "; expected one zip archive and nothing else")


def moved(body: bytes, at: int, gap: bytes) -> bytes:
    """Put bytes before the member or directory that begins at ``at``, with all offsets as they then are."""
    changed, directory = bytearray(body), body.index(b"PK\1\2")
    while changed[directory : directory + 4] == b"PK\1\2":
        (offset,) = struct.unpack_from("<L", changed, directory + 42)
        struct.pack_into("<L", changed, directory + 42, offset + (len(gap) if offset >= at else 0))
        directory += 46 + sum(struct.unpack_from("<3H", changed, directory + 28))
    (start,) = struct.unpack_from("<L", changed, directory + 16)
    struct.pack_into("<L", changed, directory + 16, start + len(gap))
    return bytes(changed[:at]) + gap + bytes(changed[at:])


def test_bytes_between_the_parts_of_an_archive(tmp_path: Path) -> None:
    second, directory = GOOD.index(b"PK\3\4", 4), GOOD.index(b"PK\1\2")
    for number, (at, name) in enumerate([(0, "'a'"), (second, "'b'"), (directory, "")]):
        here = tmp_path / str(number)
        here.mkdir()
        refused(here, moved(GOOD, at, b"hidden"), name, f"6 bytes that are of no member, at byte {at}")


def test_members_that_share_bytes(tmp_path: Path) -> None:
    """As a bomb has it whose members all are the same bytes."""
    body = bytearray(GOOD)
    second = body.index(b"PK\1\2", body.index(b"PK\1\2") + 1)
    struct.pack_into("<L", body, second + 42, 0)
    refused(tmp_path, bytes(body), "two members with the same bytes")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (6, "in its name or method"),
        (8, "in its name or method"),
        (14, "in its size or checksum"),
        (18, "in its size or checksum"),
        (22, "in its size or checksum"),
        (30, "in its name or method"),
    ],
)
def test_a_member_whose_own_header_says_other_things(tmp_path: Path, place: int, words: str) -> None:
    body = bytearray(GOOD)
    body[place] ^= 2
    refused(tmp_path, bytes(body), "'a'", f"its own header differs from the table of contents {words}")


@pytest.mark.parametrize("comment", [b"", b"a comment, as GitHub's archives have one", b"PK\5\6 is how it ends"])
def test_a_comment(tmp_path: Path, comment: bytes) -> None:
    body = commented(GOOD, comment)
    if comment.startswith(b"PK"):
        refused(tmp_path, body, "not a whole zip archive")
    else:
        assert listing(unpack(tmp_path, body))["b"] == (b"1", "444")


class Unseekable(io.BytesIO):
    """What zipfile writes sizes behind the member for, since it cannot go back."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


def streamed(*, zip64: bool) -> bytes:
    stream = Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a", "b"):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=zip64) as member:
                member.write(b"contents")
    return stream.getvalue()


@pytest.mark.parametrize("zip64", [False, True])
def test_an_archive_that_was_written_to_a_pipe(tmp_path: Path, *, zip64: bool) -> None:
    body = streamed(zip64=zip64)
    assert listing(unpack(tmp_path, body)) == {"a": (b"contents", "444"), "b": (b"contents", "444")}
    changed = bytearray(body)
    changed[changed.index(b"PK\7\x08") + 4] ^= 1
    here = tmp_path / "changed"
    here.mkdir()
    refused(here, bytes(changed), "'a'", "what follows it differs from the table of contents")


def test_sizes_of_64_bits_in_a_members_own_header(tmp_path: Path) -> None:
    """Made by hand: zipfile leaves them out before Python 3.11.4, though the header announces them."""
    plain = zipped(("a", b"contents", FILE), method=zipfile.ZIP_STORED)
    own = bytearray(plain[: plain.index(b"contents")])
    own[18:30] = struct.pack("<LLHH", 0xFFFFFFFF, 0xFFFFFFFF, 1, 20)
    extra = bytearray(struct.pack("<HHQQ", 1, 16, 8, 8))
    rest = bytearray(plain[len(own) :])
    rest[-6:-2] = struct.pack("<L", int.from_bytes(rest[-6:-2], "little") + len(extra))
    assert listing(unpack(tmp_path, bytes(own + extra + rest))) == {"a": (b"contents", "444")}
    extra[4] ^= 1
    here = tmp_path / "changed"
    here.mkdir()
    refused(here, bytes(own + extra + rest), "'a'", "its own header differs from the table of contents in its size")


def test_an_end_record_of_64_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    body = zipped(("a", b"1", FILE), ("b", b"2", FILE))
    assert b"PK\6\7" in body
    assert listing(unpack(tmp_path, body)) == {"a": (b"1", "444"), "b": (b"2", "444")}
    locator = body.index(b"PK\6\7")
    for number, hidden in enumerate((body[:locator] + b"hidden" + body[locator:],)):
        here = tmp_path / str(number)
        here.mkdir()
        refused(here, hidden, "zip")


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
