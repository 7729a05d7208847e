"""Writes into the user's repository. The only module that does, and only files that linkmode generated.

A tree is written as a whole or not at all: the complete new folder is built beside the old one, from new files and
from hard links to those that stay, and then takes its place in one step (`exchange`). A file is ours when it has the
header; anything else in the folder is foreign, is kept, and is overwritten only by force.
"""

import hashlib
import os
import pwd
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import msgspec

from linkmode.generate import watchers
from linkmode.generate.header import has_header
from linkmode.messages import CheckError, ConfigError, Message, Run
from linkmode.model import exchange, textfile
from linkmode.model.textfile import system_errors
from linkmode.model.values import Tree

_HEAD = 4096
_LOCK_SECONDS = 120.0
_SILENT_SECONDS = 1.0
_NAMES_SHOWN = 10


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What lies between a folder and a tree; true when there is anything to write.

    Paths are relative to the folder, with ``/``, sorted. ``removed`` are files of ours that the tree has no more,
    ``foreign`` what is not ours and stays, ``blocked`` what is not ours and stands in the way of the tree, and ``old``
    the present contents of all that would be changed or removed.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    old: dict[str, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.removed)


class _Found(msgspec.Struct, frozen=True):
    """What a folder holds: files of ours with their contents, everything else that is no folder, and folders."""

    ours: dict[str, bytes]
    foreign: set[str]
    folders: set[str]


def place(root: Path, output: str) -> Path:
    """Return the folder that ``output`` names in the repository at ``root``.

    Raises:
        ConfigError: on the way there, or at the end, is a symbolic link or something that is no folder.
    """
    folder = root
    for part in PurePosixPath(output).parts:
        folder = folder / part
        if folder.is_symlink():
            raise ConfigError(
                f"output {output!r}: {folder} is a symbolic link, and linkmode writes through none",
                expected="a folder of the repository's own",
                hint="name the real folder as `output` in linkmode.toml, or remove the link",
            )
        if os.path.lexists(folder) and not folder.is_dir():
            raise ConfigError(
                f"output {output!r}: {folder} is a file where a folder is expected",
                hint="name another folder as `output` in linkmode.toml, or move the file away",
            )
    return folder


def diff(tree: Tree, folder: Path) -> Changes:
    """Compare ``tree`` with what ``folder`` holds, which need not exist. Raises ConfigError when it cannot be read."""
    with system_errors(folder, "read"):
        return _compare(tree, folder)


def unified(tree: Tree, changes: Changes, label: str) -> str:
    """Return ``changes`` as a unified diff of paths below ``label``; bytes that are not UTF-8 are escaped."""
    paths = sorted((*changes.created, *changes.changed, *changes.removed))
    return "".join(textfile.unified(f"{label}/{path}", changes.old.get(path), tree.get(path)) for path in paths)


def unified_file(path: str, before: str | None, after: str | None) -> str:
    """Return the unified diff of one file, which is not there where a text is None."""
    return textfile.unified(path, *(None if text is None else text.encode() for text in (before, after)))


def check(changes: Changes, label: str) -> None:
    """Raise CheckError, naming the files, unless there is nothing to write; ``label`` names the folder."""
    _refuse_blocked(changes, label, force=False)
    kinds = {"missing": changes.created, "different": changes.changed, "no longer generated": changes.removed}
    if changes:
        found = "; ".join(f"{kind}: {_names(paths)}" for kind, paths in kinds.items() if paths)
        raise CheckError(
            f"{label} is not what linkmode.lock gives: {found}",
            expected="the files that linkmode.lock gives",
            hint=Message("see it with `", Run("generate", "--diff"), "`, write it with `", Run("generate"), "`"),
        )


def apply(
    tree: Tree,
    folder: Path,
    *,
    label: str,
    locks: Path | None = None,
    force: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Changes:
    """Make ``folder`` hold ``tree`` beside what is foreign in it, and return what that changed.

    The folder is replaced as a whole in one step; when nothing has to change, nothing is touched. ``locks`` is a
    folder for lock files that all runs of this user share, by default in the platform's cache: two runs at once write
    one after the other, and ``say`` is told what is waited for.

    Raises:
        ConfigError: a foreign file is in the way and ``force`` is not set, another user owns what would be replaced,
            or the system refuses to write. Nothing in ``folder`` has changed then.
    """
    _require_relative(tree)
    with system_errors(folder):
        with suppress(FileNotFoundError):  # another run may be exchanging the folder right now
            if not exchange.has_leftovers(folder):
                changes = _compare(tree, folder)
                _refuse_blocked(changes, label, force=force)
                if not changes:
                    return changes
        with _locked(folder, locks, say):
            exchange.recover(folder)
            changes = _compare(tree, folder)
            _refuse_blocked(changes, label, force=force)
            if changes:
                _refuse_of_others(folder, label)
                _replace(tree, folder, changes)
            return changes


def _compare(tree: Tree, folder: Path) -> Changes:
    found = _find(folder)
    changed = {path: data for path, data in found.ours.items() if path in tree and data != tree[path]}
    removed = {path: data for path, data in found.ours.items() if path not in tree}
    blocked = set(_in_the_way(tree, found))
    return Changes(
        created=tuple(sorted(tree.keys() - found.ours.keys())),
        changed=tuple(sorted(changed)),
        removed=tuple(sorted(removed)),
        unchanged=tuple(sorted(found.ours.keys() & tree.keys() - changed.keys())),
        foreign=tuple(sorted(found.foreign - blocked)),
        blocked=tuple(sorted(blocked)),
        old=changed | removed,
    )


def _find(folder: Path) -> _Found:
    found = _Found({}, set(), set())
    pending = [""] if os.path.lexists(folder) else []
    while pending:
        prefix = pending.pop()
        with os.scandir(folder / prefix) as entries:
            for entry in entries:
                if entry.name == watchers.TOLD:
                    continue  # of a run that was killed
                path = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    found.folders.add(path)
                    pending.append(f"{path}/")
                elif entry.is_file(follow_symlinks=False) and (data := _ours(Path(entry.path))):
                    found.ours[path] = data
                else:
                    found.foreign.add(path)
    return found


def _ours(file: Path) -> bytes:
    """Return the contents of a file of ours, and nothing of any other, of which only the beginning is read."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
        return head + stream.read() if has_header(head) else b""


def _in_the_way(tree: Iterable[str], found: _Found) -> Iterator[str]:
    """Yield what is foreign and stands where the tree has a file, or a folder on the way to one."""
    foreign_folders = {parent for path in found.foreign for parent in _parents(path)} | {
        path for path in found.folders if not any(file.startswith(f"{path}/") for file in found.ours)
    }
    for path in tree:
        yield from ({path, *_parents(path)} & found.foreign)
        if path in foreign_folders:
            yield f"{path}/"


def _parents(path: str) -> list[str]:
    return [path[:end] for end, mark in enumerate(path) if mark == "/"]


def _refuse_blocked(changes: Changes, label: str, *, force: bool) -> None:
    folders = tuple(path for path in changes.blocked if path.endswith("/"))
    if folders:
        raise ConfigError(
            f"{label}: a folder that linkmode did not make is in the way of a generated file: {_names(folders)}",
            expected="a path that is free, or a file of linkmode",
            hint="move it away; --force overwrites files, never folders",
        )
    if changes.blocked and not force:
        raise ConfigError(
            f"{label}: files that linkmode did not generate are in the way: {_names(changes.blocked)}",
            expected="paths that are free, or files of linkmode",
            hint=Message("move them away, or overwrite them with: ", Run("generate", "--force")),
        )


def _refuse_of_others(folder: Path, label: str) -> None:
    """Refuse what could be replaced and then not be removed: folders of another user, unless root asks."""
    user = os.geteuid()
    if not folder.exists() or user == 0:
        return
    for path in ("", *sorted(_find(folder).folders)):
        owner = (folder / path).lstat().st_uid
        if owner != user:
            raise ConfigError(
                f"{PurePosixPath(label, path)} belongs to another user ({_user(owner)}; this is {_user(user)}), and "
                "linkmode replaces the folder as a whole",
                expected="folders and files of this user",
                hint="run linkmode as that user, or give the folder to this one (chown -R), or move it away",
            )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _names(paths: tuple[str, ...]) -> str:
    more = len(paths) - _NAMES_SHOWN
    return ", ".join(paths[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _require_relative(tree: Tree) -> None:
    """Refuse, at the one place that writes, a path that would leave the folder: a defect of the renderer."""
    for path in tree:
        if path != str(PurePosixPath(path)) or path.startswith("/") or {"..", "."} & {*PurePosixPath(path).parts}:
            raise ValueError(f"{path!r} is not a plain path inside the output folder")


def _replace(tree: Tree, folder: Path, changes: Changes) -> None:
    made = _make_parents(folder)
    try:
        _build(tree, folder, changes, exchange.staging(folder))
        watchers.tell(folder, (*changes.changed, *changes.removed), (*changes.created, *changes.removed))
        exchange.put_in_place(folder)
    except BaseException:
        if os.path.lexists(exchange.staging(folder)):
            exchange.delete(exchange.staging(folder))
        for parent in made:
            with suppress(OSError):  # not empty: somebody else uses it by now
                parent.rmdir()
        raise
    exchange.recover(folder)


def _make_parents(folder: Path) -> list[Path]:
    """Create what is missing above ``folder``; return what was created, innermost first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir()
    return missing


def _build(tree: Tree, folder: Path, changes: Changes, new: Path) -> None:
    kept = (*changes.unchanged, *changes.foreign)
    folders = {parent for path in (*tree, *kept) for parent in _parents(path)}
    if folder.exists():
        found = _find(folder)
        gone = {parent for path in found.ours for parent in _parents(path)}
        stay = found.folders - gone
        folders |= stay.union(*map(_parents, stay))
    new.mkdir()
    for path in sorted(folders):
        (new / path).mkdir()
    for path in (*changes.created, *changes.changed):
        (new / path).write_bytes(tree[path])
    for path in kept:
        _keep(folder / path, new / path)
    for path in ("", *folders):  # last: a read-only folder could not have been filled
        if (folder / path).is_dir():
            (new / path).chmod(stat.S_IMODE((folder / path).stat().st_mode))


def _keep(old: Path, new: Path) -> None:
    """Give ``old`` a second name, so that its time stamps stay; copy it where the file system has no hard links."""
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:
        shutil.copy2(old, new, follow_symlinks=False)


@contextmanager
def _locked(folder: Path, locks: Path | None, say: Callable[[str], None]) -> Iterator[None]:
    # not needed where nothing is written
    from filelock import Timeout

    from linkmode.model import cache
    from linkmode.model.locks import explained, of_the_system

    locks = locks or cache.folder("linkmode", "locks")
    name = hashlib.sha256(os.fsencode(folder.parent.resolve() / folder.name)).hexdigest()[:32]
    lock = of_the_system(locks / f"{name}.lock")
    try:
        locks.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=_SILENT_SECONDS)
        except Timeout:
            say(f"waiting for another run, which holds {lock.lock_file}")
            lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:  # an OSError too
        raise ConfigError(
            f"{folder}: another linkmode has been writing it for {_LOCK_SECONDS:.0f} seconds",
            expected="one linkmode at a time",
            hint=f"wait for it to end, or end it; the lock is {locks / name}.lock",
        ) from error
    except (OSError, NotImplementedError) as error:
        if not isinstance(error, OSError) or isinstance(explained(locks, error), ConfigError):
            raise explained(Path(lock.lock_file), error) from error
        raise ConfigError(
            f"{locks}: linkmode's cache cannot be written: {error.strerror or error}: {error.filename or locks}",
            expected="a folder that this user can write",
            hint="set XDG_CACHE_HOME, or HOME, to a writable folder; concurrent runs wait for each other in it",
        ) from error
    try:
        yield
    finally:
        lock.release()
