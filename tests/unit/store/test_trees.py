"""Folders that are made once."""

from pathlib import Path

import pytest

from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.values import Artifact
from linkmode.store import trees


def artifact(**changes: object) -> Artifact:
    values = {
        "name": "a",
        "family": "zig",
        "version": "1",
        "file": "a.tgz",
        "urls": (),
        "upstream": "u",
        "sha256": "0" * 64,
    }
    return Artifact(**(values | changes))  # type: ignore[arg-type]


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert trees.home(None) == tmp_path / "cache" / "linkmode"
    assert trees.home(Path("store")) == tmp_path / "store" / "linkmode"
    assert trees.unpacked(tmp_path, artifact()).parent == tmp_path / "unpacked"


def test_another_archive_or_prefix_is_another_folder(tmp_path: Path) -> None:
    variants = [
        artifact(),
        artifact(sha256="1" * 64),
        artifact(strip_prefix="p"),
        artifact(sha256=None, sha512="0" * 128),
    ]
    assert len({trees.unpacked(tmp_path, one) for one in variants}) == 4
    assert trees.unpacked(tmp_path, artifact(name="b", version="2")) == trees.unpacked(tmp_path, artifact())


def test_what_fails_leaves_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    def fail(new: Path) -> None:
        (new / "half").mkdir()
        (new / "half").chmod(0o500)
        raise IntegrityError("no")

    folder = tmp_path / "made" / "x"
    with pytest.raises(IntegrityError):
        trees.make_once(folder, fail, print)
    assert [path.name for path in folder.parent.iterdir()] == ["x.lock"]
    trees.make_once(folder, lambda new: (new / "f").touch(), print)
    trees.make_once(folder, fail, print)
    assert [path.name for path in folder.iterdir()] == ["f"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file/x: cannot be written: Not a directory|File exists") as caught:
        trees.make_once(tmp_path / "file" / "x", lambda new: None, print)
    assert "--store DIR" in caught.value.hint
