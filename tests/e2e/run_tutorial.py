"""The tutorial with any Bazel: `python tests/e2e/run_tutorial.py bazelisk`, where USE_BAZEL_VERSION says which."""

import argparse
import sys

from harness import bazel, tutorial


def main() -> int:
    """Follow the tutorial; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bazel", help=f"{', '.join(bazel.KNOWN)}, or the path or the name of any other")
    chosen = parser.parse_args()
    try:
        tutorial.follow(bazel.find(chosen.bazel))
    except (bazel.NoBazelError, AssertionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
