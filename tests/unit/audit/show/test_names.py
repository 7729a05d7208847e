"""The names of files in reports: one line each, and no two alike."""

import json
import os
from pathlib import Path

from auditing import run
from elf_maker import Elf

NAMES = (b"a\nb", rb"a\nb", rb"a\\nb", b"a\xffb", rb"a\xffb", b"a\tb", "ä".encode())


def test_no_two_files_have_one_name(here: Path) -> None:
    for name in NAMES:
        here.joinpath(os.fsdecode(name)).write_bytes(Elf().build())
    report = json.loads(run("--json", ".").stdout)
    found = [one["path"] for one in report["files"]]
    assert len(set(found)) == len(NAMES)
    assert all(path.isprintable() for path in found)
    assert {r"a\nb", r"a\\nb", r"a\\\\nb", r"a\xffb", r"a\\xffb", r"a\tb", "ä"} == {
        path.rpartition("/")[2] for path in found
    }
