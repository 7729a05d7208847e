"""What the compiler driver does with what a link made."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from driver_toolchain import MUSL, Toolchain


def linked(
    made: Toolchain,
    what: Path,
    *arguments: str,
    note: Path | None = None,
    by: tuple[str, ...] = (),
    verify: str = "",
    name: str = "",
) -> subprocess.CompletedProcess[str]:
    """Let the driver link, by a compiler that copies ``what`` to where it is told, or to ``name``.

    ``by`` is what starts the driver.
    """
    text = (made.root / "driver.conf").read_text().replace("cc\t/bin/echo\ncc\tcc\n", f"cc\t{made.root}/copy\n")
    (made.root / "driver.conf").write_text(text)
    script = f'#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp "{what}" "$2"\n'
    (made.root / "copy").write_text(f'#!/bin/sh\ncp "{what}" {name}\n' if name else script)
    (made.root / "copy").chmod(0o755)
    environment = {"PATH": os.environ["PATH"]} | ({"LINKMODE_NOTE": str(note)} if note else {})
    environment |= {"LINKMODE_VERIFY": verify} if verify else {}
    return subprocess.run(
        [*by, str(made.root / "bin" / "cc"), *arguments],
        cwd=made.root / "project",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_program_that_is_not_of_its_mode_is_removed(
    make: Callable[..., Toolchain], tmp_path: Path, programs: Path
) -> None:
    (tmp_path / "p.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", tmp_path / "p.c", "-o", tmp_path / "dynamic"], check=True)
    made, note = make(), tmp_path / "note"
    note.touch()
    done = linked(made, tmp_path / "dynamic", "x.o", "-o", "p", note=note)
    assert done.returncode == 1
    assert "p: --expect static does not hold" in done.stderr
    assert "p was removed: it is not what --target x86_64-linux-musl and --mode static say" in done.stderr
    assert not (made.root / "project" / "p").exists()
    assert note.read_text() == f"wrong\t{MUSL}\tstatic\t{made.root}/project/p\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--output=p",),
        ("--output", "p"),
        ("-op",),
        ("-Wl,-o,p",),
        ("-Wl,-op", "-o", "q"),
        ("-Wl,--output=p", "-o", "q"),
        ("-Xlinker", "-o", "-Xlinker", "p"),
    ],
)
def test_a_wrong_program_is_removed_however_its_name_was_given(
    make: Callable[..., Toolchain], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "p.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", tmp_path / "p.c", "-o", tmp_path / "dynamic"], check=True)
    made = make()
    done = linked(made, tmp_path / "dynamic", "x.o", *words, name="p")
    assert done.returncode == 1
    assert "p was removed: it is not what --target x86_64-linux-musl and --mode static say" in done.stderr
    assert list((made.root / "project").iterdir()) == []


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "p.c").write_text("void _start(void) { for (;;) {} }\n")
    subprocess.run(["cc", "-static", "-nostdlib", tmp_path / "p.c", "-o", tmp_path / "static"], check=True)
    return tmp_path / "static"


def test_a_program_of_its_mode_is_noted(make: Callable[..., Toolchain], static: Path, tmp_path: Path) -> None:
    made, note = make(), tmp_path / "note"
    note.touch()
    done = linked(made, static, "x.o", "-o", "p", note=note)
    assert (done.returncode, done.stderr) == (0, "")
    assert note.read_text() == f"program\t{MUSL}\tstatic\t{made.root}/project/p\n"


CLEARING = ("sh", "-c", 'env -i "$@"; exit $?', "sh")
"""As GraalVM's native-image does, whose C compiler has no variable of who started native-image."""


@pytest.mark.parametrize(
    ("by", "file", "noted"),
    [
        pytest.param(CLEARING, "linkmode-1/note", True, id="parent"),
        pytest.param((*CLEARING, *CLEARING), "linkmode-1/note", True, id="grandparent"),
        pytest.param(("env", "-i"), "linkmode-1/note", False, id="nobody"),
        pytest.param(CLEARING, "elsewhere/note", False, id="another-folder"),
        pytest.param(CLEARING, "linkmode-1/passwd", False, id="another-file"),
    ],
)
def test_the_note_is_found_where_the_environment_was_cleared(
    make: Callable[..., Toolchain], static: Path, tmp_path: Path, by: tuple[str, ...], file: str, *, noted: bool
) -> None:
    """A file that `linkmode exec` did not make is left alone: sudo, too, clears variables."""
    made, note = make(), tmp_path / file
    note.parent.mkdir()
    note.touch()
    done = linked(made, static, "x.o", "-o", "p", note=note, by=by)
    assert (done.returncode, done.stderr) == (0, "")
    assert note.read_text() == (f"program\t{MUSL}\tstatic\t{made.root}/project/p\n" if noted else "")


def test_the_note_is_found_in_a_pid_namespace_with_the_proc_of_another(
    make: Callable[..., Toolchain], static: Path, tmp_path: Path
) -> None:
    """As in bwrap --dev-bind / / --unshare-pid: the number of the parent is another process's in /proc."""
    inside = ("unshare", "--pid", "--fork")
    if shutil.which("unshare") is None or subprocess.run([*inside, "true"], check=False).returncode != 0:
        pytest.skip("unshare --pid is not allowed here")
    made, note = make(), tmp_path / "linkmode-1" / "note"
    note.parent.mkdir()
    note.touch()
    done = linked(made, static, "x.o", "-o", "p", note=note, by=(*inside, *CLEARING))
    assert (done.returncode, done.stderr) == (0, "")
    assert note.read_text() == f"program\t{MUSL}\tstatic\t{made.root}/project/p\n"


@pytest.mark.parametrize(("verify", "kept"), [("no", True), ("yes", False), ("", False)])
def test_no_verify_holds_where_the_environment_was_cleared(
    make: Callable[..., Toolchain], tmp_path: Path, verify: str, *, kept: bool
) -> None:
    (tmp_path / "p.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", tmp_path / "p.c", "-o", tmp_path / "dynamic"], check=True)
    made = make()
    done = linked(made, tmp_path / "dynamic", "x.o", "-o", "p", by=CLEARING, verify=verify)
    assert done.returncode == (0 if kept else 1)
    assert (made.root / "project" / "p").exists() == kept


@pytest.mark.parametrize("words", [("-L.", "-lthrows"), ("-L.", "-l:libthrows.so"), ("./libthrows.so",)])
def test_two_cxx_runtimes_of_zig_are_refused(
    make: Callable[..., Toolchain], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "p.c").write_text(
        'const char text[] = "%s exception of type %s"; int main(void) { return !text[0]; }\n'
    )
    subprocess.run(["cc", tmp_path / "p.c", "-o", tmp_path / "program"], check=True)
    for kind, code in (("clang", 1), ("gcc", 0)):
        made = make(kind=kind, target="x86_64-linux-gnu", mode="dynamic")
        shutil.copy(tmp_path / "program", made.root / "project" / "libthrows.so")
        done = linked(made, tmp_path / "program", "x.o", "-o", "p", *words)
        assert done.returncode == code, done.stderr
        assert ("one in the program, and one in ./libthrows.so: an exception" in done.stderr) == (kind == "clang")
        assert (made.root / "project" / "p").exists() == (kind == "gcc")


def test_what_is_no_elf_file_is_no_shared_object(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    """As an archive that a compiler wrote under the name of a shared object."""
    (tmp_path / "archive").write_bytes(b"!<arch>\n")
    made = make()
    done = linked(made, tmp_path / "archive", "-shared", "x.o", "-o", "libx.so")
    assert done.returncode == 1
    assert "a static library (ar archive), not a linked ELF file" in done.stderr
    assert not (made.root / "project" / "libx.so").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("-Wl,--oformat=elf64-x86-64",),
        ("-Wl,--oformat,elf64-x86-64",),
        ("-Xlinker", "--oformat=binary"),  # what a linker writes counts, and not what it was told
    ],
)
def test_a_format_of_the_output_does_not_hide_a_wrong_program(
    make: Callable[..., Toolchain], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "p.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", tmp_path / "p.c", "-o", tmp_path / "dynamic"], check=True)
    made = make()
    done = linked(made, tmp_path / "dynamic", "x.o", "-o", "p", *words)
    assert done.returncode == 1
    assert "p: --expect static does not hold" in done.stderr
    assert not (made.root / "project" / "p").exists()


@pytest.mark.parametrize(("word", "code"), [("-Wl,--oformat=binary", 0), ("-Wl,--gc-sections", 1)])
def test_the_bare_bytes_of_an_image_are_no_program(
    make: Callable[..., Toolchain], tmp_path: Path, word: str, code: int
) -> None:
    (tmp_path / "image").write_bytes(b"\xeb\xfe" + bytes(510))
    made = make()
    assert linked(made, tmp_path / "image", "x.o", "-o", "p", word).returncode == code
    assert (made.root / "project" / "p").exists() == (code == 0)
