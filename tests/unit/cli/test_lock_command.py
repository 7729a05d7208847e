"""``linkmode lock`` as a user has it: what it keeps, what it upgrades, and what it makes of a lock that is there."""

import random
from pathlib import Path

import pytest
from calling import TOML, Run

from linkmode import pipeline
from linkmode.lock.elsewhere import from_package_index
from linkmode.lock.relock import relock


def test_lock_keeps_versions_and_upgrades_by_name(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.2.11"))
    Run(capsys, "lock")
    (repository / "linkmode.toml").write_text(TOML)
    assert Run(capsys, "lock", "--check").code == 0  # what is locked satisfies what is asked now
    assert Run(capsys, "lock").out == "linkmode.lock is up to date\n"
    lock = repository / "linkmode.lock"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    only = "  no contents, only the form: a digest, comments, line endings or conflict markers\n"
    run = Run(capsys, "lock", "--check")
    assert run.code == 1
    assert only in run.err
    assert Run(capsys, "lock").out == f"linkmode.lock written:\n{only}"
    run = Run(capsys, "lock", "--upgrade", "zlib")
    assert "      version: 1.2.11 → 1.3.2" in run.out
    wrong = Run(capsys, "lock", "--upgrade", "zlb")
    assert (wrong.code, wrong.err) == (
        2,
        "linkmode: error: linkmode.toml asks for no 'zlb'; did you mean 'zlib'?\n"
        "  expected: a name that linkmode.toml asks for\n  hint: what it asks for: zig, zlib\n",
    )


def test_lock_source_is_kept_by_a_plain_lock(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Run(capsys, "lock", "--source", "pypi").code == 0
    lock = pipeline.locked(repository)
    assert {artifact.source for artifact in lock.artifacts} == {"pypi"}
    assert Run(capsys, "lock").out == "linkmode.lock is up to date\n"
    Run(capsys, "lock", "--source", "zlib=upstream")
    assert {a.family: a.source for a in pipeline.locked(repository).artifacts} == {"zig": "pypi", "zlib": "upstream"}
    Run(capsys, "lock", "--source", "upstream", "--source", "zlib=pypi")
    assert {a.family: a.source for a in pipeline.locked(repository).artifacts} == {"zig": "upstream", "zlib": "pypi"}


@pytest.mark.parametrize("source", ["pipy", "zig=", "=pypi", "zig=pipy"])
def test_lock_refuses_a_source_that_is_none(repository: Path, capsys: pytest.CaptureFixture[str], source: str) -> None:
    run = Run(capsys, "lock", "--source", source)
    assert run.code == 2
    assert f"--source {source!r}: expected upstream or pypi" in run.err
    assert not (repository / "linkmode.lock").exists()


def test_a_source_of_what_is_pinned_by_hand_does_nothing_and_leaves_the_lock_in_date(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = '[[pin]]\nfamily = "zlib"\nversion = "1.3.9"\nfile = "z.tgz"\nurls = ["https://h/z.tgz"]\nlayout = "zlib"\n'
    (repository / "linkmode.toml").write_text(f'{TOML}{pin}sha256 = "{64 * "1"}"\n')
    assert Run(capsys, "lock").code == 0
    before = (repository / "linkmode.lock").read_bytes()
    run = Run(capsys, "lock", "--source", "zlib=pypi")
    assert "note: --source has no effect on zlib: linkmode.toml pins it with a [[pin]]" in run.err
    assert (repository / "linkmode.lock").read_bytes() == before
    assert Run(capsys, "lock", "--source", "zig=pypi").code == 0
    assert "does nothing" not in Run(capsys, "lock", "--source", "pypi", "--check").err
    assert Run(capsys, "fetch", "--offline", "--store", "s").code == 4  # and not 6: the lock is what was asked for


def test_lock_check_writes_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "lock", "--check")
    assert run.code == 1
    assert "linkmode.lock is not what linkmode.toml resolves to:\n  + artifact zig-x86_64-linux" in run.err
    assert [path.name for path in repository.iterdir()] == ["linkmode.toml"]


def test_a_lock_that_is_not_utf8(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.lock").write_bytes(b"\xff")
    assert Run(capsys, "generate").code == 6
    assert Run(capsys, "lock").code == 0
    assert Run(capsys, "generate").code == 0


def test_a_lock_of_a_newer_linkmode_is_left_alone(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.lock").write_text("version = 7\n")
    for command in ("generate", "lock"):
        run = Run(capsys, command)
        assert run.code == 6
        assert "linkmode.lock has format version 7; linkmode 0.1.0 knows version 2" in run.err
    assert (repository / "linkmode.lock").read_text() == "version = 7\n"


def test_a_lock_of_an_older_linkmode_is_written_again_with_its_choices(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = repository / "linkmode.toml"
    toml.write_text(TOML.replace(">=1.2.11", "1.3.1"))
    Run(capsys, "lock")
    toml.write_text(TOML)
    lock = repository / "linkmode.lock"
    lock.write_text(lock.read_text().replace("\nversion = 2\n", "\nversion = 0\n"))
    for command in ("generate", "fetch"):
        run = Run(capsys, command)
        assert run.code == 6
        assert "linkmode.lock has format version 0; linkmode 0.1.0 writes version 2" in run.err
        assert "hint: write it again with: linkmode lock" in run.err
    again = Run(capsys, "lock")
    assert again.code == 0
    assert "linkmode: warning: linkmode.lock has format version 0" in again.err
    assert {a.family: a.version for a in pipeline.locked(repository).artifacts}["zlib"] == "1.3.1"


def test_upstream_out_of_reach_names_the_package_index_and_what_it_changes(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setattr(
        random, "uniform", lambda low, high: 0.0
    )  # the pauses between attempts: tests/fault/test_clocks.py
    Run(capsys, "lock")
    refused = Run(capsys, "fetch", "--store", "s", "--only", "zlib-1.3.2")
    assert refused.code == 4
    assert refused.err.endswith(
        "; or take what a package index has: linkmode lock --source pypi (which changes zlib 1.3.2 → 1.3.1), then: "
        "linkmode fetch --store s --only=zlib-1.3.2\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "hint"),
    [
        (">=1.2.11", ">=1.3.2", "take what a package index has: linkmode lock --source zig=pypi, then: linkmode fetch"),
        (">=1.2.11", "1.3.1", "take what a package index has: linkmode lock --source pypi, then: linkmode fetch"),
        (
            "~=0.15.1",
            "0.15.1",
            "take what a package index has: linkmode lock --source zlib=pypi (which changes zlib 1.3.2 → 1.3.1), "
            "then: linkmode fetch",
        ),
    ],
)
def test_a_package_index_is_named_for_what_it_has(repository: Path, before: str, after: str, hint: str) -> None:
    (repository / "linkmode.toml").write_text(TOML.replace(before, after))
    relock(repository).save()
    assert from_package_index(repository, setup=False, options=()).shown() == hint


def test_no_package_index_is_named_where_it_has_nothing_more(repository: Path) -> None:
    relock(repository, sources={"*": "pypi"}).save()
    assert not from_package_index(repository, setup=False, options=())
