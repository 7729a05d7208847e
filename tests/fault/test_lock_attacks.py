"""A lock that was changed and signed again, in the hands of every command, with a server that waits to be asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from faultserver import FaultServer, lengthless
from resigning import Data, read, signed

import linkmode
from linkmode.lock.relock import relock

TOML = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.1"\ntargets = ["x86_64-linux-musl"]\n'
BASHRC = b"# mine\n"
COMMANDS = [
    ("fetch",),
    ("fetch", "--lock", "linkmode.lock"),
    ("fetch", "--lock", "elsewhere/other.lock"),
    ("mirror", "mirror"),
    ("generate",),
    ("generate", "--check"),
    ("exec", "--", "true"),
]
every = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a .bashrc, and in it a stranger's repository with a lock."""
    home = tmp_path / "home"
    (home / "repository" / "elsewhere").mkdir(parents=True)
    (home / ".bashrc").write_bytes(BASHRC)
    (home / "repository" / "linkmode.toml").write_text(TOML)
    return home


def run(home: Path, data: Data, *command: str) -> subprocess.CompletedProcess[str]:
    for name in ("linkmode.lock", "elsewhere/other.lock"):
        (home / "repository" / name).write_text(signed(data))
    environment = {
        "PATH": os.environ["PATH"],
        "USER": "stranger",
        "HOME": str(home),
        "PYTHONPATH": str(Path(linkmode.__file__).parents[1]),
    }
    return subprocess.run(
        [sys.executable, "-m", "linkmode", *command],
        cwd=home / "repository",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def found(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


def lock_of(home: Path) -> Data:
    return read(relock(home / "repository").text)


def check_untouched(home: Path, server: FaultServer) -> None:
    assert (home / ".bashrc").read_bytes() == BASHRC
    names = {"linkmode.toml", "linkmode.lock", "elsewhere/other.lock"}
    assert found(home) == {".bashrc", *(f"repository/{name}" for name in names)}
    assert server.asked == []


@every
def test_a_checksum_that_is_a_path_writes_nothing(home: Path, server: FaultServer, command: tuple[str, ...]) -> None:
    """As many steps up as lead from where the store gathers a download to the home folder."""
    server.routes["/f"] = lengthless(b"evil\n" * 100, declared=1500)
    data = lock_of(home)
    artifact = data["artifact"][0]
    artifact.pop("size", None)
    artifact |= {"sha256": f"x/{'../' * 9}.bashrc", "urls": [server.url("/f")]}
    done = run(home, data, *command)
    assert done.returncode == 6, done.stderr
    assert "artifact[0].sha256: zig-" in done.stderr
    assert "expected 64 lower-case hexadecimal digits, found 'x/../" in done.stderr
    assert "Traceback" not in done.stderr
    check_untouched(home, server)


@every
def test_other_bytes_on_another_host_are_not_asked_for(
    home: Path, server: FaultServer, command: tuple[str, ...]
) -> None:
    server.routes["/f"] = lengthless(b"evil")
    data = lock_of(home)
    data["artifact"][0] |= {"sha256": "ab" * 32, "urls": [server.url("/f")], "upstream": server.url("/f")}
    done = run(home, data, *command)
    assert done.returncode == 6, done.stderr
    assert "neither" in done.stderr
    assert "ab" * 32 in done.stderr
    assert "catalogue of linkmode 0.1.0" in done.stderr
    check_untouched(home, server)


@every
def test_the_same_bytes_from_another_host_are_not_asked_for(
    home: Path, server: FaultServer, command: tuple[str, ...]
) -> None:
    data = lock_of(home)
    data["artifact"][0]["urls"] = [server.url("/f"), *data["artifact"][0]["urls"]]
    done = run(home, data, *command)
    assert done.returncode == 6, done.stderr
    assert f"urls: - {server.url('/f')}" in done.stderr
    check_untouched(home, server)


def test_lock_writes_such_a_lock_again(home: Path, server: FaultServer) -> None:
    data = lock_of(home)
    whole = data["artifact"][0]["sha256"]
    data["artifact"][0] |= {"sha256": "x/../../.bashrc", "urls": [server.url("/f")]}
    assert run(home, data, "lock", "--check").returncode == 1
    done = run(home, data, "lock")
    assert done.returncode == 0, done.stderr
    assert f"sha256: x/../../.bashrc → {whole}" in done.stdout
    assert (home / "repository" / "linkmode.lock").read_text() == relock(home / "repository").text
    check_untouched(home, server)


@every
def test_the_lock_as_it_was_written_passes(home: Path, server: FaultServer, command: tuple[str, ...]) -> None:
    """What refuses those above is what was changed: an archive that is not in the store has another code."""
    offline = [*command[:1], "--offline", *command[1:]] if command[0] in ("fetch", "mirror") else command
    codes = {"fetch": 4, "mirror": 4, "exec": 4, "generate": 1 if "--check" in command else 0}
    done = run(home, lock_of(home), *offline)
    assert done.returncode == codes[command[0]], done.stderr


def test_a_mirror_of_linkmode_toml_is_accounted_for(home: Path, server: FaultServer) -> None:
    toml = home / "repository" / "linkmode.toml"
    toml.write_text(TOML + f'[mirrors]\n"https://ziglang.org/" = ["{server.url("/zig/")}"]\n')
    data = lock_of(home)
    assert data["artifact"][0]["urls"][0].startswith(server.url("/zig/"))
    assert run(home, data, "generate", "--check").returncode == 1
    assert run(home, data, "fetch", "--lock", "linkmode.lock").returncode == 4
    assert server.asked
    done = run(home, data, "fetch", "--lock", "elsewhere/other.lock")
    assert (done.returncode, "nor a linkmode.toml beside it has" in done.stderr) == (6, True)
    toml.write_text(TOML)
    assert run(home, data, "generate", "--check").returncode == 6
