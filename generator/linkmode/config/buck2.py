"""What of linkmode.toml Buck2's rules cannot keep. They are for C and C++, and the rest is refused, not left out."""

from collections.abc import Iterable
from pathlib import Path

from linkmode.libraries import LIBRARIES
from linkmode.model.issues import Issues

CELL = "buck2"
"""The folder in the output folder that is a cell of Buck2: Bazel has files of the same names beside it."""
CONFIG = ".buckconfig"
"""The file that makes a folder a cell of Buck2."""


def is_root(folder: Path) -> bool:
    """Return whether ``folder`` is a cell of Buck2."""
    return (folder / CONFIG).is_file()


def check_buck2(
    build_systems: Iterable[str],
    languages: Iterable[str],
    libraries: Iterable[str],
    malloc: Iterable[str],
    issues: Issues,
) -> None:
    """Report in ``issues`` what is asked for and would not be there, where ``build_systems`` name buck2.

    Languages and libraries are refused where no other build system has them: beside Bazel they are Bazel's.
    """
    systems = tuple(build_systems)
    if "buck2" not in systems:
        return
    for target in malloc:
        issues.add(f"malloc.{target}", "Buck2's rules link the libc's own malloc; take 'buck2' out of build-systems")
    if "bazel" in systems:
        return
    for language in languages:
        issues.add(f"language.{language}", "Buck2's rules are for C and C++; add 'bazel' to build-systems")
    for library in libraries:
        if library in LIBRARIES and not LIBRARIES[library].in_buck2:
            issues.add(f"library.{library}", "Buck2 has no rules for it; add 'bazel' to build-systems")
