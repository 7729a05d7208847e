"""Where the locked archives are found when upstream is out of reach."""

from pathlib import Path

from linkmode.lock import current, inputs
from linkmode.lock.sources import from_source
from linkmode.messages import Message, Run


def from_package_index(root: Path) -> Message:
    """Return the command that takes from a package index what it has, and what that changes; empty if it has nothing.

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
    return Message("take what a package index has: ", Run("lock", words), changed, ", then: ", Run("fetch"))
