"""`make cpus [CPUS="--cpu armv7"]`: build, audit and run a program for every target, and print the table."""

import argparse
import sys

from harness import bazel, cpus
from harness.sandbox import MissingToolError
from harness.shared import MissingToolchainsError

from linkmode.model.cpus import CPUS


def main() -> int:
    """Run what the command line names; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bazel", default="7.7.1", help=f"{', '.join(bazel.KNOWN)}, or a path (default: 7.7.1)")
    parser.add_argument("--cpu", action="append", choices=list(CPUS), help="one of them; repeatable (default: all)")
    parser.add_argument("--libc", choices=("musl", "glibc"), help="one of them (default: both)")
    parser.add_argument("--program", action="append", choices=list(cpus.PROGRAMS), help="one of them (default: all)")
    chosen = parser.parse_args()
    wrong = 0
    try:
        builder = bazel.find(chosen.bazel)
        for program in chosen.program or cpus.PROGRAMS:
            of = cpus.targets(tuple(chosen.cpu or CPUS), chosen.libc)
            rows = cpus.rows(program, of, builder)
            wrong += sum(bool(row.wrong) for row in rows)
            sys.stdout.write(f"\n{program} with Bazel {chosen.bazel}\n\n{cpus.table(rows)}\n")
            sys.stdout.flush()
    except (bazel.NoBazelError, MissingToolchainsError, MissingToolError, AssertionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
