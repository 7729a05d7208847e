"""``[mirrors]`` of linkmode.toml: replacements for the beginning of upstream URLs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from linkmode.model.issues import Issues
from linkmode.model.mirror_layout import EVERYTHING

KEY = "mirrors"


def mirrors(raw: Mapping[str, Any], issues: Issues) -> dict[str, tuple[str, ...]]:
    """Return the mirrors of each beginning of a URL, in the file's order. What is wrong is reported in ``issues``."""
    table = issues.table(raw, KEY)
    found: dict[str, tuple[str, ...]] = {}
    for prefix in table:
        at = f"{KEY}.{prefix}"
        found[prefix] = issues.value(KEY, table, prefix, tuple[str, ...], ())
        if prefix != EVERYTHING and (problem := _prefix_problem(prefix, ("https",))):
            issues.add(at, f"the key is the beginning of upstream URLs: {problem}")
        if table[prefix] == []:
            issues.add(at, "expected at least one mirror")
        for index, url in enumerate(found[prefix]):
            if problem := _prefix_problem(url, ("https", "http", "file")):
                issues.add(f"{at}[{index}]", problem)
    return found


def _prefix_problem(url: str, schemes: tuple[str, ...]) -> str:
    """Return what is wrong with ``url`` as the beginning of other URLs, or an empty string."""
    expected = f"expected {', '.join(f'{scheme}://' for scheme in schemes)} and a path that ends in '/'; found {url!r}"
    if not url.isprintable() or any(char in url for char in " \"'\\"):
        return expected
    try:
        parts = urlsplit(url)
        host, user = parts.hostname, parts.username
    except ValueError:
        return expected
    if user is not None:  # before all that would show it
        return "a user or password here would be written to the lock; put it in ~/.netrc"
    if parts.scheme not in schemes or not url.endswith("/") or (not host and parts.scheme != "file"):
        return expected
    return ""
