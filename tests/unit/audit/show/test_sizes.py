"""--sizes: every byte of the file counts once, the largest section first."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from elf_maker import Elf, with_sections

from linkmode.cli.audit import command
from linkmode.messages import UsageError


def rows(path: str) -> dict[str, int]:
    lines = CliRunner().invoke(command, ["--sizes", path]).stdout.splitlines()[2:]
    return {line[41:].strip(): int(line[:15].replace(",", "")) for line in lines}


def test_sections_and_the_rest_are_the_file(tmp_path: Path) -> None:
    raw = with_sections(Elf().build(), ((".small", 1, 0, b"x" * 10), (".large", 1, 0, b"x" * 5000)))
    (tmp_path / "app").write_bytes(raw)
    found = rows(str(tmp_path / "app"))
    assert next(iter(found)) == ".large"
    assert (found[".large"], found[".small"], sum(found.values())) == (5000, 10, len(raw))


def test_a_file_without_sections_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "app").write_bytes(Elf().build())
    assert list(rows(str(tmp_path / "app"))) == ["[no section headers]"]


@pytest.mark.skipif(not shutil.which("readelf"), reason="no readelf here")
def test_sizes_are_those_of_readelf() -> None:
    said = subprocess.run(["readelf", "-SW", "/bin/true"], capture_output=True, text=True, check=True).stdout
    theirs = {}
    for line in said.splitlines():
        words = line.partition("]")[2].split()
        if line.startswith("  [") and len(words) > 5 and words[1] != "NOBITS" and words[0].startswith("."):
            theirs[words[0]] = int(words[4], 16)
    ours = rows("/bin/true")
    assert theirs
    assert {name: ours.get(name) for name in theirs} == theirs


@pytest.mark.parametrize("other", ["--json", "--headers-only", "--sbom=spdx"])
def test_it_is_a_view_of_its_own(tmp_path: Path, other: str) -> None:
    (tmp_path / "app").write_bytes(Elf().build())
    with pytest.raises(UsageError, match="--sizes prints sections"):
        CliRunner().invoke(command, ["--sizes", other, str(tmp_path / "app")], catch_exceptions=False)
