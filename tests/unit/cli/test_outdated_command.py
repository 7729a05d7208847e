"""``linkmode outdated``, and ``lock --upgrade`` without a name."""

import json
from pathlib import Path

import pytest
from calling import TOML, Run

OLD = TOML.replace("~=0.15.1", "==0.15.1").replace(">=1.2.11", "1.3.1")


@pytest.fixture
def old(repository: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    (repository / "linkmode.toml").write_text(OLD)
    assert Run(capsys, "lock").code == 0
    (repository / "linkmode.toml").write_text(OLD.replace("==0.15.1", "~=0.15.1"))
    assert Run(capsys, "lock", "--check").code == 0
    return repository


def test_what_is_allowed_and_what_is_excluded(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "outdated")
    assert (run.code, run.out.splitlines(), run.err) == (
        0,
        [
            'zig 0.15.1: 0.15.2 is allowed; 0.16.0 is excluded by "~=0.15.1"; 0.15.1 has CVE-2026-40200',
            'zlib 1.3.1: 1.3.2 is excluded by "1.3.1"; 1.3.1 has CVE-2026-27171',
        ],
        "linkmode: next: linkmode lock --upgrade zig\n",
    )
    document = json.loads(Run(capsys, "outdated", "--json").out)
    assert [one["newest"] for one in document["outdated"]] == ["0.16.0", "1.3.2"]


def test_upgrade_of_all_says_what_moved_and_what_did_not(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked = Run(capsys, "lock", "--upgrade", "--check")
    assert (checked.code, "hint: write it with: linkmode lock --upgrade\n" in checked.err) == (1, True)
    run = Run(capsys, "lock", "--upgrade")
    assert "      version: 0.15.1 → 0.15.2\n" in run.out
    assert 'linkmode: not upgraded: zlib 1.3.1: 1.3.2 is excluded by "1.3.1"; 1.3.1 has CVE-2026-27171\n' in run.err
    assert Run(capsys, "lock", "--upgrade", "zig").out == "linkmode.lock is up to date\n"


def test_nothing_newer(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(TOML.replace("~=0.15.1", "~=0.16.0"))
    Run(capsys, "lock")
    run = Run(capsys, "outdated")
    assert (run.code, run.out, run.err) == (0, "nothing in the catalogue is newer\n", "")
    assert json.loads(Run(capsys, "outdated", "--json").out) == {"version": 1, "outdated": []}


def test_a_stale_lock_is_told(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Run(capsys, "outdated").code == 6
