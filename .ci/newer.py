"""Prints what this environment has at a version that a lock of .ci/locks does not name, a line each."""

import sys
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NOT_OURS = {"linkmode", "pip", "setuptools"}
"""The checkout itself, and what a virtual environment begins with."""


def main(lock: str) -> None:
    """Read a lock in the format of pip's requirements with checksums, and write to standard output."""
    lines = [line.removesuffix(" \\") for line in Path(lock).read_text(encoding="utf-8").splitlines()]
    named = [Requirement(line) for line in lines if line and line[0].isalnum()]
    locked = {(canonicalize_name(one.name), str(one.specifier).removeprefix("==")) for one in named}
    here = {(canonicalize_name(one.name), one.version) for one in distributions()}
    for name, version in sorted(one for one in here - locked if one[0] not in NOT_OURS):
        sys.stdout.write(f"{name} {version}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
