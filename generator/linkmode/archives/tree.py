"""Writes members below one folder. Cannot write anywhere else.

Every parent is opened component by component, relative to the folder above it and without following links (openat(2)
with O_NOFOLLOW), and every file is a new one (O_EXCL). Symlinks are created when all else is there, after each was
followed through the finished tree: while files are written there is no link that a path could lead through.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from linkmode.archives.members import Bounds, Kind, Member, Refusal, blocks, parts

_Path = tuple[str, ...]
_LONGEST_CHAIN = 40
"""Links that Linux follows in one path (MAXSYMLINKS)."""

_LOADER = "/lib/libc.so"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Tree:
    """A folder, empty at first, that members are added to. Raises OSError when the system refuses to write."""

    def __init__(self, root: Path, bounds: Bounds) -> None:
        self._root = root
        self._bounds = bounds
        self._size = 0
        self._kinds: dict[_Path, Kind] = {(): "folder"}
        self._links: dict[_Path, tuple[str, str]] = {}
        self._open: tuple[_Path, int] | None = None

    def __enter__(self) -> Self:
        self._descriptor = os.open(self._root, _FOLDER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        os.close(self._descriptor)

    def add(self, path: _Path, member: Member, prefix: _Path) -> None:
        """Add a member at ``path``, which is its name without ``prefix``; a symlink only when `finish` is called.

        Raises Refusal when the member is a second one of its name, goes through what is no folder, is a hard link to
        what is not there, or makes the tree larger than its bounds.
        """
        if member.kind == "folder":
            self._folder(path, member.name)
            return
        if path in self._kinds:
            raise Refusal(f"a second member of this name; the first is a {self._kinds[path]}", member.name)
        parent = self._folder(path[:-1], member.name)
        self._enter(path, member.kind, member.name)
        if member.kind == "symlink":
            self._links[path] = (member.target, member.name)
        elif member.kind == "hardlink":
            self._hard_link(path, member, prefix, parent)
        else:
            self._file(path, member, parent)

    def finish(self) -> None:
        """Create the symlinks and take the right to write from everything. Raises Refusal for a link that leads out."""
        for path, (target, name) in list(self._links.items()):
            self._links[path] = (self._wanted(path, target), name)
        # On purpose: musl-cross-make leaves this link to its own folder, where any walk over the tree never ends.
        if self._links.get(("usr",), ("", ""))[0] == ".":
            del self._links["usr",], self._kinds["usr",]
        for path, (target, name) in self._links.items():
            self._follow(path, target, name)
        for path, (target, name) in self._links.items():
            try:
                os.symlink(target, path[-1], dir_fd=self._folder(path[:-1], name))
            except FileExistsError:
                raise self._folded(name) from None
        for path, kind in self._kinds.items():
            if kind == "folder":
                os.fchmod(self._folder(path, ""), 0o555)

    def _folder(self, path: _Path, name: str) -> int:
        """An open descriptor of the folder at ``path``, made where it is missing; valid until the next call."""
        if self._open and self._open[0] == path:
            return self._open[1]
        current = os.dup(self._descriptor)
        try:
            for depth in range(1, len(path) + 1):
                below = self._below(current, path[:depth], name)
                os.close(current)
                current = below
        except BaseException:
            os.close(current)
            raise
        self._close()
        self._open = (path, current)
        return current

    def _below(self, parent: int, path: _Path, name: str) -> int:
        """Open the folder at ``path``, which lies in ``parent``."""
        if path not in self._kinds:
            self._enter(path, "folder", name)
            try:
                os.mkdir(path[-1], 0o700, dir_fd=parent)
            except FileExistsError:
                raise self._folded(name) from None
        if self._kinds[path] != "folder":
            raise Refusal(f"a path through {'/'.join(path)!r}, which is a {self._kinds[path]}", name)
        return os.open(path[-1], _FOLDER, dir_fd=parent)

    def _close(self) -> None:
        if self._open:
            os.close(self._open[1])
            self._open = None

    def _enter(self, path: _Path, kind: Kind, name: str) -> None:
        if len(self._kinds) > self._bounds.entries:
            raise Refusal(f"more than {self._bounds.entries:,} files, folders and links", name)
        self._kinds[path] = kind

    def _file(self, path: _Path, member: Member, parent: int) -> None:
        self._size += member.size
        if self._size > self._bounds.size:
            raise Refusal(f"its contents are {self._size:,} bytes by here; at most {self._bounds.size:,}", member.name)
        try:
            descriptor = os.open(path[-1], _NEW_FILE, 0o600, dir_fd=parent)
        except FileExistsError:
            raise self._folded(member.name) from None
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
            for block in blocks(member.body):
                view = memoryview(block)
                while view:
                    view = view[file.write(view) :]
            # Two modes, as git has them: neither setuid nor another's right to write can come from an archive.
            os.fchmod(descriptor, 0o555 if member.executable else 0o444)

    def _hard_link(self, path: _Path, member: Member, prefix: _Path, parent: int) -> None:
        target = parts(member.target)
        inside = target[len(prefix) :]
        known = inside != path and self._kinds.get(inside) in {"file", "hardlink"}
        if target[: len(prefix)] != prefix or not known:
            raise Refusal(f"a hard link to {member.target!r}; expected a file that comes before it", member.name)
        own = os.dup(parent)
        try:
            source = self._folder(inside[:-1], member.name)
            os.link(inside[-1], path[-1], src_dir_fd=source, dst_dir_fd=own, follow_symlinks=False)
        except FileExistsError:
            raise self._folded(member.name) from None
        finally:
            os.close(own)

    def _wanted(self, path: _Path, target: str) -> str:
        """The target that a symlink gets. musl's loader is an absolute link to its libc, which lies beside it."""
        is_loader = path[-1].startswith("ld-musl-") and ".so" in path[-1]
        if target == _LOADER and is_loader and self._kinds.get((*path[:-1], "libc.so")) == "file":
            return "libc.so"
        return target

    def _follow(self, path: _Path, target: str, name: str) -> None:
        """Raise Refusal unless ``target``, followed through all links of the tree, stays inside to its end."""
        here, left, followed = list(path[:-1]), self._split(target, name), 0
        while left:
            part = left.pop(0)
            if part == "..":
                if not here:
                    raise Refusal(f"a symlink to {target!r}, which leads out of the folder", name)
                here.pop()
                continue
            here.append(part)
            link = self._links.get(tuple(here))
            if link:
                followed += 1
                if followed > _LONGEST_CHAIN:
                    raise Refusal(f"a symlink to {target!r} that goes through more than {_LONGEST_CHAIN} links", name)
                here.pop()
                left = self._split(link[0], name) + left

    @staticmethod
    def _split(target: str, name: str) -> list[str]:
        if not target or "\0" in target:
            raise Refusal(f"a symlink to {target!r}; expected a path", name)
        if target.startswith("/"):
            raise Refusal(f"a symlink to {target!r}; expected a path relative to its folder", name)
        return [part for part in target.split("/") if part not in {"", "."}]

    def _folded(self, name: str) -> Refusal:
        return Refusal(f"{self._root} takes this name for that of another member, in other letters or accents", name)
