"""A JSON schema by what it says, and what a document has against it.

Two makers of schemas, or two versions of one, write the same thing in many ways. jsonschema is imported where it is
asked: it compiles grammars for seconds, which every process of tests would pay that only collects.
"""

import functools
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


def problems(document: Any, schema: Any) -> list[str]:
    """What of ``document`` is not as ``schema``, which must be one of draft 2020-12, has it."""
    return [error.message for error in _validator(json.dumps(schema)).iter_errors(document)]


@functools.cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(json.loads(schema))
    return Draft202012Validator(json.loads(schema))


def problem_of_cyclonedx(text: str) -> object:
    """What of ``text`` is not as the schema of CycloneDX 1.6 has it, or None."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


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
