"""Unpacks tar archives as tests have made them, and holds that bad ones leave nothing behind."""

from pathlib import Path

import pytest
from archive_maker import packed

from linkmode.archives.unpack import extract
from linkmode.messages import IntegrityError


def unpack(tmp_path: Path, body: bytes, file: str = "a.tgz", prefix: str = "") -> Path:
    """Unpack into ``root/into``, with a file beside it that must stay as it is."""
    into = tmp_path / "root" / "into"
    into.mkdir(parents=True)
    (tmp_path / "root" / "beside").write_text("untouched")
    (tmp_path / file).write_bytes(body)
    extract(tmp_path / file, into, file=file, strip_prefix=prefix)
    return into


def refused(tmp_path: Path, raw: bytes, *words: str, file: str = "a.tgz", prefix: str = "") -> None:
    """Hold that the archive of ``raw`` is refused with these words, and that nothing of it is kept anywhere."""
    with pytest.raises(IntegrityError) as caught:
        unpack(tmp_path, packed(raw, file), file, prefix)
    problem, root = caught.value.problem, tmp_path / "root"
    assert caught.value.exit_code == 5
    assert problem.startswith(f"{file}: "), problem
    for word in words:
        assert word in problem, f"{word!r} is not in {problem!r}"
    assert "nothing of it was kept" in caught.value.hint, caught.value.hint
    there = {folder: sorted(path.name for path in folder.iterdir()) for folder in (root, tmp_path)}
    assert there == {root: ["beside", "into"], tmp_path: [file, "root"]}, there
    assert (root / "beside").read_text() == "untouched"
