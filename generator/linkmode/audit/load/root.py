"""Paths inside of a root folder, as a process sees them whose root it is: no link leads out of it."""

import os
from collections.abc import Iterator

_MAX_LINKS = 40
"""Linux's own bound on the links of one path."""


class Root:
    """A folder that stands for ``/``. Paths given and returned are absolute, as seen from inside."""

    def __init__(self, folder: str = "/") -> None:
        self._folder = os.path.realpath(folder)

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
            try:
                target = os.readlink(self.outside(here))  # noqa: PTH115 - raises where it is no link
            except (OSError, ValueError):
                done.append(part)
                continue
            links += 1
            if links > _MAX_LINKS:
                return None
            if target.startswith("/"):
                done = []
            left += [piece for piece in reversed(target.split("/")) if piece]
        found = "/" + "/".join(done)
        return found if os.path.lexists(self.outside(found)) else None

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
