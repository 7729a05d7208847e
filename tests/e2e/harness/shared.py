"""What lies beside the repository on the machines of its developers and of CI, and nowhere else: ../shared."""

from pathlib import Path

from harness.places import ROOT

SHARED = ROOT.parent / "shared"
_OURS = ("facts/pins.json", "toolchains/README.md")
"""What is in ours, or in a part of it, and hardly in another folder of that name."""
WHY = "../shared is not beside this clone: it has GCC's archives and a survey of checksums, which no registry carries"


class MissingToolchainsError(Exception):
    """Something that a test needs cannot be had on this machine; the message says what."""


class MissingSharedError(MissingToolchainsError):
    """There is no ../shared. tests/conftest.py skips a test that this ends."""

    def __init__(self) -> None:
        super().__init__(WHY)


def present() -> bool:
    """Return whether ../shared is there, and is ours."""
    return any((SHARED / file).exists() for file in _OURS)


def shared(*files: str) -> Path:
    """Return the first of ``files``, paths below ../shared, all of which are needed.

    Raises MissingSharedError where there is no ../shared, or one of somebody else. Where it is there and a file is not,
    something is wrong, and no reason to skip: FileNotFoundError.
    """
    if not present():
        raise MissingSharedError
    for file in files:
        if not (SHARED / file).exists():
            raise FileNotFoundError(f"../shared is beside this clone, and has no {file}")
    return SHARED / files[0]
