"""A JSON schema by what it says: two makers of schemas, or two versions of one, write the same thing in many ways."""

import inspect
import json
from typing import Any

_SETS = frozenset(("anyOf", "allOf", "oneOf", "enum", "required", "type"))
"""Keywords whose lists have no order in what they mean."""

_TEXTS = frozenset(("description", "title", "$comment"))

_OF_SOME_VERSIONS = frozenset(("propertyNames",))
"""Keywords that msgspec writes since a release that is newer than the lowest it may be: 0.23.

That the shipped schemas have them is proved by documents that they refuse.
"""


def meaning(schema: Any) -> Any:
    """Return ``schema`` in the one form that all schemas of its meaning share.

    A text is unindented and its lines are joined, as they are wherever a docstring is shown; a list whose order says
    nothing is sorted. But for the keywords that not every version writes, all else stays, so that two schemas which let
    different documents through come out different.
    """
    if isinstance(schema, list):
        return [meaning(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _value(key, value) for key, value in schema.items() if not _is_of_some_versions(key, value)}


def _is_of_some_versions(key: str, value: Any) -> bool:
    # a property of that name has a schema too, but no list of names
    return key in _OF_SOME_VERSIONS and isinstance(value, dict) and "enum" in value


def _value(key: str, value: Any) -> Any:
    if key in _TEXTS and isinstance(value, str):
        return " ".join(inspect.cleandoc(value).split())
    found = meaning(value)
    if key in _SETS and isinstance(found, list):
        return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))
    return found
