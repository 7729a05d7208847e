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
import wheel_verdicts

sys.path.insert(0, str(Path(__file__).parents[1] / "parity"))
from checker import EXPECTATIONS, SOURCES, STRICT, difference

from linkmode.audit.judge import verdict
from linkmode.audit.read import elf

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


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of corpus.py, each unpacked in a folder of its name."""
    if not IS_FULL:
        pytest.skip("downloads packages: set LINKMODE_TRUTH=full, as make truth does")
    folder = tmp_path_factory.mktemp("packages")
    if not corpus.fetch(folder):
        pytest.skip("apt-get can download none of the packages here")
    return folder


def test_the_other_tools_agree_on_other_machines_and_static_programs(packages: Path) -> None:
    result = compare.compare(list(compare.elf_files([packages])))
    sys.stdout.write(compare.table(result))
    assert not result.unexplained, "\n".join(result.unexplained[:50])


def test_the_checker_agrees_on_all_of_them(packages: Path, tmp_path: Path) -> None:
    checker = tmp_path / "elfcheck"
    subprocess.run(["cc", "-O2", *STRICT, str(SOURCES / "elfcheck.c"), "-o", str(checker)], check=True)
    paths = list(compare.elf_files([*map(Path, compare.SYSTEM), packages]))
    different = [
        found
        for at, path in enumerate(paths)
        if (found := difference(checker, path, EXPECTATIONS[at % len(EXPECTATIONS)]))
    ]
    assert not different, f"{len(different)} of {len(paths)} files:\n" + "\n".join(different[:5])


@pytest.mark.parametrize(
    ("package", "libraries", "hazards"),
    [
        ("bash-static", set(), {"nss", "iconv", "locale", "dlopen"}),
        ("gpgv-static", {"zlib", "libgcrypt", "libgpg-error"}, {"nss"}),
        ("cdebootstrap-static", {"zlib", "bzip2"}, {"nss"}),
        ("sash", {"zlib"}, {"nss"}),
    ],
)
def test_static_programs_of_debian(packages: Path, package: str, libraries: set[str], hazards: set[str]) -> None:
    (path,) = [path for path in compare.elf_files([packages / package]) if path.stat().st_mode & 0o111]
    facts = elf.read(path, with_contents=True)
    judged = verdict.judge(facts)
    assert facts.contents is not None
    assert (judged.mode, facts.libc) == ("static", "glibc")
    assert libraries <= {component.name for component in facts.contents.components if component.version}
    assert hazards <= {hazard.kind for hazard in judged.hazards}
    assert all(suits.answer == "yes" for suits in judged.images if suits.platform == "scratch")


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


@pytest.mark.parametrize("line", corpus.wheels(1 if IS_FULL else 12), ids=lambda line: line.split()[0])
def test_auditwheel_agrees_on_a_whole_wheel(line: str, tmp_path: Path) -> None:
    """Wheels with grafted libraries among them: all of wheels.txt, or each twelfth where not everything is asked.

    Each has the time of a test to itself: however many there are and however slow the index is, none takes another's.
    """
    path = corpus.fetch_wheel(line, tmp_path)
    if path is None:
        pytest.skip("pip cannot download this wheel here")
    one = wheel_verdicts.compare(path)
    sys.stdout.write(f"{one.wheel}: {one.ours}{f' and not {one.theirs}: {one.rule}' if one.rule else ''}\n")
    assert not one.is_unexplained, one
    # An oracle that tells nothing agrees about every wheel that keeps no tag: of the first it has one to tell.
    assert one.theirs or line != corpus.wheels()[0]
