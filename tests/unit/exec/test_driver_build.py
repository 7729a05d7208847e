"""What the compiler driver is compiled from, and that a compiler's cache cannot give an older one."""

import os
import re
import shutil
from pathlib import Path

import pytest

from linkmode.exec import driver
from linkmode.model import resources

INCLUDE = re.compile(r'^#include "(.*)"$', re.MULTILINE)


@pytest.fixture
def common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, which the driver is compiled from here."""
    shutil.copytree(resources.templates() / "common", tmp_path / "templates" / "common")
    monkeypatch.setattr(resources, "templates", lambda: tmp_path / "templates")
    return tmp_path / "templates" / "common"


def included() -> list[Path]:
    """Every file that the two are compiled from, by their own words."""
    found, waiting = set(), [source.resolve() for source in driver.sources()]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            names = [path.parent / name for name in INCLUDE.findall(path.read_text())]
            waiting += [one.resolve() for one in names if one.name != "validation.h"]  # Buck2's alone
    return sorted(found)


def edit(path: Path, old: str, new: str) -> None:
    """Change a text to one as long, in the same file and at the same time: what Zig's cache takes for unchanged."""
    before, text = path.stat(), path.read_text()
    assert len(old) == len(new)
    assert old in text
    with path.open("r+") as stream:
        stream.write(text.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)


def test_each_file_that_is_included_is_an_ingredient(common: Path) -> None:
    files = included()
    assert len(files) > 20
    digests = {driver.ingredients()}
    for path in files:
        assert path.is_relative_to(common)
        edit(path, "_H" if path.suffix == ".h" else "main", "_h" if path.suffix == ".h" else "niam")
        digests.add(driver.ingredients())
    assert len(digests) == 1 + len(files)


def test_a_file_s_name_and_the_compiler_s_words_are_ingredients(common: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = driver.ingredients()
    monkeypatch.setattr(driver, "_WORDS", ("-O0",))
    assert driver.ingredients() != first
    second = driver.ingredients()
    (common / "driver" / "words.h").rename(common / "driver" / "words2.h")
    assert driver.ingredients() != second


def test_other_sources_are_another_command_line(common: Path, tmp_path: Path) -> None:
    """Zig looks into its cache by the command line and, for each file, by name, size, time and inode."""
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\nfor word; do [ "$before" = -o ] && echo "$@" > "$word"; before=$word; done\n')
    compiler.chmod(0o755)

    def words() -> str:
        driver.build(tmp_path, [str(compiler)], os.environ)
        return (tmp_path / "driver").read_text()

    first = words()
    assert words() == first
    edit(common / "driver" / "config.h", "is not whole", "is no wholes")
    assert words() != first
