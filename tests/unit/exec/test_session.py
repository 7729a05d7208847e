"""What is read from the driver's note, and what is said of it at the end."""

import os
import shutil
from pathlib import Path

import pytest

from linkmode.exec import session
from linkmode.exec.environment import Ready
from linkmode.exec.session import Note
from linkmode.model.values import ExecPlatform, LockedToolchain, Target

MUSL = "x86_64-linux-musl"
TOOLCHAIN = LockedToolchain(family="zig", artifact="zig", exec=ExecPlatform("x86_64-linux"), target=Target(MUSL))


def ready(check: str = "/bin/true") -> Ready:
    return Ready(
        triple=MUSL,
        name=f"{MUSL}-static",
        bin=Path("/bin"),
        plain=Path("/plain"),
        tools=frozenset(),
        sysroot=Path("/sysroot"),
        check=Path(check),
        mode="static",
    )


def judge(note: Note, here: Path, check: str = "/bin/true", libraries: tuple[str, ...] = ()) -> tuple[list[str], bool]:
    verdict = session.judge(note, TOOLCHAIN, ready(check), here, libraries)
    return list(verdict.lines), verdict.holds


def test_a_note_is_read_without_repetitions_and_half_lines() -> None:
    text = (
        f"program\t{MUSL}\tstatic\t/p\nprogram\t{MUSL}\tstatic\t/p\nlibrary\t{MUSL}\tstatic\t/l.so\n"
        f"wrong\t{MUSL}\tstatic\t/w\nheader\tffi.h\t/c.c\nmissing\tfoo\t/x\ngo\tstatic\texample.com/app\nprogram\tx"
    )
    assert session.parse(text) == Note(
        linked=((MUSL, "static", "/p"),),
        libraries=((MUSL, "static", "/l.so"),),
        wrong=((MUSL, "static", "/w"),),
        packages=("example.com/app",),
        headers=(("ffi.h", "/c.c"),),
        missing=(("foo", "/x"),),
    )


def test_nothing_is_said_where_nothing_was_linked(tmp_path: Path) -> None:
    assert judge(Note(), tmp_path) == ([], True)


def test_what_was_linked_is_listed(tmp_path: Path) -> None:
    for name in ("app", "conftest"):
        (tmp_path / name).touch()
    links = tuple((MUSL, "static", str(tmp_path / name)) for name in ("app", "conftest", "gone"))
    [line], holds = judge(Note(linked=links), tmp_path)
    assert line == f"static for {MUSL}: app; and 2 temporary programs"
    assert holds
    [line], _ = judge(Note(linked=(*links, (MUSL, "static", "/tmp/go/a.out")), packages=("example.com/x",)), tmp_path)
    assert line == f"static for {MUSL}: app, example.com/x (go); and 2 temporary programs"


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(11)]
    for name in names:
        (tmp_path / name).touch()
    [line], _ = judge(Note(linked=tuple((MUSL, "static", str(tmp_path / name)) for name in names)), tmp_path)
    assert line.endswith("p6, p7 and 3 more")


def test_a_program_that_was_removed_is_a_failure(tmp_path: Path) -> None:
    lines, holds = judge(Note(wrong=((MUSL, "static", str(tmp_path / "w")),)), tmp_path)
    assert (lines, holds) == ([f"not static for {MUSL}: w"], False)


def test_what_was_tried_out_or_linked_again_is_none(tmp_path: Path) -> None:
    (tmp_path / "again").touch()
    names = ("again", "conftest")
    assert judge(Note(wrong=tuple((MUSL, "static", str(tmp_path / name)) for name in names)), tmp_path) == ([], True)


def test_a_program_that_was_changed_after_its_link_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "app").touch()
    check = tmp_path / "check"
    check.write_text("#!/bin/sh\necho it is changed >&2\nexit 1\n")
    check.chmod(0o755)
    lines, holds = judge(Note(linked=((MUSL, "static", str(tmp_path / "app")),)), tmp_path, str(check))
    assert (lines, holds) == (["it is changed", f"not static for {MUSL}: app"], False)


def test_a_build_folder_of_another_target(tmp_path: Path) -> None:
    (tmp_path / "app").touch()
    lines, holds = judge(Note(linked=(("x86_64-linux-gnu.2.28", "mostly_static", str(tmp_path / "app")),)), tmp_path)
    assert lines[0].startswith(
        "app was linked for x86_64-linux-gnu.2.28 and mostly_static: the build folder comes from"
    )
    assert not holds


@pytest.mark.parametrize(
    ("header", "source", "libraries", "said"),
    [
        ("ffi.h", "/p/c/_cffi.c", (), "looked for ffi.h of libffi, and no library of linkmode.toml has it"),
        ("ffi.h", "/p/conftest.c", (), "looked for ffi.h of libffi"),
        ("zlib.h", "/p/conftest.c", ("zlib",), ""),
        ("sys/sysctl.h", "/p/conftest.c", (), ""),
        ("own.h", "/p/x.c", (), "looked for own.h, and no library"),
    ],
)
def test_what_was_looked_for_in_vain(
    tmp_path: Path, header: str, source: str, libraries: tuple[str, ...], said: str
) -> None:
    lines, holds = judge(Note(headers=((header, source),)), tmp_path, libraries=libraries)
    assert [line[: len(said)] for line in lines] == ([said] if said else [])
    assert holds


@pytest.mark.skipif(not shutil.which("sh"), reason="no shell")
def test_a_command_s_end_is_told() -> None:
    assert session.run(["sh", "-c", "exit 7"], {}) == 7
    assert session.run(["sh", "-c", "kill -TERM $$"], {}) == -15
    with pytest.raises(FileNotFoundError):
        session.run(["/no/such/command"], {})


def test_a_build_that_found_all_up_to_date_says_so(tmp_path: Path) -> None:
    nothing, linked = Note(), Note(linked=(("x86_64-linux-musl", "static", "/p"),))
    for command in (["make", "-j2"], ["/usr/bin/ninja"], ["cmake", "--build", "b"], ["dune", "build"]):
        assert "not checked" in session.idle(nothing, command, tmp_path, 0)
        assert session.idle(linked, command, tmp_path, 0) == ""
    for command in (["cmake", "-S", "."], ["dune", "clean"], ["cargo"], ["sh", "-c", "make"]):
        assert session.idle(nothing, command, tmp_path, 0) == ""
    assert session.idle(Note(packages=("example.com/p",)), ["make"], tmp_path, 0) == ""


def test_what_another_compiler_linked_is_named(tmp_path: Path) -> None:
    """The driver never sees ``CC = /usr/bin/gcc`` of a makefile."""
    program = tmp_path / "out" / "app"
    for path, kind in ((program, 3), (tmp_path / "out/app.o", 1), (tmp_path / "target/debug/script", 3)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x7fELF\2\1\1".ljust(16, b"\0") + bytes([kind, 0]))
    began = program.stat().st_mtime
    command = ["sh", "-c", "make"]
    assert "was not checked: out/app; where" in session.idle(Note(), command, tmp_path, began)
    assert session.idle(Note(), command, tmp_path, began + 60) == ""
    linked = Note(linked=(("x86_64-linux-musl", "static", str(program)),))
    assert session.idle(linked, command, tmp_path, began) == ""


def test_no_more_is_named_and_no_more_is_looked_at_than_a_reader_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        (tmp_path / f"app{number}").write_bytes(b"\x7fELF\2\1\1".ljust(16, b"\0") + b"\3\0")
    assert "app6, app7 and more; where" in session.idle(Note(), ["sh"], tmp_path, 0)
    monkeypatch.setattr(session, "_MOST", 2)
    assert "checked: app0, app1; where" in session.idle(Note(), ["sh"], tmp_path, 0)


def test_neither_links_nor_what_is_mounted_was_linked_by_another_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "proc" / "app"
    program.parent.mkdir()
    program.write_bytes(b"\x7fELF\2\1\1".ljust(16, b"\0") + b"\3\0")
    (tmp_path / "link").symlink_to(program)
    os.mkfifo(tmp_path / "pipe")
    assert "was not checked: proc/app; where" in session.idle(Note(), ["sh"], tmp_path, 0)
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == program.parent)
    assert session.idle(Note(), ["sh"], tmp_path, 0) == ""
