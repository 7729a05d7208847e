"""The command as a user runs it: what goes to stdout and stderr, and the exit codes of its errors."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from linkmode.cli.fetch import command
from linkmode.lock import lockfile
from linkmode.messages import NetworkError, StaleLockError, UsageError
from linkmode.model.values import Artifact, Lock

BODIES = {"zig": b"zig's bytes", "zlib": b"zlib's bytes"}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock whose artifacts are files beside it."""
    artifacts = []
    for name, body in BODIES.items():
        (tmp_path / f"{name}.tgz").write_bytes(body)
        artifacts.append(
            Artifact(
                name=name,
                family=name,
                version="1.0",
                file=f"{name}.tgz",
                urls=(f"{name}.tgz",),
                upstream=f"{name}.tgz",
                sha256=hashlib.sha256(body).hexdigest(),
                size=len(body),
                source="user",
            )
        )
    value = Lock(version=1, inputs_digest="", artifacts=tuple(artifacts), toolchains=(), link_modes={}, libraries={})
    path = tmp_path / "the.lock"
    path.write_text(lockfile.dumps(value))
    return path


def run(lock: Path, *arguments: str) -> Result:
    store = lock.parent / "store"
    return CliRunner().invoke(command, ["--lock", str(lock), "--store", str(store), *arguments])


def lines(*names: str, state: str) -> list[str]:
    return [f"{n}  sha256:{hashlib.sha256(BODIES[n]).hexdigest()}  {state.format(n)}" for n in names]


def test_results_go_to_stdout_and_progress_to_stderr(lock: Path) -> None:
    result = run(lock)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == lines("zig", "zlib", state="fetched from {}.tgz")
    assert sorted(result.stderr.splitlines()) == ["fetching zig (0.0 MB)", "fetching zlib (0.0 MB)"]
    again = run(lock, "--offline")
    assert again.stdout.splitlines() == lines("zig", "zlib", state="already in store")
    assert again.stderr == ""


def test_the_store_may_be_named_by_the_environment(lock: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    result = CliRunner().invoke(command, ["--lock", str(lock)], env={"LINKMODE_STORE": str(place)})
    assert result.exit_code == 0, result.output
    assert len(list(place.glob("content_addressable/sha256/*/file"))) == 2


def test_only(lock: Path) -> None:
    assert run(lock, "--only", "zlib").stdout.splitlines() == lines("zlib", state="fetched from {}.tgz")
    result = run(lock, "--offline")
    assert isinstance(result.exception, NetworkError)
    assert result.exception.problem.splitlines()[0].startswith("not in the store: zig: sha256:")
    assert "zlib" not in result.exception.problem


def test_only_with_a_typo(lock: Path) -> None:
    result = run(lock, "--only", "zlb")
    assert isinstance(result.exception, UsageError)
    assert "no 'zlb'; did you mean 'zlib'?" in result.exception.problem
    assert result.exception.hint == "it has: zig, zlib"
    assert not (lock.parent / "store").exists()


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_jobs_that_make_no_sense(lock: Path, jobs: str) -> None:
    assert run(lock, "--jobs", jobs).exit_code == 2


def test_a_lock_edited_by_hand(lock: Path) -> None:
    lock.write_text(lock.read_text().replace("zlib.tgz", "other.tgz"))
    result = run(lock)
    assert isinstance(result.exception, StaleLockError)
    assert result.exception.exit_code == 6
    assert not (lock.parent / "store").exists()


def test_a_lock_that_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path / "gone.lock")
    assert isinstance(result.exception, StaleLockError)
    assert "gone.lock: cannot be read" in result.exception.problem
