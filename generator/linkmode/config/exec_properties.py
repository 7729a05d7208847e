"""``[exec-properties]`` of linkmode.toml: what a remote execution service is told about each exec platform.

Names and values are the service's own words (https://bazel.build/reference/be/platforms-and-toolchains#platform.exec_properties),
so only their form is checked.
"""

from collections.abc import Mapping
from typing import Any

from linkmode.model.issues import Issues
from linkmode.model.target import did_you_mean_target
from linkmode.model.values import EXEC_PLATFORMS, ExecPlatform

KEY = "exec-properties"

ExecProperties = dict[str, dict[str, str]]


def exec_properties(raw: Mapping[str, Any], asked: tuple[ExecPlatform, ...], issues: Issues) -> ExecProperties:
    """Return the properties of each exec platform that has any, by name; ``asked`` are those of linkmode.toml.

    What stands in ``[exec-properties]`` holds for all; a table such as ``[exec-properties.x86_64-linux]`` is for
    that one, and wins. Properties come sorted by name. What is wrong is reported in ``issues``.
    """
    table = issues.table(raw, KEY)
    for_all = {key: value for key, value in table.items() if not isinstance(value, dict)}
    common = _strings(KEY, for_all, issues)
    own: ExecProperties = {}
    for name, properties in table.items():
        if not isinstance(properties, dict):
            if name in EXEC_PLATFORMS:
                issues.add(f"{KEY}.{name}", f"expected a table, written [{KEY}.{name}]")
        elif name not in asked:
            guess = did_you_mean_target(name, asked)
            issues.add(f"{KEY}.{name}", f"is none of exec-platforms{guess} (one of: {', '.join(asked)})")
        else:
            own[name] = _strings(f"{KEY}.{name}", properties, issues)
    merged = {name: dict(sorted({**common, **own.get(name, {})}.items())) for name in asked}
    return {name: properties for name, properties in merged.items() if properties}


def _strings(at: str, table: Mapping[str, Any], issues: Issues) -> dict[str, str]:
    found = {}
    for name in table:
        before = len(issues)
        value = issues.value(at, table, name, str, "")
        if not name or not name.isprintable() or not value.isprintable():
            issues.add(f"{at}.{name}", "expected a name and a value of one line")
        if len(issues) == before:
            found[name] = value
    return found
