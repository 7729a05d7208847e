"""Which links of an unpacked archive the repository rule refuses: links.bzl, which is also Python."""

import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "templates/bazel/core/private/cc/links.bzl"


class BazelPath:
    """A path as repository rules have it, of Bazel 7.1 and newer."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @property
    def is_dir(self) -> bool:
        return self.path.is_dir()

    @property
    def realpath(self) -> "BazelPath":
        return BazelPath(self.path.resolve())

    def readdir(self, watch: str) -> list["BazelPath"]:
        assert watch == "no"
        return [BazelPath(path) for path in sorted(self.path.iterdir())]


def wrong_link(root: Path) -> str | None:
    names: dict[str, Any] = {}
    exec(compile(TABLE.read_text(encoding="utf-8"), TABLE, "exec"), names)
    found: str | None = names["wrong_link"](BazelPath(root))
    return found


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    root = tmp_path / "archive"
    (root / "lib" / "security").mkdir(parents=True)
    (root / "lib" / "libc.so").write_text("")
    (tmp_path / "cacerts").write_text("")
    return root


def test_links_inside_are_fine(archive: Path) -> None:
    (archive / "lib" / "libc.so.6").symlink_to("libc.so")
    (archive / "lib64").symlink_to("lib")
    (archive / "lib" / "here").symlink_to(".")  # a walk that followed it would never end
    assert wrong_link(archive) is None


def test_a_link_that_leads_nowhere(archive: Path) -> None:
    (archive / "lib" / "security" / "cacerts").symlink_to("/etc/ssl/of/another/machine")
    assert wrong_link(archive) == "lib/security/cacerts is a link that leads nowhere"


@pytest.mark.parametrize("is_absolute", [True, False])
def test_a_link_out_of_the_archive(archive: Path, is_absolute: bool) -> None:
    outside = archive.parent / "cacerts"
    link = archive / "lib" / "security" / "cacerts"
    link.symlink_to(outside if is_absolute else os.path.relpath(outside, link.parent))
    assert wrong_link(archive) == f"lib/security/cacerts is a link to {outside}, which is outside of the archive"


def test_a_bazel_that_tells_no_folder_from_a_file() -> None:
    names: dict[str, Any] = {}
    exec(compile(TABLE.read_text(encoding="utf-8"), TABLE, "exec"), names)
    assert names["wrong_link"](object()) is None
