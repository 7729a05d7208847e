"""The bytes of an ELF file, wherever they lie and however little a stream gives at once."""

import io
import os

import pytest
from elf_maker import Elf

from linkmode.audit.read import image, policy
from linkmode.audit.read.image import Image, NotAudited

PAGE = 4096


class Meagre(io.BytesIO):
    """Gives 100 bytes at most, as a file may, and counts."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(min(100, size or 0))


@pytest.fixture
def whole() -> bytes:
    # No byte is like the one 256 or 4096 further on, and one in 251 is a NUL.
    rest = bytes((at * 7 + at // 256) % 251 for at in range(5 * PAGE))
    return Elf().build() + rest


@pytest.fixture(params=[io.BytesIO, Meagre])
def read(request: pytest.FixtureRequest, whole: bytes) -> Image:
    return Image(request.param(whole), len(whole), policy.load())


@pytest.mark.parametrize("offset", [0, 1, PAGE - 1, PAGE, 2 * PAGE - 7, 3 * PAGE + 5])
@pytest.mark.parametrize("size", [0, 1, 16, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])
def test_bytes_are_those_of_the_file(read: Image, whole: bytes, offset: int, size: int) -> None:
    assert read.bytes_at(offset, size) == whole[offset : offset + size]


@pytest.mark.parametrize("offset", [PAGE - 15, 2 * PAGE - 1, 3 * PAGE])
def test_a_record_may_lie_across_pages(read: Image, whole: bytes, offset: int) -> None:
    assert read.record("IHHII", offset) == next(read.records("IHHII", whole[offset : offset + 16]))


@pytest.mark.parametrize("offset", [PAGE - 3, 2 * PAGE + 1, 4 * PAGE - 2])
def test_a_text_ends_at_its_nul_and_not_at_a_page(read: Image, whole: bytes, offset: int) -> None:
    assert read.text_at(offset, 600) == whole[offset : whole.index(b"\0", offset)]


def test_a_text_longer_than_two_pages_is_read_whole_or_not_at_all() -> None:
    raw = Elf().build()
    raw += b"a" * (3 * PAGE) + b"\0"
    read = Image(io.BytesIO(raw), len(raw), policy.load())
    start = len(raw) - 3 * PAGE - 1
    assert read.text_at(start, 3 * PAGE + 1) == b"a" * (3 * PAGE)
    assert read.text_at(start, 3 * PAGE) is None


@pytest.mark.parametrize("size", [1, 16, PAGE + 1])
def test_what_the_file_does_not_have_is_refused(read: Image, whole: bytes, size: int) -> None:
    with pytest.raises(NotAudited, match=f"truncated: {size} bytes expected at offset {len(whole)}, 0 found"):
        read.bytes_at(len(whole), size)
    with pytest.raises(NotAudited, match="truncated: 16 bytes expected"):
        read.record("IHHII", len(whole) - 15)


def test_a_file_that_shrinks_meanwhile_is_refused(tmp_path: object, whole: bytes) -> None:
    path = os.path.join(str(tmp_path), "shrinks")  # noqa: PTH118
    with open(path, "w+b", buffering=0) as stream:  # noqa: PTH123
        stream.write(whole)
        read = Image(stream, len(whole), policy.load())
        stream.truncate(PAGE)
        with pytest.raises(NotAudited, match="truncated: 16 bytes expected at offset 12288, 0 found"):
            read.bytes_at(3 * PAGE, 16)


def test_pages_are_read_once_and_few_are_kept(whole: bytes) -> None:
    whole += bytes(range(251)) * (PAGE // 2)  # 128 pages
    stream = Meagre(whole)
    read = Image(stream, len(whole), policy.load())
    read.bytes_at(PAGE, 16)
    before = stream.reads
    read.bytes_at(PAGE + 4000, 16)
    assert stream.reads == before
    for page in range(len(whole) // PAGE - 1):
        read.bytes_at(page * PAGE, 16)
        assert len(read._pages) <= image._MOST_PAGES
