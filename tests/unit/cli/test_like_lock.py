"""`linkmode audit --like-lock`: what a lock builds for is what a file is held to."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from elf_maker import GLIBC_LOADER, MUSL_START, Elf, interp

from linkmode.cli.audit import command
from linkmode.messages import StaleLockError

ROOT = Path(__file__).resolve().parents[3]
BOTH = ROOT / "examples/cpp_zig/linkmode.lock"
"""For musl, and for glibc 2.17 and 2.28."""
MUSL = ROOT / "examples/c_zlib/linkmode.lock"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "musl").write_bytes(Elf(code=MUSL_START).build())
    for version in ("2.28", "2.34"):
        needs = (("libc.so.6", ("GLIBC_2.4", f"GLIBC_{version}")),)
        program = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=needs)
        (tmp_path / version).write_bytes(program.build())
    return tmp_path


def audit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_a_glibc_program_needs_no_newer_glibc_than_the_lock_s_targets(files: Path) -> None:
    assert audit("--like-lock", BOTH, "2.28", "musl").exit_code == 0
    newer = audit("--like-lock", BOTH, "--expect", "mostly_static", "2.34")
    assert newer.exit_code == 1
    assert "no symbol version newer than glibc 2.28" in newer.stderr


def test_without_it_nobody_knows_the_floor(files: Path) -> None:
    assert audit("--expect", "mostly_static", "2.34").exit_code == 0


def test_a_lock_of_one_libc_demands_it(files: Path) -> None:
    assert audit("--like-lock", MUSL, "musl").exit_code == 0
    assert audit("--like-lock", MUSL, "2.28").exit_code == 1


def test_the_command_line_goes_before_the_lock(files: Path) -> None:
    assert audit("--like-lock", BOTH, "--max-glibc", "2.34", "2.34").exit_code == 0
    assert audit("--like-lock", MUSL, "--libc", "glibc", "2.28").exit_code == 0


def test_a_file_that_is_no_lock_is_refused_by_name(files: Path) -> None:
    (files / "linkmode.lock").write_text("version = 1\n")
    assert isinstance(audit("--like-lock", "linkmode.lock", "musl").exception, StaleLockError)
    assert audit("--like-lock", "absent.lock", "musl").exit_code == 2
