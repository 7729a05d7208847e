"""The order of the steps: linkmode.toml and the catalogue, the lock, the rendered tree, the user's repository.

Each function takes the folder that holds linkmode.toml. Render and write do not know each other, and meet here.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from linkmode.lock import current, inputs, lockfile
from linkmode.model import resources, textfile
from linkmode.model.values import Lock, Target

if TYPE_CHECKING:
    from linkmode.generate.linked import Part
    from linkmode.generate.output import Output
    from linkmode.generate.vendor import Output as Vendor
    from linkmode.model.vendored import Request


def locked(root: Path) -> Lock:
    """Return what the lock in ``root`` says, which is what linkmode.toml and the catalogue give, in every field.

    Raises:
        StaleLockError: it is missing, was edited by hand, is out of date, or says what they do not.
        ConfigError: linkmode.toml or the catalogue is wrong.
    """
    return current.locked(root, inputs.load(root))


def generated(root: Path) -> "Output":
    """Render the rule library that the lock in ``root`` gives; write nothing.

    Without Bazel and Buck2 no file of the user's needs an edit.

    Raises:
        StaleLockError: the lock is missing, was edited by hand, or is out of date.
        ConfigError: linkmode.toml or the catalogue is wrong, the output folder cannot be one, or a file of the user's
            cannot be edited.
    """
    # no other command waits for what these bring along
    from linkmode.generate import render, repository, write
    from linkmode.generate.output import Output

    given = inputs.load(root)
    config = given.config
    tree = render.render(config, current.locked(root, given), resources.templates())
    edits = repository.edits(root, config.output, config.bazel_module, config.build_systems)
    former = repository.former(root, edits, config.output)
    return Output(
        root=root,
        tree=tree,
        folder=write.place(root, config.output),
        path=config.output,
        edits=edits,
        former=write.place(root, former) if former else None,
    )


def removal(root: Path) -> "Output":
    """Return what takes away all that `generated` wrote: a tree without files, and the user's files without blocks.

    Raises ConfigError when linkmode.toml is wrong, or a file of the user's has half a block.
    """
    from linkmode.generate import repository, write
    from linkmode.generate.output import Output

    output = inputs.load(root).config.output
    return Output(
        root=root, tree={}, folder=write.place(root, output), path=output, edits=repository.removals(root, output)
    )


def vendored(language: str, request: "Request") -> "Vendor":
    """Return the targets for vendored code of a language, as files that are not yet written.

    Raises:
        ConfigError: something cannot be built by the rules, or a file is in the way.
        IntegrityError: the sources are not those of the language's lock file.
    """
    from linkmode.generate import vendor  # no other command waits for it

    return vendor.output(language, request)


def linked(path: Path) -> "tuple[tuple[Part, str, str], ...]":
    """Return what the archives of the lock at ``path`` put into binaries, each with its CPU and libc, empty for any.

    Raises StaleLockError when it is no lock, or was edited by hand.
    """
    from linkmode.generate import linked as parts

    return parts.of_lock(lockfile.loads(textfile.regular(path).decode("utf-8", "replace"), str(path)))


def targets(path: Path) -> tuple[Target, ...]:
    """Return the targets that the lock at ``path`` builds for. Raises as ``linked`` does."""
    lock = lockfile.loads(textfile.regular(path).decode("utf-8", "replace"), str(path))
    return tuple(dict.fromkeys(one.target for one in lock.toolchains if one.purpose == "target"))
