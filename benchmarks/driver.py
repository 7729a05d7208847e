"""The compiler driver of `linkmode exec`, against the compiler's own command line that it starts.

One C file is compiled, and linked to a static program, by GCC and by Zig. `--linkmode-explain` prints the compiler's
command line. The least CPU time of the rounds counts, as a machine may be busy. What the driver adds to a link is the
check of the program; it adds a process to each.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from start import seconds

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path[:0] = [str(TESTS / part) for part in ("e2e", "support", "strangers")]

from building import locked  # noqa: E402 - the tests' own harness, which is no package that is installed
from harness.places import STORE  # noqa: E402
from harness.shared import MissingToolchainsError  # noqa: E402

ROUNDS = 10
TARGET = "x86_64-linux-musl"
SOURCE = '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n'


def main() -> None:
    """Print the CPU time of a compile and of a link by the driver, and its ratio to the compiler's alone."""
    for family in ("gcc", "zig"):
        try:
            folder = locked(family)
        except MissingToolchainsError as error:
            print(f"{family}: {error}")
            continue
        compiler = _compiler(folder)
        with tempfile.TemporaryDirectory() as place:
            source, compiled = Path(place, "hello.c"), Path(place, "hello.o")
            source.write_text(SOURCE, encoding="utf-8")
            _measure(f"{family}, compile", compiler, ["-O2", "-c", str(source), "-o", str(compiled)])
            _measure(f"{family}, link", compiler, [str(compiled), "-o", str(Path(place, "hello"))])


def _compiler(folder: Path) -> str:
    command = [sys.executable, "-m", "linkmode", "-C", str(folder), "exec", "--target", TARGET, "--store", str(STORE)]
    command += ["--", "sh", "-c", 'command -v "$CC"']
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _measure(name: str, compiler: str, arguments: list[str]) -> None:
    explained = subprocess.run(
        [compiler, "--linkmode-explain", *arguments], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    commands = {"the compiler": explained[1:], "the driver": [compiler, *arguments]}  # the first line is the action
    turns = [{who: seconds(words) for who, words in commands.items()} for _ in range(ROUNDS + 1)][1:]
    least = {who: min(turn[who] for turn in turns) for who in commands}
    for who, took in least.items():
        print(f"{name + ', ' + who:<28} {took:.3f} s CPU {took / least['the compiler']:5.2f} x", flush=True)


if __name__ == "__main__":
    main()
