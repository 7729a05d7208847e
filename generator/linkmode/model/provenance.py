"""Who confirms a checksum, in a form that a stranger can check: a repository, a file in it, and a revision. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import quote

import msgspec

_CONFIRMATION = re.compile(
    r"(?P<repository>[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)@(?P<revision>[0-9a-f]{40}):(?P<file>[^\s:][^\s]*)"
)


class Confirmation(msgspec.Struct, frozen=True):
    """A file of a public GitHub repository that pins the same bytes. It is written ``owner/name@revision:file``."""

    repository: str
    revision: str
    file: str

    @property
    def url(self) -> str:
        """Where to read it."""
        return f"https://github.com/{self.repository}/blob/{self.revision}/{quote(self.file)}"


def confirmation(text: str) -> Confirmation | None:
    """Return what ``text`` names, or None: a statement that nobody can check counts for nothing."""
    found = _CONFIRMATION.fullmatch(text)
    return Confirmation(found["repository"], found["revision"], found["file"]) if found else None


def count(confirmed_by: Iterable[str]) -> int:
    """Return how many repositories confirm; two files of one repository are one confirmation."""
    return len({one.repository.lower() for text in confirmed_by if (one := confirmation(text))})
