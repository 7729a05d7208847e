"""Start-up: commands that have little to do, against `python -c 'import jinja2'`.

`generate` finds nothing to change: in a copy of examples/c_zlib, and in a repository with Zig, Bazel and Buck2, every
language and every library. `audit` reads one file. The least CPU time of the rounds counts, as a machine may be busy.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROUNDS = 10
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "c_zlib"
EVERYTHING = """
build-systems = ["bazel", "buck2"]
[[toolchain]]
family = "zig"
version = "~=0.15.2"
targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]
[library]
gmp = ">0"
mimalloc = ">0"
zlib = ">0"
[language]
go = ">0"
graalvm = ">0"
ocaml = ">0"
rust = ">0"
sbcl = ">0"
"""
LINKMODE = [sys.executable, "-m", "linkmode"]
AS_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Python compiles what it installs, and a first run what it imports from a checkout."""


def main() -> None:
    """Print the CPU time of each command, and its ratio to the peer's."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as every:
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
        Path(every, "linkmode.toml").write_text(EVERYTHING, encoding="utf-8")
        for command in ("lock", "generate"):
            subprocess.run([*LINKMODE, "-C", every, command], stdout=subprocess.DEVNULL, check=True)
        commands = {
            "python, import jinja2": [sys.executable, "-c", "import jinja2"],
            "linkmode --help": [*LINKMODE, "--help"],
            "linkmode generate, nothing changed": [*LINKMODE, "-C", folder, "generate"],
            "linkmode generate --check": [*LINKMODE, "-C", folder, "generate", "--check"],
            "linkmode generate, every language": [*LINKMODE, "-C", every, "generate"],
            "linkmode lock --check": [*LINKMODE, "-C", folder, "lock", "--check"],
            "linkmode audit FILE": [*LINKMODE, "audit", "/bin/true"],
        }
        # by turns, so that a busy minute falls on all; the first turn may write what later ones read
        turns = [{name: seconds(words) for name, words in commands.items()} for _ in range(ROUNDS + 1)][1:]
    least = {name: min(turn[name] for turn in turns) for name in commands}
    peer = next(iter(least.values()))
    for name, took in least.items():
        print(f"{name:<36} {took:.3f} s CPU {took / peer:5.1f} x", flush=True)


def seconds(command: Sequence[str]) -> float:
    """Return the CPU time of a run, of user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, env=AS_INSTALLED, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
