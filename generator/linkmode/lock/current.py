"""Reads a lock from the disk, and returns only what linkmode.toml and the catalogue give."""

from pathlib import Path

from linkmode.catalog import pins as catalogs
from linkmode.config import document as configs
from linkmode.lock import derive, inputs, lockfile
from linkmode.lock.inputs import Inputs
from linkmode.lock.preference import keep
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError, Message, Run, StaleLockError, UsageError
from linkmode.model import resources, textfile
from linkmode.model.values import Artifact, Lock


def locked(root: Path, given: Inputs) -> Lock:
    """Return what the lock in ``root`` says, which is what ``given`` gives, in every field.

    Raises:
        StaleLockError: it is missing, was edited by hand, is out of date, or says what they do not.
        ConfigError: linkmode.toml does not resolve any more.
    """
    found = text(root)
    if found is None:
        raise StaleLockError(
            f"{root / lockfile.FILE} does not exist",
            expected="the lock that `linkmode lock` writes",
            hint=Message("write it with: ", Run("lock")),
        )
    try:
        lock = lockfile.loads(found, str(root / lockfile.FILE))
    except StaleLockError as error:
        raise _with_differences(error, found, given) from error
    return derive.derived(lock, given.config, given.catalog, str(root / lockfile.FILE), given.source)


def locked_elsewhere(path: Path) -> tuple[Artifact, ...]:
    """Return the artifacts of another lock than linkmode.lock, each of which is pinned where this linkmode knows it.

    That is the catalogue, and the linkmode.toml in the folder of the lock, if there is one: its pins and its mirrors.
    For what else it asks the lock may be too old, or too new.

    Raises:
        UsageError: it does not exist.
        StaleLockError: it cannot be read, is no lock, or has an artifact that is pinned nowhere.
        ConfigError: the linkmode.toml beside it, or the catalogue, is wrong.
    """
    hint = "name a lock that linkmode lock wrote"
    if path.is_dir():
        raise StaleLockError(f"{path}: is no regular file", expected="a lock that `linkmode lock` wrote", hint=hint)
    try:
        found = textfile.read(path)
    except FileNotFoundError as error:
        raise UsageError(f"--lock {path}: there is no such file", expected="a linkmode.lock", hint=hint) from error
    except textfile.UnusableError as error:
        raise StaleLockError(f"{path}: {error.problem}", expected="a text in UTF-8", hint=hint) from error
    try:
        lock = lockfile.loads(found, str(path))
    except StaleLockError as error:
        if path.name != lockfile.FILE:  # no command writes it again
            raise StaleLockError(error.said, expected="a lock that `linkmode lock` wrote", hint=hint) from error
        error.folder = str(path.absolute().parent)
        raise
    root = path.parent
    if (root / configs.FILE).exists():
        given = inputs.load(root)
        return derive.derived_artifacts(lock, given.config.mirrors, given.catalog, str(path))
    return derive.derived_artifacts(lock, {}, catalogs.load(resources.catalogue()), str(path))


def text(root: Path) -> str | None:
    """Return the text of the lock in ``root``; of contents that are no text, one that the reader refuses."""
    path = root / lockfile.FILE
    try:
        return textfile.read(path)
    except FileNotFoundError:
        return None
    except textfile.NoTextError as error:
        return error.problem
    except textfile.UnusableError as error:
        raise ConfigError(
            f"{path} {error.problem}; expected linkmode's lock", hint=Message("move it away, then run: ", Run("lock"))
        ) from error


def _with_differences(error: StaleLockError, found: str, given: Inputs) -> StaleLockError:
    """The same error, naming what differs from what linkmode.toml resolves to, as far as the lock can be read."""
    old = lockfile.loads_unverified(found, lockfile.FILE)
    if old is None:
        return error
    try:
        changes = lockfile.first_differences(old, resolve(given.config, given.catalog, keep(old)))
    except ConfigError:  # what the lock says stands in the way of an answer, and the error stands without one
        return error
    if not changes:
        return error
    said = Message(error.said, "; `", Run("lock"), f"` would change\n{changes}")
    return StaleLockError(said, expected="a lock for the linkmode.toml beside it", hint=error.advice)
