"""``[adapters]`` of linkmode.toml: rule sets of others whose binaries ``link_mode_binary`` sets up."""

from collections.abc import Mapping
from typing import Any

from linkmode.config.keys import TABLES
from linkmode.model.issues import Issues

KEY = "adapters"

ADAPTERS = tuple(TABLES[KEY])
"""Those that there are. Each is a file of its name in templates/bazel/adapters/, written when it is asked for."""


def adapters(raw: Mapping[str, Any], issues: Issues) -> tuple[str, ...]:
    """Return the adapters that are on, in the order of ``ADAPTERS``. What is wrong is reported in ``issues``."""
    table = issues.table(raw, KEY)
    for name in table:
        if name not in ADAPTERS:
            issues.unknown_value(f"{KEY}.{name}", name, ADAPTERS, "is not a rule set that linkmode has an adapter for")
    return tuple(name for name in ADAPTERS if issues.value(KEY, table, name, bool, False))
