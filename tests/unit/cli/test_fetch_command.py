"""The command as a user runs it: what goes to stdout and stderr, and the exit codes of its errors."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from linkmode.cli.fetch import command
from linkmode.lock.relock import relock
from linkmode.messages import NetworkError, StaleLockError, UsageError

BODIES = {"zig": b"zig's bytes", "zlib": b"zlib's bytes"}


TOML = """\
[[toolchain]]
family = "zig"
version = "0.15.9"
targets = ["x86_64-linux-musl"]
[library]
zlib = "9.9"
"""
NAMES = {"zig": "zig-0.15.9-x86_64-linux", "zlib": "zlib-9.9"}


def own_pin(family: str, version: str, body: bytes, more: str) -> str:
    return (
        f'[[pin]]\nfamily = "{family}"\nversion = "{version}"\nfile = "{family}.tgz"\nurls = ["{family}.tgz"]\n'
        f'sha256 = "{hashlib.sha256(body).hexdigest()}"\nsize = {len(body)}\nlayout = "{family}"\n{more}'
    )


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock whose artifacts are files beside it, as the linkmode.toml there says."""
    for name, body in BODIES.items():
        (tmp_path / f"{name}.tgz").write_bytes(body)
    pins = own_pin("zig", "0.15.9", BODIES["zig"], 'exec = "x86_64-linux"\n') + own_pin(
        "zlib", "9.9", BODIES["zlib"], ""
    )
    (tmp_path / "linkmode.toml").write_text(TOML + pins)
    path = tmp_path / "the.lock"
    path.write_text(relock(tmp_path).text)
    return path


def run(lock: Path, *arguments: str) -> Result:
    store = lock.parent / "store"
    return CliRunner().invoke(command, ["--lock", str(lock), "--store", str(store), *arguments])


def lines(*names: str, state: str) -> list[str]:
    return [f"{NAMES[n]}  sha256:{hashlib.sha256(BODIES[n]).hexdigest()}  {state.format(n)}" for n in names]


def test_results_go_to_stdout_and_progress_to_stderr(lock: Path) -> None:
    result = run(lock)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == lines("zig", "zlib", state="fetched from {}.tgz")
    assert sorted(result.stderr.splitlines()) == [f"fetching {name} (0.0 MB)" for name in NAMES.values()]
    again = run(lock, "--offline")
    assert again.stdout.splitlines() == lines("zig", "zlib", state="already in store")
    assert again.stderr == ""


def test_the_store_may_be_named_by_the_environment(lock: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    result = CliRunner().invoke(command, ["--lock", str(lock)], env={"LINKMODE_STORE": str(place)})
    assert result.exit_code == 0, result.output
    assert len(list(place.glob("content_addressable/sha256/*/file"))) == 2


def test_only(lock: Path) -> None:
    assert run(lock, "--only", "zlib-9.9").stdout.splitlines() == lines("zlib", state="fetched from {}.tgz")
    result = run(lock, "--offline")
    assert isinstance(result.exception, NetworkError)
    assert result.exception.problem.splitlines()[0].startswith("not in the store: zig-0.15.9-x86_64-linux: sha256:")
    assert "zlib" not in result.exception.problem


def test_only_with_a_typo(lock: Path) -> None:
    result = run(lock, "--only", "zlib-9.8")
    assert isinstance(result.exception, UsageError)
    assert "no 'zlib-9.8'; did you mean 'zlib-9.9'?" in result.exception.problem
    assert result.exception.hint == "use one of: zig-0.15.9-x86_64-linux, zlib-9.9"
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
    assert isinstance(result.exception, UsageError)
    assert result.exception.problem == f"--lock {tmp_path}/gone.lock: there is no such file"
