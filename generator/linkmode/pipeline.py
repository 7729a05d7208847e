"""The order of the steps, and the place of their files. The only module that knows both.

Each function takes the folder that holds linkmode.toml. What a step needs from another goes through here, since fetch,
render, write and audit do not know each other.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import platformdirs

from linkmode.catalog import pins as catalogs
from linkmode.catalog.advisories import advisories, check_accepted
from linkmode.catalog.pins import Catalog
from linkmode.config import document as configs
from linkmode.config.document import Config
from linkmode.exec import environment, native_image
from linkmode.generate import repository, write
from linkmode.lock import derive, earlier, lockfile
from linkmode.lock.resolve import keep, resolve
from linkmode.lock.sources import Outdone, expanded, outdone
from linkmode.messages import CheckError, ConfigError, Message, Run, StaleLockError, UsageError, did_you_mean
from linkmode.model import resources, textfile
from linkmode.model.values import Advisory, Artifact, ExecPlatform, LinkMode, Lock, LockedToolchain, Tree
from linkmode.store import trees

_UNSEEN = "  nothing that it says, only how it is written: a digest, comments, line endings or conflict markers\n"
"""What changes where a lock that says the same is written in other bytes."""


class Inputs(msgspec.Struct, frozen=True):
    """What a lock is resolved from: linkmode.toml, and the catalogue with the user's own pins."""

    config: Config
    catalog: Catalog


class Relock(msgspec.Struct, frozen=True, kw_only=True):
    """A resolution beside the lock that there was. ``changes`` is empty when nothing would be written.

    ``advisories`` are those that affect what would be locked, ``accepted`` the reasons by id that linkmode.toml gives,
    also of those that affect nothing here. ``outdone`` are families that upstream has a newer version of than the
    chosen source, ``own`` those that a source was chosen for while all of them comes from linkmode.toml's own pins.
    ``unreadable`` is what is wrong with the present lock, or empty.
    """

    text: str
    changes: str
    advisories: tuple[tuple[Artifact, Advisory], ...]
    accepted: dict[str, str]
    outdone: tuple[Outdone, ...]
    own: tuple[str, ...]
    unreadable: str


class Output(msgspec.Struct, frozen=True):
    """A rendered tree and the folder that it belongs into; ``label`` names that folder in messages."""

    tree: Tree
    folder: Path
    label: str


class Tools(msgspec.Struct, frozen=True):
    """A locked toolchain that is ready to be used, and the changes to an environment that make build tools use it.

    ``libraries`` are those of linkmode.toml. ``held`` are open descriptors: while one of them is, nobody removes the
    toolchain.
    """

    toolchain: LockedToolchain
    ready: environment.Ready
    changes: environment.Environment
    libraries: tuple[str, ...]
    held: tuple[int, ...]


def inputs(root: Path) -> Inputs:
    """Return what linkmode.toml in ``root`` and the catalogue say. Raises ConfigError with every problem."""
    config = configs.load(root / configs.FILE)
    return Inputs(config, catalogs.with_pins(catalogs.load(resources.catalogue()), config.pins))


def advisories_by_family() -> dict[str, tuple[Advisory, ...]]:
    """Return the catalogue's advisories by family, for those who look for what is linked into a file."""
    return {name: entry.advisories for name, entry in catalogs.load(resources.catalogue()).families.items()}


def locked(root: Path, given: Inputs | None = None) -> Lock:
    """Return what the lock in ``root`` says, which is what linkmode.toml and the catalogue give, in every field.

    Raises:
        StaleLockError: it is missing, was edited by hand, is out of date, or says what they do not.
        ConfigError: linkmode.toml or the catalogue is wrong.
    """
    config_and_catalog = given or inputs(root)
    text = _read_lock(root)
    if text is None:
        raise StaleLockError(f"{root / lockfile.FILE} does not exist", hint=Message("write it with: ", Run("lock")))
    try:
        lock = lockfile.loads(text, lockfile.FILE)
    except StaleLockError as error:
        raise _with_differences(error, text, config_and_catalog) from error
    return derive.derived(lock, config_and_catalog.config, config_and_catalog.catalog)


def locked_elsewhere(path: Path) -> tuple[Artifact, ...]:
    """Return the artifacts of another lock than linkmode.lock, each of which is pinned where this linkmode knows it.

    That is the catalogue, and the linkmode.toml in the folder of the lock, if there is one: its pins and its mirrors.
    For what else it asks the lock may be too old, or too new.

    Raises:
        StaleLockError: it cannot be read, is no lock, or has an artifact that is pinned nowhere.
        ConfigError: the linkmode.toml beside it, or the catalogue, is wrong.
    """
    hint = "name a lock that linkmode lock wrote"
    if path.is_dir():
        raise StaleLockError(f"{path}: is no regular file", hint=hint)
    try:
        text = textfile.read(path)
    except FileNotFoundError as error:
        raise StaleLockError(f"{path}: cannot be read: No such file or directory", hint=hint) from error
    except textfile.UnusableError as error:
        raise StaleLockError(f"{path}: {error.problem}", hint=hint) from error
    try:
        lock = lockfile.loads(text, str(path))
    except StaleLockError as error:
        if path.name != lockfile.FILE:  # no command writes it again
            raise StaleLockError(error.said, hint=hint) from error
        error.folder = str(path.absolute().parent)
        raise
    root = path.parent
    if (root / configs.FILE).exists():
        given = inputs(root)
        return derive.derived_artifacts(lock, given.config.mirrors, given.catalog, str(path))
    return derive.derived_artifacts(lock, {}, catalogs.load(resources.catalogue()), str(path))


def relock(root: Path, *, upgrade: Iterable[str] = (), sources: Mapping[str, str] | None = None) -> Relock:
    """Resolve anew, keeping what the present lock chose where it may be kept; write nothing.

    ``upgrade`` names families to bring to their newest version; ``sources`` says where a family's archives are to come
    from, or under ``*`` where those of all families are that it does not name.

    Raises:
        ConfigError: linkmode.toml cannot be resolved, or accepts an advisory that there is not.
        UsageError: ``upgrade`` or ``sources`` name what linkmode.toml does not ask for.
        StaleLockError: the present lock was written by a newer linkmode.
    """
    given = inputs(root)
    check_accepted(given.config.accepted, given.catalog)
    families = dict.fromkeys(request.family for request in given.config.toolchains)
    requested = [*families, *given.config.library, *given.config.language]
    chosen = expanded(sources or {}, requested)
    for name in (*upgrade, *chosen):
        if name not in requested:
            guess = did_you_mean(name, requested)
            raise UsageError(
                f"linkmode.toml asks for no {name!r}{guess}", hint=f"what it asks for: {', '.join(requested)}"
            )
    old_text = _read_lock(root)
    old = earlier.read(old_text, requested)
    preference = earlier.preference(old, upgrade=upgrade, sources=chosen)
    new = resolve(given.config, given.catalog, preference)
    text = lockfile.dumps(new)
    changes = "" if text == old_text else lockfile.diff(old.lock, new) or _UNSEEN
    return Relock(
        text=text,
        changes=changes,
        advisories=advisories(new, given.catalog),
        accepted=given.config.accepted,
        outdone=tuple(outdone(given.config, given.catalog, preference.sources)),
        own=tuple(family for family in sources or () if _origins(new, family) == {"user"}),
        unreadable=old.unreadable,
    )


def check_lock(fresh: Relock) -> None:
    """Raise CheckError, showing the changes, when the lock is not what would be written now."""
    if fresh.changes:
        raise CheckError(
            f"{lockfile.FILE} is not what linkmode.toml resolves to:\n{fresh.changes.rstrip()}",
            hint=Message("write it with: ", Run("lock")),
        )


def save_lock(root: Path, fresh: Relock) -> None:
    """Write the lock, unless it is the same already."""
    if fresh.changes:
        write.replace_file(root / lockfile.FILE, fresh.text.encode())


def generated(root: Path) -> Output:
    """Render the rule library that the lock in ``root`` gives; write nothing.

    Raises:
        StaleLockError: the lock is missing, was edited by hand, or is out of date.
        ConfigError: linkmode.toml or the catalogue is wrong, or the output folder cannot be one.
    """
    from linkmode.generate import render  # no other command waits for what it brings along

    given = inputs(root)
    tree = render.render(given.config, locked(root, given), resources.templates())
    return Output(tree, write.place(root, given.config.output), given.config.output)


def pending(output: Output) -> write.Changes:
    """Return what `save` would write."""
    return write.diff(output.tree, output.folder)


def check(output: Output) -> None:
    """Raise CheckError, naming the files, unless the output folder is what the lock gives."""
    write.check(pending(output), output.label)


def unified(output: Output) -> str:
    """Return what `save` would write, as a unified diff."""
    return write.unified(output.tree, pending(output), output.label)


def edits(root: Path) -> tuple[repository.Edit, ...]:
    """Return the edits that the user's own files in ``root`` need for the library; none without Bazel or Buck2.

    Raises:
        ConfigError: linkmode.toml is wrong, or a file cannot be edited.
    """
    config = configs.load(root / configs.FILE)
    return repository.edits(root, config.output, config.bazel_module, config.build_systems)


def check_edits(needed: Sequence[repository.Edit]) -> None:
    """Raise CheckError, naming the files, when one needs an edit."""
    if needed:
        raise CheckError(
            f"{', '.join(edit.file for edit in needed)}: linkmode's block is missing or not up to date",
            hint=Message("see it with `", Run("generate", "--diff"), "`, write it with `", Run("generate"), "`"),
        )


def unified_edits(needed: Sequence[repository.Edit]) -> str:
    """Return edits as a unified diff."""
    return "".join(write.unified_file(edit.file, edit.before, edit.after) for edit in needed)


def save_edits(root: Path, needed: Sequence[repository.Edit]) -> None:
    """Write edits, each file in one step."""
    for edit in needed:
        write.replace_file(root / edit.file, edit.after.encode())


def save(output: Output, *, force: bool = False) -> write.Changes:
    """Write the tree in one step, and return what that changed."""
    locks = platformdirs.user_cache_path("linkmode") / "locks"
    return write.apply(output.tree, output.folder, label=output.label, locks=locks, force=force)


def tools(
    root: Path,
    *,
    host: ExecPlatform,
    target: str | None,
    family: str | None,
    mode: LinkMode | None = None,
    store: Path | None,
    say: Callable[[str], None],
    machine_compilers: Mapping[str, str] | None = None,
    command: Sequence[str] = (),
) -> Tools:
    """Unpack a locked toolchain, and zlib where it is locked, unless that was done before; touch no network.

    ``host`` is this machine as an exec platform, ``machine_compilers`` are its own C compilers; ``say`` is told what
    takes a while; ``command`` is what is to be run.

    Raises:
        StaleLockError: the lock is missing, was edited by hand, or is out of date.
        UsageError: the lock has no such target or family, or ``command`` cannot work with the toolchain.
        NetworkError: an archive is not in the store.
        IntegrityError: an archive is damaged in the store, or not to be trusted.
        ConfigError: nothing in the lock runs on ``host``, or the cache cannot be written.
    """
    from linkmode.exec import toolbox  # as above

    lock = locked(root)
    toolchain = environment.choose(lock, host, target, family, mode)
    mode = environment.mode_of(toolchain.target, mode)
    native_image.check(command, toolchain, lock)
    artifacts = {artifact.name: artifact for artifact in lock.artifacts}
    compiler, zlib = artifacts[toolchain.artifact], artifacts.get(lock.libraries.get("zlib", ""))
    builder = environment.for_this_machine(lock, host, toolchain, artifacts)
    needed = list(dict.fromkeys([compiler.name, artifacts[builder.artifact].name, *([zlib.name] if zlib else [])]))
    home = trees.home(store)
    while True:
        _unpack(root, [artifacts[name] for name in needed], store, home, say)
        held = [trees.hold(trees.unpacked(home, artifacts[name])) for name in needed]
        if None not in held:
            boxes = [
                toolbox.Toolbox(
                    home,
                    one,
                    artifacts[one.artifact],
                    trees.unpacked(home, artifacts[one.artifact]),
                    trees.unpacked(home, zlib) if zlib else None,
                    say,
                )
                for one in (builder, toolchain)
            ]
            ready = boxes[1].ready(boxes[0].programs(host), mode)
            held += [trees.hold(entry) for entry in ready.entries]
            whole = [descriptor for descriptor in held if descriptor is not None]
            if len(whole) == len(held):
                machine = environment.Machine(host, dict(machine_compilers or {}))
                changes = environment.environment(
                    toolchain, ready, machine, has_plain_names=not native_image.is_called(command)
                )
                return Tools(toolchain, ready, changes, tuple(lock.libraries), tuple(whole))
        # `linkmode store gc` came in between, and it will not do so for ever.
        for descriptor in held:
            if descriptor is not None:
                os.close(descriptor)


def create_config(root: Path, text: str, *, force: bool) -> Path:
    """Write a new linkmode.toml, which ``text`` must be fit to be; return its path.

    Raises:
        UsageError: ``text`` is not a configuration.
        ConfigError: there is a linkmode.toml, and ``force`` is not set.
    """
    path = root / configs.FILE
    try:
        configs.parse(text, where=configs.FILE)
    except ConfigError as error:
        raise UsageError(error.said, hint=Message("nothing was written; see `", Run("init", "--help"), "`")) from error
    if path.exists() and not force:
        raise ConfigError(
            f"{path} is there already, and is not overwritten", hint=Message("edit it, or: ", Run("init", "--force"))
        )
    write.replace_file(path, text.encode())
    return path


def _read_lock(root: Path) -> str | None:
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


def _with_differences(error: StaleLockError, text: str, given: Inputs) -> StaleLockError:
    """The same error, naming what differs from what linkmode.toml resolves to, as far as the lock can be read."""
    old = lockfile.loads_unverified(text, lockfile.FILE)
    if old is None:
        return error
    try:
        changes = lockfile.diff(old, resolve(given.config, given.catalog, keep(old)))
    except ConfigError:  # what the lock says stands in the way of an answer, and the error stands without one
        return error
    if not changes:
        return error
    said = Message(error.said, "; `", Run("lock"), f"` would change\n{changes.rstrip()}")
    return StaleLockError(said, hint=error.advice)


def _origins(lock: Lock, family: str) -> set[str]:
    return {artifact.source for artifact in lock.artifacts if artifact.family == family}


def _unpack(
    root: Path, artifacts: Iterable[Artifact], store: Path | None, home: Path, say: Callable[[str], None]
) -> None:
    missing = [artifact for artifact in artifacts if not trees.unpacked(home, artifact).is_dir()]
    if not missing:
        return
    # Imported where it is needed: what fetch brings along takes longer than all else that a second `exec` does.
    from linkmode.fetch import artifacts as fetch
    from linkmode.fetch import progress
    from linkmode.store import files, unpack

    place = files.Store(store or files.default_root())
    with progress.on(sys.stderr) as shown:
        fetch.fetch_all(missing, place, fetch.Options(base=root, offline=True), shown)
    for artifact in missing:
        say(f"unpacking {artifact.name}, once")
        unpack.unpack(artifact, place, home, say)
