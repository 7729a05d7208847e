"""Resolves paths inside a root, as a process with that root would. No link leads out of it.

A root is a folder of this system, or the members of an archive or image, which is not unpacked.
"""

import os
import posixpath
from collections.abc import Iterator, Mapping

from linkmode.audit.read import elf
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.image import NotAudited

_MAX_LINKS = 40
"""Linux's own bound on the links of one path."""


class Root:
    """A folder that stands for ``/``. Paths given and returned are absolute, as seen from inside.

    ``known`` are facts of files by their path inside, which need not be read again.
    """

    def __init__(self, folder: str = "/", known: Mapping[str, Facts] | None = None) -> None:
        self._folder = os.path.realpath(folder)
        self._known = known or {}

    def outside(self, path: str) -> str:
        """Return where the host has a path; it must be one that :meth:`real` returned."""
        return os.path.join(self._folder, path.lstrip("/")) if self._folder != "/" else path  # noqa: PTH118

    def inside(self, path: str) -> str:
        """Return a path of the host as one of this root; one that lies elsewhere is taken as it is."""
        real = os.path.realpath(path)
        if self._folder == "/":
            return real
        if real.startswith(f"{self._folder}/"):
            return real.removeprefix(self._folder)
        return "/" + path.lstrip("/")

    def real(self, path: str) -> str | None:
        """Return the path without any symbolic link, or None when there is nothing or too many links."""
        done: list[str] = []
        left = [part for part in reversed(path.split("/")) if part]
        links = 0
        while left:
            part = left.pop()
            if part in (".", ".."):
                done = done[: None if part == "." else -1]
                continue
            here = "/" + "/".join([*done, part])
            target = self._target(here)
            if target is None:
                done.append(part)
                continue
            links += 1
            if links > _MAX_LINKS:
                return None
            if target.startswith("/"):
                done = []
            left += [piece for piece in reversed(target.split("/")) if piece]
        found = "/" + "/".join(done)
        return found if self._has(found) else None

    def facts(self, real: str) -> Facts:
        """Return the facts of a file by its path without links; raise NotAudited when it has none."""
        return self._known.get(real) or elf.read(self.outside(real))

    def text(self, path: str, limit: int) -> str | None:
        """Return a regular file's text, its first ``limit`` bytes, or None when it can't be read."""
        real = self.real(path)
        if real is None or not os.path.isfile(self.outside(real)):  # noqa: PTH113
            return None
        try:
            with open(self.outside(real), "rb") as stream:  # noqa: PTH123
                return stream.read(limit).decode("utf-8", "surrogateescape")
        except OSError:
            return None

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names in a folder, sorted; none where there is no folder."""
        real = self.real(folder)
        try:
            names = sorted(os.listdir(self.outside(real))) if real is not None else []  # noqa: PTH208
        except OSError:
            names = []
        yield from names

    def _target(self, here: str) -> str | None:
        # Where a symbolic link leads, None for what is no link.
        try:
            return os.readlink(self.outside(here))  # noqa: PTH115 - raises where it is no link
        except (OSError, ValueError):
            return None

    def _has(self, here: str) -> bool:
        return os.path.lexists(self.outside(here))


class Members(Root):
    """The members of an archive or image: ``files`` by path, symbolic ``links`` with their targets, ``texts``."""

    def __init__(self, files: Mapping[str, Facts], links: Mapping[str, str], texts: Mapping[str, str]) -> None:
        super().__init__(known=files)
        self._links, self._texts = links, texts
        self._paths: set[str] = set()
        for path in (*files, *links, *texts):
            while path not in self._paths:
                self._paths.add(path)
                path = posixpath.dirname(path)

    def inside(self, path: str) -> str:
        """Return a member's path as one of this root."""
        return "/" + path.lstrip("/")

    def facts(self, real: str) -> Facts:
        """Return the facts of a member; raise NotAudited when it has none."""
        found = self._known.get(real)
        if found is None:
            raise NotAudited("no ELF file among the members")
        return found

    def text(self, path: str, limit: int) -> str | None:
        """Return a member's text, its first ``limit`` characters, or None where it was not kept."""
        real = self.real(path)
        found = self._texts.get(real) if real is not None else None
        return None if found is None else found[:limit]

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of the texts in a folder, sorted."""
        real = self.real(folder)
        yield from sorted(posixpath.basename(path) for path in self._texts if posixpath.dirname(path) == real)

    def _target(self, here: str) -> str | None:
        return self._links.get(here)

    def _has(self, here: str) -> bool:
        return here in self._paths
