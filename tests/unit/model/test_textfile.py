"""One file is written whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from linkmode.messages import ConfigError
from linkmode.model import textfile


def test_one_file_that_several_runs_write_is_always_whole(tmp_path: Path) -> None:
    file = tmp_path / "linkmode.lock"
    texts = [bytes([65 + run]) * 50_000 for run in range(4)]
    textfile.replace(file, texts[0])
    seen: set[bytes] = set()

    def one(run: int) -> None:
        for _ in range(50):
            textfile.replace(file, texts[run])
            seen.add(file.read_bytes())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert seen <= set(texts)
    assert [path.name for path in tmp_path.iterdir()] == ["linkmode.lock"]


def test_what_a_killed_run_left_of_a_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".linkmode.lock.linkmode-new").write_bytes(b"half of something longer than the whole")
    textfile.replace(tmp_path / "linkmode.lock", b"whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"linkmode.lock": b"whole"}


def test_a_link_in_the_way_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / ".linkmode.lock.linkmode-new").symlink_to("precious")
    with pytest.raises(ConfigError, match=r"linkmode\.lock cannot be written"):
        textfile.replace(tmp_path / "linkmode.lock", b"whole")
    assert (tmp_path / "precious").read_bytes() == b"precious"
