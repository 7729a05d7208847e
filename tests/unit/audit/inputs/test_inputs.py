"""What `linkmode audit` finds in folders, what it counts, and in which order it tells it."""

import json
import os
from pathlib import Path

import pytest
from archives import tar, zipped
from auditing import DYNAMIC, STATIC, modes, report, run
from click.testing import CliRunner
from elf_maker import Elf

from linkmode.cli.audit import command


def test_a_folder_is_walked_by_name_and_what_is_not_elf_is_counted(here: Path) -> None:
    for path, raw in {
        "d/b/static": STATIC,
        "d/a": DYNAMIC,
        "d/run.sh": b"#!/bin/sh\n",
        "d/notes.txt": b"notes",
        "d/empty": b"",
        "d/c.o": Elf(type=1).build(),
    }.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_bytes(raw)
    (here / "d/link").symlink_to("a")
    (here / "d/loop").symlink_to(".")
    os.mkfifo(here / "d/pipe")
    code, document = report("d")
    assert code == 0
    assert modes(document) == {"d/a": "dynamic", "d/b/static": "static"}
    assert [one["path"] for one in document["files"]] == ["d/a", "d/b/static"]
    assert {one["path"]: one["reason"] for one in document["passed_over"]} == {
        "d/c.o": "a relocatable object (.o), not linked yet",
        "d/empty": "an empty file",
        "d/link": "a symbolic link, which is not followed",
        "d/loop": "a symbolic link, which is not followed",
        "d/notes.txt": "not an ELF file",
        "d/pipe": "not a regular file",
        "d/run.sh": "a script (#!), not an ELF file",
    }
    assert document["summary"] == {
        "failed": 0,
        "files": 2,
        "modes": {"dynamic": 1, "mostly_static": 0, "none": 0, "static": 1},
        "not_audited": 0,
        "passed_over": {
            "a relocatable object (.o), not linked yet": 1,
            "a script (#!), not an ELF file": 1,
            "a symbolic link, which is not followed": 2,
            "an empty file": 1,
            "not a regular file": 1,
            "not an ELF file": 1,
        },
    }
    assert json.loads(run("--json", "d").stdout)["passed_over"] == []


def test_text_of_a_folder_ends_with_one_line_of_counts_on_stderr(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/static").write_bytes(STATIC)
    (here / "d/run.sh").write_text("#!/bin/sh\n")
    result = run("d")
    assert result.stdout.startswith("file: d/static\nmode: static\n")
    assert result.stderr == "1 file: 1 static; 1 passed over\n"
    assert run("--all", "d").stdout.endswith("\n\nfile: d/run.sh\npassed-over: a script (#!), not an ELF file\n")


def test_damage_inside_a_folder_is_an_error_and_the_rest_goes_on(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/cut").write_bytes(STATIC[:70])
    (here / "d/static").write_bytes(STATIC)
    code, document = report("d")
    assert (code, modes(document)["d/static"]) == (3, "static")
    assert str(modes(document)["d/cut"]).startswith("truncated:")


def test_nothing_to_audit_is_not_success(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/notes").write_text("x")
    (here / "empty").mkdir()
    (here / "a.tar").write_bytes(tar(("notes", b"x")))
    result = run("--expect", "static", "d", "empty", "a.tar")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[:3] == [
        f"{name}: not audited: no ELF file in it" for name in ("d", "empty", "a.tar")
    ]


def test_expectations_hold_for_every_file_of_a_folder_and_archive(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/static").write_bytes(STATIC)
    (here / "a.tar").write_bytes(tar(("bin/static", STATIC), ("bin/dynamic", DYNAMIC)))
    assert run("--expect", "static", "d").exit_code == 0
    result = run("--expect", "static", "d", "a.tar")
    assert result.exit_code == 1
    assert "a.tar:bin/dynamic: --expect static does not hold\n" in result.stderr


@pytest.mark.parametrize("jobs", ["1", "2", "7"])
def test_the_order_is_the_same_whatever_the_number_of_processes(
    here: Path, jobs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkmode.audit.run._BATCH", {True: 10})
    for at in range(200):
        (here / f"d{at % 3}").mkdir(exist_ok=True)
        (here / f"d{at % 3}/{at}").write_bytes((STATIC, DYNAMIC, b"text")[at % 3])
    result = CliRunner().invoke(command, ["--json", "--jobs", jobs, "d2", "d0", "d1"])
    paths = [one["path"] for one in json.loads(result.stdout)["files"]]
    assert paths == [
        *sorted(f"d0/{at}" for at in range(0, 200, 3)),
        *sorted(f"d1/{at}" for at in range(1, 200, 3)),
        "d2",
    ]


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        (
            "lib/libx.so",
            b"!<arch>\n",
            "a library by its name, and is a static library (ar archive), not a linked ELF file",
        ),
        ("lib/libx.so.1.2", b"MZ", "a library by its name, and is a Windows program (PE), not an ELF file"),
        ("lib/libx.so", b"text", "a library by its name, and is no ELF file: not an ELF file"),
        ("lib/libx.so", b"", "a library by its name, and is an empty file"),
    ],
)
def test_what_is_named_like_a_library_and_is_none_is_told(here: Path, name: str, raw: bytes, words: str) -> None:
    (here / "d/lib").mkdir(parents=True)
    (here / "d/app").write_bytes(STATIC)
    (here / "d" / name).write_bytes(raw)
    (here / "w.whl").write_bytes(zipped((name, raw), ("app", STATIC)))
    for path, shown in (("d", f"d/{name}"), ("w.whl", f"w.whl:{name}")):
        code, document = report(path)
        assert (code, modes(document)[shown]) == (3, words)


@pytest.mark.parametrize(
    ("name", "raw"),
    [("libc.so", b"/* GNU ld script\n"), ("libx.so", b"INPUT(libx.so.1)"), ("libx.so.txt", b"x"), ("so", b"x")],
)
def test_linker_scripts_and_other_names_are_passed_over(here: Path, name: str, raw: bytes) -> None:
    (here / "d").mkdir()
    (here / "d/app").write_bytes(STATIC)
    (here / "d" / name).write_bytes(raw)
    assert report("d")[0] == 0


def test_a_machine_without_semaphores_audits_in_one_process(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without /dev/shm, or with one that its user may not write to."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("linkmode.audit.run._BATCH", {True: 10})
    monkeypatch.setattr("_multiprocessing.SemLock", refused)
    for at in range(40):
        (here / f"f{at}").write_bytes(STATIC)
    result = CliRunner().invoke(command, ["--json", "--jobs", "4", "."])
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["files"]) == 40
