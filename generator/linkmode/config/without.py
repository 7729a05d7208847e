"""``without`` of a ``[[toolchain]]``: parts of the compiler that no program of this repository needs.

A family says which parts of it can be left out (``Family.parts``). What is left out is no input of any action.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from linkmode.families import FAMILIES
from linkmode.model.issues import Issues

KEY = "without"


def without(at: str, table: Mapping[str, Any], family: str, issues: Issues) -> tuple[str, ...]:
    """Return what ``table``, a ``[[toolchain]]`` of ``family``, does without, sorted; report what is wrong."""
    names: tuple[str, ...] = issues.value(at, table, KEY, tuple[str, ...], ())
    known = FAMILIES[family].parts if family in FAMILIES else names
    for index, name in enumerate(names):
        if name not in known:
            issues.unknown_value(
                f"{at}.{KEY}[{index}]", name, known, f"is not a part that can be removed from {family}"
            )
    return tuple(sorted(set(names)))


def check_languages(
    languages: Collection[str], toolchains: Iterable[tuple[str, tuple[str, ...]]], issues: Issues
) -> None:
    """Report each of ``toolchains`` (a family, and what it does without) that lacks what one of ``languages`` links."""
    for index, (family, parts) in enumerate(toolchains):
        needed = FAMILIES[family].needed_by if family in FAMILIES else {}
        for language in languages:
            part, reason = needed.get(language, ("", ""))
            if part in parts:
                issues.add(f"toolchain[{index}].{KEY}", reason)
