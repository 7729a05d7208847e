"""What linkmode audit says is what readelf, scanelf, lddtree, file and auditwheel say, or a rule explains why not.

LINKMODE_TRUTH=full compares every ELF file of this system and of the packages of corpus.py (minutes); else some 80.
"""

import os
import subprocess
import sys
from pathlib import Path

import compare
import corpus
import oracles
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "parity"))
from checker import EXPECTATIONS, SOURCES, STRICT, difference

IS_FULL = os.environ.get("LINKMODE_TRUTH") == "full"
SAMPLE = 80


def test_the_other_tools_agree_on_this_system() -> None:
    if not oracles.available():
        pytest.skip("none of readelf, scanelf, lddtree and file is here")
    paths = list(compare.elf_files(map(Path, compare.SYSTEM)))
    if not paths:
        pytest.skip("no ELF file below the system's folders")
    result = compare.compare(paths if IS_FULL else paths[:: max(1, len(paths) // SAMPLE)])
    sys.stdout.write(compare.table(result))
    assert not result.unexplained, "\n".join(result.unexplained[:50])
    assert sum(result.compared.values()) > len(result.refused)


@pytest.mark.skipif(not IS_FULL, reason="downloads packages: set LINKMODE_TRUTH=full, as make truth does")
def test_the_other_tools_and_the_checker_agree_on_other_machines(tmp_path: Path) -> None:
    if not corpus.fetch(tmp_path):
        pytest.skip("apt-get can download none of the packages here")
    paths = list(compare.elf_files([tmp_path]))
    result = compare.compare(paths)
    sys.stdout.write(compare.table(result))
    assert not result.unexplained, "\n".join(result.unexplained[:50])
    checker = tmp_path / "elfcheck"
    subprocess.run(["cc", "-O2", *STRICT, str(SOURCES / "elfcheck.c"), "-o", str(checker)], check=True)
    different = [
        found
        for at, path in enumerate(paths)
        if (found := difference(checker, path, EXPECTATIONS[at % len(EXPECTATIONS)]))
    ]
    assert not different, f"{len(different)} of {len(paths)} files:\n" + "\n".join(different[:5])


def test_a_difference_is_found_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself: a tool that says something else is reported with both answers."""
    program = Path(sys.executable).resolve()
    if not oracles.available() or program.read_bytes()[:4] != b"\x7fELF":
        pytest.skip("no tool, or Python is no ELF program here")
    real = oracles.file

    def lying(paths: list[Path]) -> dict[Path, oracles.Said]:
        return {path: {**said, "bits": 16} for path, said in real(paths).items()}

    monkeypatch.setattr(oracles, "file", lying)
    if "file" in oracles.available():
        (line,) = compare.compare([program]).unexplained
        assert line == f"{program}: file: bits: ours 64, theirs 16"
