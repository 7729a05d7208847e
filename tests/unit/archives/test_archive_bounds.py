"""What an archive may cost: bytes, members and memory, refused before they are taken."""

import dataclasses
import lzma
import tarfile
from pathlib import Path

import pytest
from archive_maker import END, FOLDER, REGULAR, entry, header, packed, pax_header, tar
from unpacking import refused, unpack

from linkmode.archives import compression
from linkmode.archives.members import BLOCK, Bounds, Readable
from linkmode.messages import IntegrityError


def test_more_bytes_than_a_small_archive_may_hold(tmp_path: Path) -> None:
    """100 MB of zeros in 100 kB: refused by what the header says, before a byte of it is written."""
    raw = header("bomb", REGULAR, 100_000_000) + bytes(100_000_256) + END
    refused(tmp_path, raw, "'bomb'", "its contents are 100,000,000 bytes by here; at most")
    assert list((tmp_path / "root" / "into").iterdir()) == []


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the entries that an archive of its size may hold: making and removing ten thousand takes a while."""
    usual = Bounds.to_unpack
    assert usual(0).entries == 10_000
    monkeypatch.setattr(Bounds, "to_unpack", lambda packed: dataclasses.replace(usual(packed), entries=1_000))


@pytest.mark.usefixtures("few")
def test_more_members_than_a_small_archive_may_hold(tmp_path: Path) -> None:
    raw = b"".join(header(f"{number}", FOLDER) for number in range(1_001)) + END
    refused(tmp_path, raw, "more than 1,000 ")


@pytest.mark.usefixtures("few")
def test_more_folders_than_members(tmp_path: Path) -> None:
    """One member can name a hundred folders."""
    raw = b"".join(header(f"{n}/" + "d/" * 45 + "f", REGULAR) for n in range(30)) + END
    refused(tmp_path, raw, "more than 1,000 ", "files, folders and links")


def test_extension_headers_without_end(tmp_path: Path) -> None:
    refused(tmp_path, pax_header(tarfile.XGLTYPE, comment="x") * 11_000 + tar(entry("f")), "more than 10,", "headers")


def test_the_bounds_leave_room_for_every_archive_that_is_known() -> None:
    """Packed bytes, files and bytes unpacked, as counted: Zig 0.15.2's wheel, GCC, zlib."""
    for packed_size, entries, size in (
        (93_500_000, 19_304, 379 << 20),
        (70_219_052, 2_390, 190 << 20),
        (1_502_830, 270, 6 << 20),
    ):
        bounds = Bounds.to_unpack(packed_size)
        assert bounds.entries > 3 * entries
        assert bounds.size > 3 * size


def test_xz_that_asks_for_gigabytes_of_memory(tmp_path: Path) -> None:
    body = bytearray(lzma.compress(tar(entry("f")), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]))
    with pytest.raises(IntegrityError, match=r"damaged: Memory usage limit"):
        unpack(tmp_path, bytes(body), "a.tar.xz")


def test_a_header_is_never_read_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most that is asked of the stream at once, while a member of 20 MB and a long name are read."""
    asked = []
    plain = compression._Decompressed.read

    def read(self: Readable, size: int) -> bytes:
        asked.append(size)
        return plain(self, size)

    monkeypatch.setattr(compression._Decompressed, "read", read)
    unpack(tmp_path, packed(tar(entry("x" * 200, bytes(20_000_000))), "a.tgz"))
    assert max(asked) <= BLOCK


def test_what_lies_outside_of_the_prefix_is_bounded_too(tmp_path: Path) -> None:
    """It is not written, but it is unpacked."""
    raw = tar(entry("t/f", b"x")).removesuffix(bytes(10240 - 1024)) + END
    raw = header("bomb", REGULAR, 200_000_000) + bytes(200_000_256) + raw
    refused(tmp_path, raw, "it unpacks to more than ", prefix="t")
