"""A program whose threads allocate all the time: with musl's malloc and with mimalloc, by GCC and by Zig.

The same C program (tests/e2e/harness/mimalloc.py), static, `-c opt`, four threads that take and give back blocks of
up to 512 bytes. Both sides take turns, so that a busy machine is busy for both, and the best of the rounds counts.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))

from harness import bazel, mimalloc, workspace  # noqa: E402 - the tests' own harness, which is no package that is installed
from harness.cases import CASES  # noqa: E402
from harness.places import WORK  # noqa: E402

ROUNDS = 5
ALLOCATIONS = 2_000_000
CONTENDERS = {"musl": "churn_libc", "mimalloc": "churn_mimalloc_static"}


def main() -> None:
    """Run the benchmark with Bazel 4.2.3, once for each family that can be had."""
    builder = bazel.find("4.2.3")
    for family, case in (("musl.cc", "c_zlib"), ("zig", "cpp_zig")):
        try:
            folder = mimalloc.prepare(WORK / "benchmarks" / "malloc" / family, CASES[case])
        except workspace.MissingToolchainsError as error:
            print(f"{family}: {error}")
            continue
        mimalloc.write_build(folder, bazel="4.2.3")
        try:
            builder.run(folder, "build", "-c", "opt", *(f"//:{name}" for name in CONTENDERS.values()))
            best = dict.fromkeys(CONTENDERS, float("inf"))
            for _ in range(ROUNDS):
                for name, program in CONTENDERS.items():
                    best[name] = min(best[name], _seconds(folder / "bazel-bin" / program))
            ratio = best["musl"] / best["mimalloc"]
            sizes = {name: (folder / "bazel-bin" / program).stat().st_size for name, program in CONTENDERS.items()}
            print(f"{family}: {ALLOCATIONS} allocations in each of 4 threads, best of {ROUNDS}")
            for name, seconds in best.items():
                print(f"  {name:9} {seconds:6.2f} s   {sizes[name]:7} bytes of program")
            print(f"  musl takes {ratio:.1f} times as long")
        finally:
            builder.run(folder, "shutdown", check=False)


def _seconds(program: Path) -> float:
    began = time.monotonic()
    subprocess.run([str(program), str(ALLOCATIONS)], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
