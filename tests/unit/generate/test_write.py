import os
import stat
from pathlib import Path

import pytest

from linkmode.generate import write
from linkmode.generate.header import HEADER
from linkmode.messages import CheckError, ConfigError
from linkmode.model import exchange
from linkmode.model.values import Tree

OURS = f"# {HEADER}\n".encode()
TREE: Tree = {"BUILD.bazel": OURS, "lib/zlib.BUILD": OURS + b"zlib()\n", "lib/deep/er/a.bzl": OURS + b"A = 1\n"}

Snapshot = dict[str, tuple[int, bytes]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "repo" / "third_party" / "linkmode"


def put(tree: Tree, out: Path, *, force: bool = False) -> write.Changes:
    return write.apply(tree, out, label="third_party/linkmode", locks=out.parents[2] / "locks", force=force)


def snapshot(folder: Path) -> Snapshot:
    """Every file with its time stamp: equal snapshots mean that nothing was written."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder: Path) -> Tree:
    return {name: data for name, (_, data) in snapshot(folder).items()}


def test_a_new_folder_is_created_with_its_parents(out: Path) -> None:
    changes = put(TREE, out)
    assert changes.created == ("BUILD.bazel", "lib/deep/er/a.bzl", "lib/zlib.BUILD")
    assert contents(out) == TREE
    assert names(out.parent) == {"linkmode"}


def test_the_same_tree_again_writes_nothing(out: Path) -> None:
    put(TREE, out)
    before, folder = snapshot(out), out.stat()
    changes = put(TREE, out)
    assert not changes
    assert changes.unchanged == tuple(sorted(TREE))
    assert snapshot(out) == before
    assert (out.stat().st_ino, out.stat().st_mtime_ns) == (folder.st_ino, folder.st_mtime_ns)


def test_changed_removed_unchanged_and_foreign(out: Path) -> None:
    put(TREE, out)
    (out / "lib/notes.txt").write_text("mine")
    (out / "link").symlink_to("nowhere")
    (out / "lib/empty").mkdir()
    before = snapshot(out)
    changes = put({"BUILD.bazel": OURS, "lib/zlib.BUILD": OURS + b"zlib(2)\n"}, out)
    assert (changes.created, changes.changed, changes.removed) == ((), ("lib/zlib.BUILD",), ("lib/deep/er/a.bzl",))
    assert (changes.unchanged, changes.foreign) == (("BUILD.bazel",), ("lib/notes.txt", "link"))
    after = snapshot(out)
    assert after["BUILD.bazel"] == before["BUILD.bazel"]
    assert after["lib/notes.txt"] == before["lib/notes.txt"]
    assert after["lib/zlib.BUILD"][1] == OURS + b"zlib(2)\n"
    assert not (out / "lib/deep").exists()
    assert (out / "link").readlink() == Path("nowhere")
    assert (out / "lib/empty").is_dir()
    assert names(out.parent) == {"linkmode"}


def test_a_folder_may_become_a_file_and_a_file_a_folder(out: Path) -> None:
    put({"a": OURS, "b/c": OURS}, out)
    put({"a/x": OURS, "b": OURS}, out)
    assert contents(out) == {"a/x": OURS, "b": OURS}


def test_an_empty_folder_of_the_user_stays_where_all_else_goes(out: Path) -> None:
    put({"a": OURS, "b/c": OURS}, out)
    (out / "b/mine").mkdir()
    put({"a": OURS}, out)
    assert (out / "b/mine").is_dir()


def test_modes_of_folders_stay(out: Path) -> None:
    put(TREE, out)
    (out / "lib").chmod(0o500)
    put({**TREE, "BUILD.bazel": OURS + b"# more\n"}, out)
    assert stat.S_IMODE((out / "lib").stat().st_mode) == 0o500
    assert names(out.parent) == {"linkmode"}


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_foreign_file_in_the_way_is_named_and_only_force_overwrites_it(out: Path, kind: str) -> None:
    out.mkdir(parents=True)
    elsewhere = out.parent / "elsewhere"
    elsewhere.write_text("kept")
    if kind == "file":
        (out / "BUILD.bazel").write_text("mine")
    else:
        (out / "BUILD.bazel").symlink_to(elsewhere)
    before = contents(out)
    with pytest.raises(ConfigError, match=r"linkmode did not generate are in the way: BUILD\.bazel") as caught:
        put(TREE, out)
    assert "linkmode generate --force" in caught.value.hint
    assert contents(out) == before
    assert put(TREE, out, force=True).blocked == ("BUILD.bazel",)
    assert contents(out) == TREE
    assert elsewhere.read_text() == "kept"


def test_a_foreign_file_where_a_folder_must_be_is_in_the_way_too(out: Path) -> None:
    out.mkdir(parents=True)
    (out / "lib").write_text("mine")
    with pytest.raises(ConfigError, match=r"did not generate are in the way: lib\n"):
        put(TREE, out)
    put(TREE, out, force=True)
    assert contents(out) == TREE


def test_a_foreign_folder_in_the_way_is_not_even_removed_by_force(out: Path) -> None:
    (out / "BUILD.bazel").mkdir(parents=True)
    (out / "BUILD.bazel/mine").write_text("mine")
    for force in (False, True):
        with pytest.raises(
            ConfigError, match=r"a folder that linkmode did not make is in the way of a generated file: BUILD\.bazel/"
        ):
            put(TREE, out, force=force)
    assert contents(out) == {"BUILD.bazel/mine": b"mine"}


def test_many_files_in_the_way_are_counted(out: Path) -> None:
    out.mkdir(parents=True)
    tree = {f"{number:02}": OURS for number in range(13)}
    for name in tree:
        (out / name).write_text("mine")
    with pytest.raises(ConfigError, match="00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 3 more"):
        put(tree, out)


def test_check_names_what_differs(out: Path) -> None:
    put(TREE, out)
    write.check(write.diff(TREE, out), "third_party/linkmode")
    (out / "BUILD.bazel").write_bytes(OURS + b"# by hand\n")
    (out / "old.bzl").write_bytes(OURS)
    (out / "lib/zlib.BUILD").unlink()
    before = snapshot(out)
    with pytest.raises(CheckError) as caught:
        write.check(write.diff(TREE, out), "third_party/linkmode")
    assert caught.value.problem == (
        "third_party/linkmode is not what linkmode.lock gives: "
        "missing: lib/zlib.BUILD; different: BUILD.bazel; no longer generated: old.bzl"
    )
    assert snapshot(out) == before


def test_unified_diff(out: Path) -> None:
    put({"a.bzl": OURS + b"A = 1\n", "gone.bzl": OURS, "same.bzl": OURS}, out)
    tree: Tree = {"a.bzl": OURS + b"A = 2", "new.bzl": OURS + b"\xff\n", "same.bzl": OURS}
    assert write.unified(tree, write.diff(tree, out), "lm") == (
        f"--- a/lm/a.bzl\n+++ b/lm/a.bzl\n@@ -1,2 +1,2 @@\n # {HEADER}\n-A = 1\n+A = 2\n\\ No newline at end of file\n"
        f"--- a/lm/gone.bzl\n+++ /dev/null\n@@ -1 +0,0 @@\n-# {HEADER}\n"
        f"--- /dev/null\n+++ b/lm/new.bzl\n@@ -0,0 +1,2 @@\n+# {HEADER}\n+\\xff\n"
    )


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../x", "./x", "a//b", "a/", ""])
def test_a_path_that_leaves_the_folder_is_a_defect(out: Path, path: str) -> None:
    with pytest.raises(ValueError, match="not a plain path"):
        put({path: OURS}, out)
    assert not out.exists()


def test_place_refuses_links_and_files(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").write_text("")
    assert write.place(tmp_path, "real/linkmode") == tmp_path / "real/linkmode"
    assert write.place(tmp_path, "new/linkmode") == tmp_path / "new/linkmode"
    for output in ("link", "link/linkmode"):
        with pytest.raises(ConfigError, match=f"output '{output}': .*link is a symbolic link"):
            write.place(tmp_path, output)
    for output in ("file", "file/linkmode"):
        with pytest.raises(ConfigError, match=f"output '{output}': .*file is a file where a folder is expected"):
            write.place(tmp_path, output)


def test_without_exchange_the_result_is_the_same(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(TREE, out)
    (out / "notes.txt").write_text("mine")
    monkeypatch.setattr(exchange, "_exchange", lambda _one, _other: False)
    put({"BUILD.bazel": OURS + b"# new\n"}, out)
    assert contents(out) == {"BUILD.bazel": OURS + b"# new\n", "notes.txt": b"mine"}
    assert names(out.parent) == {"linkmode"}


def test_without_hard_links_the_result_is_the_same(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(TREE, out)
    (out / "notes.txt").write_text("mine")
    before = snapshot(out)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    put({**TREE, "BUILD.bazel": OURS + b"# new\n"}, out)
    assert snapshot(out)["notes.txt"] == before["notes.txt"]
    assert snapshot(out)["lib/zlib.BUILD"] == before["lib/zlib.BUILD"]
