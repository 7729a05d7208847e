"""Which part of a file came out of which static library, over files that gcc links here."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from elf_maker import MUSL_START, Elf

from linkmode.cli.audit import command
from linkmode.messages import UsageError

SOURCES = {
    "main.c": "int one(int); char big[3000] = {1}; int main(int c, char **v) { (void)v; return one(c) + big[c]; }",
    "one.c": "static const char table[5000] = {1, 2}; int two(int); int one(int i) { return table[i] + two(i); }",
    "two.c": "const char wide[7000] = {3}; int two(int i) { return wide[i]; }",
    "unused.c": "char unused[90000] = {1}; int three(void) { return unused[2]; }",
}


@pytest.fixture
def linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not (shutil.which("gcc") and shutil.which("ar")):
        pytest.skip("no gcc and binutils")
    monkeypatch.chdir(tmp_path)
    for name, text in SOURCES.items():
        Path(name).write_text(text)
    subprocess.run(["gcc", "-O0", "-c", *SOURCES], check=True)
    subprocess.run(["ar", "rcs", "libfirst.a", "one.o", "unused.o"], check=True)
    subprocess.run(["ar", "rcs", "libsecond.a", "two.o"], check=True)
    subprocess.run(["gcc", "main.o", "libfirst.a", "libsecond.a", "-o", "app"], check=True)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def shares(*arguments: str) -> Any:
    (one,) = json.loads(run("--json", *arguments).stdout)["files"]
    return one["libraries"]


def test_functions_objects_and_locals_count_for_the_library_that_has_them(linked: Path) -> None:
    first, second = shares("app", "--archive", "libfirst.a", "--archive", "libsecond.a")
    assert (first["library"], first["members"]) == ("libfirst.a", 1)
    assert 5000 < first["size"] < 5200
    assert (second["library"], second["members"]) == ("libsecond.a", 1)
    assert 7000 < second["size"] < 7200
    text = run("app", "--archive", "libsecond.a").stdout
    assert f"\nstatic-library: libsecond.a: {second['size']} bytes of 1 members\n" in text


def test_without_symbols_or_without_archives_nothing_is_said(linked: Path) -> None:
    assert shares("app") is None
    subprocess.run(["strip", "app"], check=True)
    assert shares("app", "--archive", "libfirst.a") is None


def test_a_library_that_has_no_part_in_it(linked: Path) -> None:
    subprocess.run(["ar", "rcs", "libother.a", "unused.o"], check=True)
    assert shares("app", "--archive", "libother.a") == []


def test_the_page_shows_them(linked: Path) -> None:
    run("app", "--archive", "libfirst.a", "--archive", "libsecond.a", "--html", "r.html")
    page = Path("r.html").read_text()
    assert "libfirst.a, 1 member<" in page
    assert page.index("libsecond.a, 1 member<") < page.index("libfirst.a, 1 member<")
    run("app", "--html", "r.html")
    assert "Name them: --archive libz.a" in Path("r.html").read_text()


def test_what_is_no_static_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("static").write_bytes(Elf(code=MUSL_START).build())
    Path("empty.a").write_bytes(b"!<arch>\n")
    Path("cut.a").write_bytes(b"!<arch>\n" + b"x" * 70)
    for name, words in {
        "static": "not a static library (ar archive)",
        "empty.a": "a static library without an index of symbols; write one with: ranlib FILE",
        "cut.a": "malformed: a header of the static library is damaged",
        "none.a": "cannot be read: No such file or directory",
    }.items():
        error = run("static", "--archive", name).exception
        assert isinstance(error, UsageError)
        assert error.problem == f"--archive {name}: {words}"
