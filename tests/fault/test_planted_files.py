"""Files that a repository, a vendored package or a setting leads to, and that are none, or far too deep."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from calling import Run
from vendoring import request

from linkmode.audit.inputs.parts import FolderParts
from linkmode.config.surroundings import look
from linkmode.exec.build_systems import claim_dune_folder
from linkmode.languages.rust import crates
from linkmode.languages.sbcl import vendor as lisp
from linkmode.messages import ConfigError, shown
from linkmode.model import exchange, textfile, vendored
from linkmode.model.failures import UnreachableError
from linkmode.net import go_proxy, index

PLANTS: list[Callable[[Path], None]] = [
    os.mkfifo,
    Path.mkdir,
    lambda path: path.symlink_to("/dev/zero"),
    lambda path: path.symlink_to("/dev/full"),
    lambda path: path.symlink_to(path.name),
]
planted = pytest.mark.parametrize("plant", PLANTS, ids=["a pipe", "a folder", "zeros", "a full device", "itself"])


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """End what waits for ever."""

    def over(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@planted
def test_what_is_no_file_is_never_waited_for(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    path = tmp_path / "file"
    plant(path)
    with pytest.raises(OSError, match=r"is no regular file|Too many levels"):
        textfile.regular(path)
    with pytest.raises(ConfigError, match=r"cannot be read: (is|Too many)") as caught:
        vendored.text_of(path, "vendor again")
    assert caught.value.hint == "vendor again"
    with pytest.raises(UnreachableError, match=r"is no regular file|Too many|No such file"):
        index._read(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        go_proxy.read({"GOENV": str(path)})


@planted
def test_init_looks_at_no_device(
    tmp_path: Path,
    plant: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(tmp_path / "MODULE.bazel")
    assert look(tmp_path).rule_sets == {}
    monkeypatch.chdir(tmp_path)
    done = Run(capsys, "init")
    assert done.code == 0, done.err


def test_init_still_looks_at_files(tmp_path: Path) -> None:
    (tmp_path / "MODULE.bazel").write_text('bazel_dep(name = "rules_go")\n')
    assert look(tmp_path).rule_sets == {"rules_go": "MODULE.bazel"}


@planted
def test_dune_s_mark(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / ".linkmode")
    with pytest.raises(ConfigError, match=r"\.linkmode: cannot be written: (is|Too many)"):
        claim_dune_folder(tmp_path, "zig")


def test_a_file_of_another_size(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert textfile.regular(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="is larger than 4 bytes"):
        textfile.regular(tmp_path / "file", 4)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 20_000,
        "a." * 20_000 + "b = 1",
        "package = 5",
        "[[package]]\nname = 1",
        "[[package]]",
        "=",
        "n = 1e",
    ],
    ids=["nested", "dotted", "a number", "a name that is none", "no name", "no key", "no TOML"],
)
def test_a_cargo_lock_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "Cargo.lock").write_text(text)
    (tmp_path / "vendor").mkdir()
    for read in (crates.read, lambda asked: crates.verify(asked, [])):
        with pytest.raises(ConfigError, match=r"Cargo\.lock: cannot be read: ") as caught:
            read(request(tmp_path))
        assert caught.value.expected == "the file as its own tool writes it"
        assert "cargo generate-lockfile" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, "[]", '{"files": []}', '{"files": {"a": 5}}', '{"package": {}}', "{", '{"files": {"a": NaN}}'],
)
def test_a_list_of_a_crate_s_files_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "list").write_text(text)
    with pytest.raises(ConfigError, match=r"list: cannot be read: "):
        vendored.json_of(tmp_path / "list", "again", crates._Listed)
    (tmp_path / "list").write_text('{"files": {"a": "b"}, "package": null}')
    assert vendored.json_of(tmp_path / "list", "again", crates._Listed).files == {"a": "b"}


@pytest.mark.parametrize("size", ["²", "9" * 5000, "-1", "٣"])
def test_a_size_of_a_dist_that_is_none(tmp_path: Path, size: str) -> None:
    (tmp_path / "releases.txt").write_text(f"p https://h/p.tgz {size} {'0' * 32} {'0' * 40} p p.asd\n")
    (tmp_path / "systems.txt").write_text("p p p\n")
    with pytest.raises(ConfigError, match=r"releases\.txt: line 1 is none of a dist"):
        lisp.vendor(request(tmp_path, names=("p",), archives=tmp_path))


@pytest.mark.parametrize("text", ["p = 5", "p = {prefix = 5}", "x = " + "[" * 5000, "="])
def test_pins_of_a_dist_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "releases.txt").write_text(f"p https://h/p.tgz 1 {'0' * 32} {'0' * 40} p p.asd\n")
    (tmp_path / "systems.txt").write_text("p p p\n")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / lisp.PINS).write_text(text)
    with pytest.raises(ConfigError, match=r"archives\.toml: cannot be read: "):
        lisp.vendor(request(tmp_path, names=("p",), archives=tmp_path))


def deep(folder: Path, leaf: str) -> None:
    """Make 1,500 folders within each other, and a file in the last."""
    folder.mkdir(parents=True, exist_ok=True)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open(leaf, os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


def test_vendored_sources_of_any_depth_are_listed(tmp_path: Path) -> None:
    deep(tmp_path / "sources", "leaf")
    (tmp_path / "sources" / "link").symlink_to("d")
    assert vendored.files_below(tmp_path / "sources") == [f"{'d/' * 1500}leaf", "link"]
    exchange.delete(tmp_path / "sources")  # pytest cannot


def test_an_image_whose_folder_is_too_deep_is_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (tmp_path / "index.json").write_text('{"schemaVersion": 2, "manifests": []}')
    deep(tmp_path / "blobs", "leaf")
    done = Run(capsys, "audit", str(tmp_path))
    assert done.code == 3, done.err
    assert "not audited" in done.out + done.err
    exchange.delete(tmp_path / "blobs")  # pytest cannot


def test_an_image_with_a_folder_that_cannot_be_read_has_the_size_of_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sha256", "sha512"):
        (tmp_path / "blobs" / name).mkdir(parents=True)
    (tmp_path / "blobs/sha256/a").write_text("abc")
    scandir = os.scandir

    def refusing(folder: Any) -> Any:
        if os.path.samestat(os.stat(folder), (tmp_path / "blobs/sha512").stat()):  # noqa: PTH116 - or a descriptor
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert FolderParts(tmp_path).size == 3


def test_a_path_that_fills_the_screen_is_cut() -> None:
    word = "a" * 300 + "b" * 5000 + "c" * 100
    assert shown(f"x {word} y\n{word}") == f"x {'a' * 300}…{'c' * 100} y\n{'a' * 300}…{'c' * 100}"
    assert shown("a " * 5000) == "a " * 5000
    assert shown("a\x1b") == "a\\x1b"
