"""What lies beside the repository on the machines of its developers and of CI, and nowhere else: ../shared."""

from pathlib import Path

from harness.places import ROOT

SHARED = ROOT.parent / "shared"
WHY = "../shared is not beside this clone: it has GCC's archives and a survey of checksums, which no registry carries"


class MissingToolchainsError(Exception):
    """Something that a test needs cannot be had on this machine; the message says what."""


class MissingSharedError(MissingToolchainsError):
    """There is no ../shared. tests/conftest.py skips a test that this ends."""

    def __init__(self) -> None:
        super().__init__(WHY)


def shared(*files: str) -> Path:
    """Return the first of ``files``, paths below ../shared, all of which are needed.

    Raises MissingSharedError where there is no ../shared at all. Where it is there and a file is not, something is
    wrong, and no reason to skip: FileNotFoundError.
    """
    if not SHARED.is_dir():
        raise MissingSharedError
    for file in files:
        if not (SHARED / file).exists():
            raise FileNotFoundError(f"../shared is beside this clone, and has no {file}")
    return SHARED / files[0]
