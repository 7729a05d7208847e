"""What ``linkmode lock`` says of known weaknesses, which are accepted by their ids, and denied when told."""

from pathlib import Path

import pytest
from calling import TOML, Run


def test_lock_warns_of_weaknesses_and_denies_them_when_told(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.2.11"))
    denied = Run(capsys, "lock", "--deny-advisories")
    assert denied.code == 1
    assert "linkmode: warning: zlib 1.2.11 has CVE-2018-25032 (fixed in 1.2.12): " in denied.err
    assert not (repository / "linkmode.lock").exists()
    warned = Run(capsys, "lock")
    assert warned.code == 0
    assert "CVE-2022-37434 (fixed in 1.2.13)" in warned.err
    assert "CVE" not in warned.out


def test_lock_accepts_weaknesses_by_id(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = TOML.replace(">=1.2.11", "1.2.12")
    (repository / "linkmode.toml").write_text(toml)
    denied = Run(capsys, "lock", "--deny-advisories").err
    assert "linkmode: error: 3 known vulnerabilities in the versions to lock" in denied
    ids = {word for word in denied.split() if word.startswith("CVE-2")}
    assert ids == {"CVE-2022-37434", "CVE-2026-27171", "CVE-2026-40200"}
    accepted = {name: f"reason {name[-1]}" for name in sorted(ids)}
    for count in (2, 3):
        table = "".join(f'{name} = "{reason}"\n' for name, reason in list(accepted.items())[:count])
        (repository / "linkmode.toml").write_text(f"{toml}[advisories.accept]\n{table}")
        run = Run(capsys, "lock", "--deny-advisories")
        assert run.code == (1 if count == 2 else 0)
        assert run.err.count("linkmode: note: ") == count
        assert run.err.count("linkmode: warning: ") == 3 - count
    assert (
        "linkmode: note: zlib 1.2.12 has CVE-2022-37434 (fixed in 1.2.13), accepted in linkmode.toml: reason 4\n"
        in run.err
    )
    # Nothing of it is in the lock: it stays in date when a reason comes or goes.
    (repository / "linkmode.toml").write_text(toml)
    assert Run(capsys, "lock", "--check").code == 0


def test_lock_says_when_nothing_has_what_is_accepted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(TOML + '[advisories.accept]\nCVE-2018-25032 = "old"\n')
    run = Run(capsys, "lock")
    assert run.code == 0
    assert "note: linkmode.toml accepts CVE-2018-25032, and no locked version has it: remove the line\n" in run.err


def test_lock_refuses_to_accept_what_it_does_not_know(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(TOML + '[advisories.accept]\nCVE-2018-25023 = "typo"\n')
    run = Run(capsys, "lock")
    assert run.code == 3
    assert "advisories.accept.CVE-2018-25023: the catalogue has no advisory 'CVE-2018-25023'" in run.err
    assert "did you mean 'CVE-2018-25032'?" in run.err
    assert not (repository / "linkmode.lock").exists()


def test_lock_warns_of_a_weakness_that_nothing_fixes(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = TOML.replace('"zig"', '"musl.cc"').replace("~=0.15.1", "~=11.2.1")
    (repository / "linkmode.toml").write_text(toml)
    run = Run(capsys, "lock", "--deny-advisories")
    assert run.code == 1
    assert "musl.cc 11.2.1 has CVE-2025-26519 (no version has the fix): " in run.err
