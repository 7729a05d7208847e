"""Templates that were compiled in an earlier run: the same bytes, and never those of another text."""

import sys
from pathlib import Path

import jinja2
import pytest

from linkmode.generate import compiled
from linkmode.generate.compiled import CompiledTemplates
from linkmode.generate.engine import render_tree
from linkmode.generate.header import HEADER
from linkmode.model.values import Tree

TEMPLATE = f"# {HEADER}\nX = {{{{ x | starlark }}}}\n".encode()


@pytest.fixture(autouse=True)
def _as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def rendered(folder: Path, *, text: bytes = TEMPLATE, x: object = 1, by: bytes = b"one") -> Tree:
    return render_tree({"a.bzl.jinja": text}, {"x": x}, CompiledTemplates(folder, by))


def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_(*_: object, **__: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(jinja2.Environment, "compile", compile_)


def test_the_next_run_compiles_nothing_and_writes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rendered(tmp_path / "below" / "here")
    no_compiler(monkeypatch)
    assert rendered(tmp_path / "below" / "here") == first
    assert rendered(tmp_path / "below" / "here", x="two") == {"a.bzl": f'# {HEADER}\nX = "two"\n'.encode()}


def test_another_text_is_compiled(tmp_path: Path) -> None:
    rendered(tmp_path)
    assert rendered(tmp_path, text=TEMPLATE + b"Y = 2\n")["a.bzl"].endswith(b"X = 1\nY = 2\n")
    assert rendered(tmp_path)["a.bzl"].endswith(b"X = 1\n")


def test_another_compiler_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered(tmp_path, by=b"one")
    no_compiler(monkeypatch)
    with pytest.raises(AssertionError, match="compiled again"):
        rendered(tmp_path, by=b"two")


@pytest.mark.parametrize("data", [b"", b"j2", b"\x80\x04garbage", None])
def test_a_damaged_file_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes | None) -> None:
    first = rendered(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if data is None else data)
    assert rendered(tmp_path) == first
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [whole]
    no_compiler(monkeypatch)
    assert rendered(tmp_path) == first


def test_a_folder_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert rendered(tmp_path / "file")["a.bzl"].endswith(b"X = 1\n")


def test_nothing_is_kept_where_python_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    rendered(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_template_that_is_wrong_is_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="inside a quoted string"):
            rendered(tmp_path, text=f'# {HEADER}\nX = "{{{{ x | starlark }}}}"\n'.encode())
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_that_of_compiled_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = compiled.beside_modules()
    assert kept is not None
    assert kept._folder == Path(compiled.__spec__.cached or "").parent
    monkeypatch.setattr(compiled.starlark, "__file__", str(tmp_path / "other.py"))
    assert compiled.beside_modules() is None
    (tmp_path / "other.py").write_text("another filter")
    other = compiled.beside_modules()
    assert other is not None
    assert other.get_source_checksum("text") != kept.get_source_checksum("text")
