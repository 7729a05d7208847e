"""``[malloc]`` of linkmode.toml: the allocator of a target's binaries, if it is not the libc's.

The key is a target of some ``[[toolchain]]``, the value a library that ``[library]`` asks for.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from linkmode.libraries import ALLOCATORS, LIBRARIES
from linkmode.model.issues import Issues
from linkmode.model.target import did_you_mean_target

KEY = "malloc"


def malloc(
    raw: Mapping[str, Any], targets: Iterable[str], libraries: Collection[str], issues: Issues
) -> dict[str, str]:
    """Return the allocator of each target that is given one, sorted by target; report what is wrong in ``issues``."""
    table = issues.table(raw, KEY)
    found = {}
    for target in sorted(table):
        at = f"{KEY}.{target}"
        name = issues.value(KEY, table, target, str, "")
        if target not in (known := tuple(dict.fromkeys(targets))):
            issues.unknown_value(at, target, known, "is not a target of any [[toolchain]]", did_you_mean_target)
        elif not isinstance(table[target], str):
            continue
        elif name not in ALLOCATORS:
            issues.unknown_value(at, name, ALLOCATORS)
        elif name not in libraries:
            line = f'{name} = "{LIBRARIES[name].suggested_version}"'
            issues.add(at, f"{name} is not among the libraries; add `{line}` to [library]")
        else:
            found[target] = name
    return found
