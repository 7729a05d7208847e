"""Where the locked archives are found when upstream is out of reach."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from linkmode.lock import current, inputs
from linkmode.lock.sources import from_source
from linkmode.messages import Message, Run


def from_package_index(root: Path, *, setup: bool, options: Sequence[str]) -> Message:
    """Return the command that takes from a package index what it has, and what that changes; empty if it has nothing.

    With ``setup`` it is ``linkmode setup``, with ``options``: one command for lock and fetch.

    Raises as ``current.locked`` does.
    """
    given = inputs.load(root)
    lock = current.locked(root, given)
    other = from_source(given.config, given.catalog, lock, "pypi")
    if not other.families:
        return Message()
    is_all = {one.family for one in lock.artifacts} == set(other.families)
    words = "--source pypi" if is_all else " ".join(f"--source {family}=pypi" for family in other.families)
    changed = f" (which changes {', '.join(other.changes)})" if other.changes else ""
    if setup:
        return Message("take what a package index has: ", Run("setup", shlex.join([*words.split(), *options])), changed)
    return Message("take what a package index has: ", Run("lock", words), changed, ", then: ", Run("fetch"))
