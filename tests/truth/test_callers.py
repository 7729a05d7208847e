"""Which function uses a symbol: what the compiler here makes of a program whose functions are known."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from linkmode.audit.judge import verdict
from linkmode.audit.read import elf
from linkmode.audit.read.facts import Facts

SOURCE = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int look(const char *name) { return secure_getenv(name) != NULL; }
int stroll(char **names) { return look(names[0]) + (int)getpid(); }
char *(*const indirect)(const char *) = secure_getenv;
int main(int count, char **names) { return stroll(names) + (indirect != NULL) + count; }
"""
KINDS = {
    "pie": ("-pie", "-fPIE"),
    "no-plt": ("-fno-plt",),
    "now": ("-Wl,-z,now",),
    "no-pie": ("-no-pie", "-fno-pie"),
    "branch-tracking": ("-fcf-protection=full",),
    "not-tracked": ("-fcf-protection=none",),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if platform.machine() != "x86_64" or not shutil.which("cc"):
        pytest.skip("no C compiler for x86-64")
    path = tmp_path_factory.mktemp("callers") / "walk.c"
    path.write_text(SOURCE)
    return path


def linked(source: Path, *options: str) -> Path:
    output = source.with_name("walk" + "".join(options).replace("/", ""))
    command = ["cc", "-O1", "-fno-inline", *options, str(source), "-o", str(output)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"cc does not take {' '.join(options)}")
    return output


def users(facts: Facts) -> tuple[str, ...]:
    assert facts.contents is not None
    assert facts.contents.problems == ()
    return next((one.users["secure_getenv"] for one in facts.contents.imports if "secure_getenv" in one.users), ())


@pytest.mark.parametrize("kind", KINDS)
def test_functions_and_objects_that_use_a_symbol(source: Path, kind: str) -> None:
    facts = elf.read(linked(source, *KINDS[kind]), with_contents=True, floor="2.2.5")
    found = users(facts)
    assert "look (walk.c)" in found
    assert not any(name.startswith(("stroll", "main")) for name in found)
    if kind != "no-pie":  # there the stub's own address stands in the object, and no relocation
        assert "indirect" in found


def test_a_stripped_file_tells_symbols_and_no_functions(source: Path) -> None:
    facts = elf.read(linked(source, "-s"), with_contents=True, floor="2.2.5")
    assert users(facts) == ()
    wanted = verdict.Expectations(max_glibc="2.2.5")
    (failure,) = verdict.check(facts, verdict.judge(facts), wanted)
    assert any(line.startswith("GLIBC_2.17 of libc.so.6: secure_getenv") for line in failure.symbols)


def test_the_failure_names_the_function(source: Path) -> None:
    facts = elf.read(linked(source), with_contents=True, floor="2.2.5")
    (failure,) = verdict.check(facts, verdict.judge(facts), verdict.Expectations(max_glibc="2.2.5"))
    (line,) = [line for line in failure.symbols if "secure_getenv" in line]
    assert line.startswith("GLIBC_2.17 of libc.so.6: secure_getenv, used in ")
    assert "look (walk.c)" in line


def test_nothing_above_the_floor_is_not_searched_for(source: Path) -> None:
    assert users(elf.read(linked(source), with_contents=True, floor="2.34")) == ()
    assert users(elf.read(linked(source), with_contents=True)) == ()
