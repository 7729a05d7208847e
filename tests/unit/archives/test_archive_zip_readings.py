"""A zip that two readers see as two archives is not unpacked: by counts, by two end records, by a second name."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from archive_maker import listing, zipped

from linkmode.archives.unpack import extract
from linkmode.messages import IntegrityError

GOOD = zipped(("a", b"1", 0o100644), ("b", b"2", 0o100644))
END = struct.Struct("<4s4H2LH")


def counted(count: int) -> bytes:
    """An archive of two members, whose end record counts ``count``: Go's archive/zip reads no more."""
    at = GOOD.rindex(b"PK\5\6")
    return GOOD[: at + 8] + struct.pack("<2H", count, count) + GOOD[at + 12 :]


def of_disks(disk: int, directory_disk: int, here: int = 2) -> bytes:
    """An archive whose end record says which of several disks it is, and how many members are on it."""
    at = GOOD.rindex(b"PK\5\6")
    return GOOD[: at + 4] + struct.pack("<3H", disk, directory_disk, here) + GOOD[at + 10 :]


def commented(comment: bytes) -> bytes:
    return GOOD[:-2] + struct.pack("<H", len(comment)) + comment


def with_end_64(
    *,
    end: tuple[int | None, int | None, int | None] = (None, None, None),
    count: int = 2,
    disk: int = 0,
    directory_disk: int = 0,
    here: int | None = None,
    size: int = 44,
) -> bytes:
    """An archive with both end records. ``end`` is what the shorter says: a count, a length and an offset."""
    at = GOOD.rindex(b"PK\5\6")
    *_, length, start, _ = END.unpack(GOOD[at:])
    says, said_length, said_start = (
        mine if given is None else given for given, mine in zip(end, (2, length, start), strict=True)
    )
    on_it = count if here is None else here
    long = struct.pack("<4sQ2H2L4Q", b"PK\6\6", size, 45, 45, disk, directory_disk, on_it, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    return GOOD[:at] + long + locator + END.pack(b"PK\5\6", 0, 0, says, says, said_length, said_start, 0)


def named(central: bytes | None, local: bytes | None) -> bytes:
    """An archive of one member called ``a``, with another name in the extra field of either header."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        entry = zipfile.ZipInfo("a")
        entry.external_attr = 0o100644 << 16
        entry.extra = other_name(b"a")
        archive.writestr(entry, b"1")
    body = written.getvalue()
    at = body.index(b"PK\1\2")
    first, second = body[:at], body[at:]
    for name, replace in ((local, True), (central, False)):
        if name is None:
            continue
        if replace:
            first = first.replace(other_name(b"a"), other_name(name))
        else:
            second = second.replace(other_name(b"a"), other_name(name))
    return first + second


def other_name(name: bytes) -> bytes:
    return struct.pack("<2HBL", 0x7075, 5 + len(name), 1, zlib.crc32(b"a")) + name


def unpacked(tmp_path: Path, body: bytes) -> Path:
    (tmp_path / "a.zip").write_bytes(body)
    (tmp_path / "into").mkdir()
    extract(tmp_path / "a.zip", tmp_path / "into", file="a.zip", strip_prefix="")
    return tmp_path / "into"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (counted(1), "an end record that counts 1 members, where there are 2"),
        (counted(3), "an end record that counts 3 members, where there are 2"),
        (counted(0), "an end record that counts 0 members, where there are 2"),
        (with_end_64(count=1), "two end records that say different things"),
        (with_end_64(count=1, end=(0xFFFF, None, None)), "an end record that counts 1 members, where there are 2"),
        (with_end_64(end=(1, None, None)), "two end records that say different things"),
        (with_end_64(end=(None, 46, None)), "two end records that say different things"),
        (with_end_64(end=(None, None, 0)), "two end records that say different things"),
        (with_end_64(disk=1), "a part of an archive in several"),
        (with_end_64(directory_disk=1), "a part of an archive in several"),
        (with_end_64(here=1), "a part of an archive in several"),
        (with_end_64(size=45), "a zip64 end record in another place than it says"),
        (with_end_64(size=43), "a zip64 end record in another place than it says"),
        (of_disks(1, 0), "a part of an archive in several"),
        (of_disks(0, 1), "a part of an archive in several"),
        (of_disks(0, 0, here=1), "a part of an archive in several"),
        # a reader that looks for the mark from the end takes the comment's
        (commented(b"PK\5\6" + bytes(18) + b"x"), "bytes after the archive's end"),
        (commented(b"PK\5\6" + bytes(18)), "two records that could be the archive's end"),
        (named(b"b", None), "another name of it in an extra field"),
        (named(None, b"b"), "another name of it in an extra field"),
        (named(b"b", b"b"), "another name of it in an extra field"),
    ],
)
def test_two_readings_are_refused(tmp_path: Path, body: bytes, words: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        unpacked(tmp_path, body)
    assert words in caught.value.problem
    assert list((tmp_path / "into").iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [
        counted(2),
        commented(b"text"),
        of_disks(0xFFFF, 0xFFFF),
        with_end_64(),
        with_end_64(end=(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)),
        with_end_64(end=(0xFFFF, None, None)),
    ],
)
def test_one_reading_is_unpacked(tmp_path: Path, body: bytes) -> None:
    assert listing(unpacked(tmp_path, body)) == {"a": (b"1", "444"), "b": (b"2", "444")}


def test_the_same_name_once_more_is_unpacked(tmp_path: Path) -> None:
    assert listing(unpacked(tmp_path, named(None, None))) == {"a": (b"1", "444")}
