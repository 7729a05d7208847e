"""The order of the steps, and the place of their files. The only module that knows both.

Each function takes the folder that holds linkmode.toml. What a step needs from another goes through here, since fetch,
render, write and audit do not know each other.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import platformdirs

from linkmode.catalog import addition, proposal
from linkmode.catalog import pins as catalogs
from linkmode.catalog.advisories import advisories, check_accepted
from linkmode.catalog.inputs import Inputs
from linkmode.config import document as configs
from linkmode.config import find
from linkmode.exec import environment, native_image
from linkmode.generate import repository, write
from linkmode.lock import derive, earlier, lockfile
from linkmode.lock.newer import Newer, newer
from linkmode.lock.resolve import keep, resolve
from linkmode.lock.sources import Outdone, expanded, from_source, outdone
from linkmode.messages import (
    CheckError,
    ConfigError,
    Message,
    NetworkError,
    Run,
    StaleLockError,
    UsageError,
    did_you_mean,
)
from linkmode.model import resources, textfile
from linkmode.model.issues import Source
from linkmode.model.values import (
    Advisory,
    Artifact,
    ExecPlatform,
    LinkMode,
    Lock,
    LockedToolchain,
    Tree,
)
from linkmode.store import files, health, trees
from linkmode.store.health import Finding

EVERYTHING = "*"
"""All that linkmode.toml asks for, among families to upgrade."""

_UNSEEN = "  nothing that it says, only how it is written: a digest, comments, line endings or conflict markers\n"
"""What changes where a lock that says the same is written in other bytes."""


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
    """A rendered tree and the folder that it belongs into; ``path`` is that folder as linkmode.toml names it."""

    tree: Tree
    folder: Path
    path: str

    @property
    def label(self) -> str:
        """The folder in messages: relative to the current one."""
        return str(self.folder)


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


def root_of(here: Path) -> Path:
    """Return the folder of linkmode.toml for a command that runs in ``here``: that one, or the nearest above."""
    return find.root(here)


def inputs(root: Path) -> Inputs:
    """Return what linkmode.toml in ``root`` and the catalogue say. Raises ConfigError with every problem."""
    path = root / configs.FILE
    config, text = configs.load_with_text(path)
    source = Source(str(path), text)
    return Inputs(config, catalogs.with_pins(catalogs.load(resources.catalogue()), config.pins, source), source)


def advisories_by_family() -> dict[str, tuple[Advisory, ...]]:
    """Return the catalogue's advisories by family, for those who look for what is linked into a file."""
    return {name: entry.advisories for name, entry in catalogs.load(resources.catalogue()).families.items()}


def locked(root: Path, given: Inputs | None = None) -> Lock:
    """Return what the lock in ``root`` says, which is what linkmode.toml and the catalogue give, in every field.

    Raises:
        StaleLockError: it is missing, was edited by hand, is out of date, or says what they do not.
        ConfigError: linkmode.toml or the catalogue is wrong.
    """
    given = given or inputs(root)
    text = _read_lock(root)
    if text is None:
        raise StaleLockError(f"{root / lockfile.FILE} does not exist", hint=Message("write it with: ", Run("lock")))
    try:
        lock = lockfile.loads(text, str(root / lockfile.FILE))
    except StaleLockError as error:
        raise _with_differences(error, text, given) from error
    return derive.derived(lock, given.config, given.catalog, str(root / lockfile.FILE), given.source)


def from_package_index(root: Path) -> Message:
    """Return the command that takes from a package index what it has, and what that changes; empty if it has nothing.

    Raises as ``locked`` does.
    """
    given = inputs(root)
    lock = locked(root, given)
    other = from_source(given.config, given.catalog, lock, "pypi")
    if not other.families:
        return Message()
    is_all = {one.family for one in lock.artifacts} == set(other.families)
    words = "--source pypi" if is_all else " ".join(f"--source {family}=pypi" for family in other.families)
    changed = f" (which changes {', '.join(other.changes)})" if other.changes else ""
    return Message("take what a package index has: ", Run("lock", words), changed, ", then: ", Run("fetch"))


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
        raise StaleLockError(f"{path}: is no regular file", hint=hint)
    try:
        text = textfile.read(path)
    except FileNotFoundError as error:
        raise UsageError(f"--lock {path}: there is no such file", hint=hint) from error
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

    ``upgrade`` names families to bring to their newest version, or is ``*``, which is all; ``sources`` says where a
    family's archives are to come from, or under ``*`` where those of all families are that it does not name.

    Raises:
        ConfigError: linkmode.toml cannot be resolved, or accepts an advisory that there is not.
        UsageError: ``upgrade`` or ``sources`` name what linkmode.toml does not ask for.
        StaleLockError: the present lock was written by a newer linkmode.
    """
    given = inputs(root)
    check_accepted(given.config.accepted, given.catalog, given.source)
    families = dict.fromkeys(request.family for request in given.config.toolchains)
    requested = [*families, *given.config.library, *given.config.language]
    chosen = expanded(sources or {}, requested)
    for name in (*upgrade, *chosen):
        if name not in (*requested, EVERYTHING):
            guess = did_you_mean(name, requested)
            raise UsageError(
                f"linkmode.toml asks for no {name!r}{guess}", hint=f"what it asks for: {', '.join(requested)}"
            )
    old_text = _read_lock(root)
    upgrade = requested if EVERYTHING in upgrade else tuple(upgrade)
    old = earlier.read(old_text, requested, str(root / lockfile.FILE))
    preference = earlier.preference(old, upgrade=upgrade, sources=chosen)
    new = resolve(given.config, given.catalog, preference, given.source)
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


def diagnosis(root: Path, machine: str, store: Path | None) -> Iterator[Finding]:
    """Yield what would stop a build of the repository at ``root`` on this machine, and what was looked at and holds.

    ``machine`` is for example ``x86_64-linux``; ``store`` is None for the default place.
    """
    place = files.Store(store or files.default_root())

    def lock() -> str:
        lock = locked(root)
        if not any(toolchain.exec == machine for toolchain in lock.toolchains):
            hint = Message(f'add "{machine}" to exec-platforms in linkmode.toml, then run: ', Run("lock"))
            raise ConfigError(f"no locked compiler runs on this machine, {machine}", hint=hint)
        return f"{len(lock.artifacts)} archives are locked, with compilers for {machine}"

    def archives() -> str:
        missing = [one.name for one in locked(root).artifacts if not place.file(one.checksum).is_file()]
        if missing:
            problem = f"the store {place.root} lacks {', '.join(missing)}"
            raise NetworkError(problem, hint=Message("with a network, run: ", Run("fetch")))
        return f"the store {place.root} has every locked archive"

    def library() -> str:
        output = generated(root)
        check(output)
        return f"{output.label} is what the lock gives"

    def own_files() -> str:
        check_edits(edits(root))
        return "MODULE.bazel or WORKSPACE, .bazelrc and .bazelignore say what the library needs"

    def configuration() -> str:
        return f"{inputs(root).source.where} is whole"

    # what is wrong with one of these is wrong with all that follow, and told once
    for step in (configuration, lock):
        result = health.found(step)
        yield result
        if not result.is_well:
            break
    else:
        yield health.found(archives)
        if repository.is_bazel(root):
            yield from map(health.found, (lambda: repository.checked_version(root), library, own_files))
    yield from health.machine(place.root, root)


def outdated(root: Path) -> tuple[Newer, ...]:
    """Return what is newer than what is locked in ``root``. Raises as ``locked`` does."""
    given = inputs(root)
    return newer(locked(root, given), given)


def check_lock(root: Path, fresh: Relock) -> None:
    """Raise CheckError, showing the changes, when the lock is not what would be written now."""
    if fresh.changes:
        raise CheckError(
            f"{root / lockfile.FILE} is not what linkmode.toml resolves to:\n{fresh.changes.rstrip()}",
            hint=Message("write it with: ", Run("lock")),
        )


def save_lock(root: Path, fresh: Relock) -> Path:
    """Write the lock, unless it is the same already; return its path."""
    path = root / lockfile.FILE
    if fresh.changes:
        write.replace_file(path, fresh.text.encode())
    return path


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
    return write.unified(output.tree, pending(output), output.path)


def edits(root: Path) -> tuple[repository.Edit, ...]:
    """Return the edits that the user's own files in ``root`` need for the library; none outside of a Bazel workspace.

    Raises:
        ConfigError: linkmode.toml is wrong, or a file cannot be edited.
    """
    config = configs.load(root / configs.FILE)
    return repository.edits(root, config.output, config.bazel_module) if "bazel" in config.build_systems else ()


def is_bazel(root: Path) -> bool:
    """Return whether ``root`` is that of a Bazel build, for which there is a rule library to generate."""
    return repository.is_bazel(root)


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
    native_image.check(command, toolchain, lock, native_image.installed(command))
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


def propose(root: Path, machine: str, family: str, targets: Sequence[str], output: str) -> proposal.Proposal:
    """Return a first linkmode.toml for the repository at ``root``, on a machine such as ``x86_64-linux``."""
    return proposal.propose(root, machine, family, targets, output, catalogs.load(resources.catalogue()))


def create_config(root: Path, text: str, *, force: bool) -> Path:
    """Write a new linkmode.toml, which ``text`` must be fit to be; return its path.

    Raises:
        UsageError: ``text`` is not a configuration.
        ConfigError: there is a linkmode.toml, and ``force`` is not set.
    """
    path = root / configs.FILE
    try:
        configs.parse(text, where="linkmode init", options={"toolchain[0].targets": "--target", "output": "--output"})
    except ConfigError as error:
        raise UsageError(error.said, hint=Message("nothing was written; see `", Run("init", "--help"), "`")) from error
    if path.exists() and not force:
        raise ConfigError(
            f"{path} is there already, and is not overwritten", hint=Message("edit it, or: ", Run("init", "--force"))
        )
    above, top = find.root(root), find.repository(root)
    if above != root and not force:
        raise ConfigError(
            f"{above / configs.FILE} is there already, and holds for this folder too",
            hint=Message("edit it, or write one of this folder's own: ", Run("init", "--force")),
        )
    if top and top != root and not force:
        raise ConfigError(
            f"the root of this repository is {top}, and linkmode.toml belongs there",
            hint=Message(f"write it with `linkmode -C {top} init`, or for this folder alone: ", Run("init", "--force")),
        )
    write.replace_file(path, text.encode())
    return path


def add(root: Path, name: str, version: str | None) -> str:
    """Add a language or a library to linkmode.toml in ``root``; return the change as a unified diff.

    Raises:
        UsageError: linkmode knows no ``name``, or linkmode.toml asks for it already.
        ConfigError: linkmode.toml is wrong, or has a form that cannot be added to.
    """
    return _save_change(root, addition.entry(inputs(root), name, version))


def add_toolchain(root: Path, family: str, targets: Sequence[str], version: str | None) -> str:
    """Add a ``[[toolchain]]`` to linkmode.toml in ``root``, and do as ``add`` does. The default target is musl's."""
    return _save_change(root, addition.toolchain(inputs(root), family, targets, version))


def _save_change(root: Path, change: addition.Change) -> str:
    write.replace_file(root / configs.FILE, change.after.encode())
    return write.unified_file(configs.FILE, change.before, change.after)


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
    from linkmode.store import unpack

    place = files.Store(store or files.default_root())
    with progress.on(sys.stderr) as shown:
        fetch.fetch_all(missing, place, fetch.Options(base=root, offline=True), shown)
    for artifact in missing:
        say(f"unpacking {artifact.name}, once")
        unpack.unpack(artifact, place, home, say)
