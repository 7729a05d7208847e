"""Makes a locked toolchain ready on this machine: chosen, unpacked, with a sysroot, and as an environment."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from linkmode.exec import environment, native_image
from linkmode.model.values import Artifact, ExecPlatform, LinkMode, Lock, LockedToolchain
from linkmode.store import trees

Unpack = Callable[[Sequence[Artifact], Path], None]
"""Unpacks artifacts that the cache lacks, each into its folder there."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. ``host`` is this machine as an exec platform, ``machine_compilers`` its own C compilers.

    ``target``, ``family`` and ``mode`` are None where nothing was said. ``command`` is what is to be run.
    """

    host: ExecPlatform
    target: str | None = None
    family: str | None = None
    mode: LinkMode | None = None
    machine_compilers: Mapping[str, str] = {}
    command: Sequence[str] = ()


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


def make(lock: Lock, wanted: Wanted, home: Path, unpack: Unpack, say: Callable[[str], None]) -> Tools:
    """Unpack a locked toolchain, and zlib where it is locked, unless that was done before; touch no network.

    ``home`` is the cache; ``say`` is told what takes a while.

    Raises:
        UsageError: the lock has no such target or family, or the command cannot work with the toolchain.
        NetworkError: an archive is not in the store.
        IntegrityError: an archive is damaged in the store, or not to be trusted.
        ConfigError: nothing in the lock runs on this machine, or the cache cannot be written.
    """
    from linkmode.exec import toolbox  # imported late: what is refused early needs none of it

    host = wanted.host
    toolchain = environment.choose(lock, host, wanted.target, wanted.family, wanted.mode)
    mode = environment.mode_of(toolchain.target, wanted.mode)
    native_image.check(wanted.command, toolchain, lock, native_image.installed(wanted.command))
    artifacts = {artifact.name: artifact for artifact in lock.artifacts}
    compiler, zlib = artifacts[toolchain.artifact], artifacts.get(lock.libraries.get("zlib", ""))
    builder = environment.for_this_machine(lock, host, toolchain)
    needed = list(dict.fromkeys([compiler.name, artifacts[builder.artifact].name, *([zlib.name] if zlib else [])]))
    while True:
        if missing := [artifacts[name] for name in needed if not trees.unpacked(home, artifacts[name]).is_dir()]:
            unpack(missing, home)
        held = [trees.hold(trees.unpacked(home, artifacts[name]), say) for name in needed]
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
            held += [trees.hold(entry, say) for entry in ready.entries]
            whole = [descriptor for descriptor in held if descriptor is not None]
            if len(whole) == len(held):
                machine = environment.Machine(host, dict(wanted.machine_compilers))
                changes = environment.environment(
                    toolchain, ready, machine, has_plain_names=not native_image.is_called(wanted.command)
                )
                return Tools(toolchain, ready, changes, tuple(lock.libraries), tuple(whole))
        # `linkmode store gc` removed it in between, which cannot happen again and again.
        for descriptor in held:
            if descriptor is not None:
                os.close(descriptor)
