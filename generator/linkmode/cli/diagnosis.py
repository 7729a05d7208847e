"""The steps of ``linkmode doctor``: the repository as each command finds it, then the machine."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from linkmode import pipeline
from linkmode.config import bazel, git
from linkmode.config.document import FILE
from linkmode.lock import inputs, lockfile
from linkmode.messages import ConfigError, Message, NetworkError, Run
from linkmode.store import files, health
from linkmode.store.health import Finding


def diagnosis(root: Path, machine: str, store: Path | None) -> list[Finding]:
    """Return what would stop a build of the repository at ``root`` on this machine, and what was looked at and holds.

    ``machine`` is for example ``x86_64-linux``; ``store`` is None for the default place.
    """
    place = files.Store(store or files.default_root())
    told = {one.text: one for one in _findings(root, machine, place)}  # half a block stops several steps
    return list(told.values())


def _findings(root: Path, machine: str, place: files.Store) -> Iterator[Finding]:
    # what is wrong with one of these is wrong with all that follow, and told once
    for step in (partial(_configuration, root), partial(_lock, root, machine)):
        result = health.found(step)
        yield result
        if not result.is_well:
            break
    else:
        yield health.found(partial(_archives, root, place))
        yield health.found(partial(_kept, root))
        if not bazel.is_root(root):
            yield Finding("no MODULE.bazel or WORKSPACE is here: only `linkmode exec` uses the lock")
        else:
            yield from (health.found(partial(step, root)) for step in (bazel.checked_version, _library, _own_files))
    yield from health.machine(place.root, root)


def _configuration(root: Path) -> str:
    return f"{inputs.load(root).source.where} is whole"


def _lock(root: Path, machine: str) -> str:
    lock = pipeline.locked(root)
    if not any(toolchain.exec == machine for toolchain in lock.toolchains):
        hint = Message(f'add "{machine}" to exec-platforms in linkmode.toml, then run: ', Run("lock"))
        raise ConfigError(
            f"no locked compiler runs on this machine, {machine}", expected=f"a toolchain for {machine}", hint=hint
        )
    return f"{len(lock.artifacts)} archives are locked, with compilers for {machine}"


def _archives(root: Path, place: files.Store) -> str:
    missing = [one.name for one in pipeline.locked(root).artifacts if not place.file(one.checksum).is_file()]
    if missing:
        problem = f"the store {place.root} lacks {', '.join(missing)}"
        raise NetworkError(
            problem,
            expected="every locked archive in the store",
            hint=Message("with a network, run: ", Run("fetch")),
        )
    return f"the store {place.root} has every locked archive"


def _kept(root: Path) -> str:
    ignored = git.ignored(root, (FILE, lockfile.FILE))
    if ignored:
        raise ConfigError(
            "; ".join(f"Git ignores {name}, by {pattern}" for name, pattern in ignored.items()),
            expected=f"{FILE} and {lockfile.FILE} in the repository, so that each clone builds the same",
            hint=Message(f"remove the pattern, or run: git add --force {' '.join(ignored)}"),
        )
    path = pipeline.generated(root).path
    pattern = git.ignored(root, (path,)).get(path)
    if pattern:
        return f"Git ignores {path}, by {pattern}: each clone has to run `linkmode generate` before a build"
    return f"Git ignores none of {FILE}, {lockfile.FILE} and {path}"


def _library(root: Path) -> str:
    output = pipeline.generated(root)
    output.check()
    return f"{output.label} is what the lock gives"


def _own_files(root: Path) -> str:
    pipeline.generated(root).check_edits()
    return "MODULE.bazel or WORKSPACE, .bazelrc and .bazelignore say what the library needs"
