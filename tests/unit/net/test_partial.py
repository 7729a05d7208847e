"""The gathering of one file: bound, hash, and what is left behind."""

import hashlib
from pathlib import Path

import pytest

from linkmode.model.failures import WrongBytesError
from linkmode.model.values import Checksum
from linkmode.net.partial import Partial

BODY = b"the file" * 1000
SUM = Checksum("sha256", hashlib.sha256(BODY).hexdigest())


@pytest.mark.parametrize("size", [len(BODY), None])
@pytest.mark.parametrize("step", [1, 7, 4096, len(BODY)])
def test_written_in_any_steps(tmp_path: Path, size: int | None, step: int) -> None:
    with Partial(tmp_path / "a" / "p", SUM, size) as partial:
        for place in range(0, len(BODY), step):
            assert not partial.complete
            partial.write(BODY[place : place + step])
        assert partial.complete
        partial.check()
        assert partial.head == BODY[:64]
    assert (tmp_path / "a" / "p").read_bytes() == BODY


def test_one_byte_too_many_is_not_written(tmp_path: Path) -> None:
    with Partial(tmp_path / "p", SUM, len(BODY)) as partial:
        partial.write(BODY)
        with pytest.raises(WrongBytesError, match="more than the 8,000 bytes that the lock has"):
            partial.write(b"x")
    assert (tmp_path / "p").read_bytes() == BODY


def test_wrong_size_and_wrong_bytes_say_both_values(tmp_path: Path) -> None:
    with Partial(tmp_path / "p", SUM, len(BODY)) as partial:
        partial.write(BODY[1:])
        with pytest.raises(WrongBytesError, match="expected 8,000 bytes, got 7,999"):
            partial.check()
        partial.write(b"x")
        with pytest.raises(WrongBytesError, match=f"expected {SUM.hex}, got [0-9a-f]{{64}}$"):
            partial.check()


def test_what_was_left_is_hashed_and_kept(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(BODY[:3000])
    with Partial(tmp_path / "p", SUM, len(BODY)) as partial:
        assert (partial.received, partial.pieced) == (3000, True)
        partial.write(BODY[3000:])
        partial.check()


@pytest.mark.parametrize("left", [BODY + b"x", BODY[:-1] + b"x"])
def test_what_cannot_become_the_file_is_dropped(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "p").write_bytes(left)
    with Partial(tmp_path / "p", SUM, len(BODY)) as partial:
        assert (partial.received, partial.pieced) == (0, False)


def test_an_empty_partial_file_is_not_left(tmp_path: Path) -> None:
    with Partial(tmp_path / "p", SUM, len(BODY)) as partial:
        partial.write(b"x")
        partial.restart()
    assert list(tmp_path.iterdir()) == []
