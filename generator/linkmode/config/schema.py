"""The JSON schema of linkmode.toml, made from `keys`, for editors. Pure.

It says what each key is and which words it takes. The reading modules decide what one key means for another.
"""

from typing import Any

import msgspec

from linkmode.config.document import BUILD_SYSTEMS
from linkmode.config.keys import REQUIRED, TABLES, Key
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.libraries import ALLOCATORS, LIBRARIES
from linkmode.model.values import EXEC_PLATFORMS, Pin

_STRINGS = {"type": "array", "items": {"type": "string"}}
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "array": _STRINGS,
    "table": {"type": "object", "additionalProperties": {"type": "string"}},
    "string or array": {"anyOf": [{"type": "string"}, _STRINGS]},
}
_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "build-systems"): BUILD_SYSTEMS,
    ("", "exec-platforms"): tuple(map(str, EXEC_PLATFORMS)),
    ("toolchain", "family"): tuple(FAMILIES),
    ("malloc", "<target>"): ALLOCATORS,
}
_NAMES: dict[str, tuple[str, ...]] = {"library": tuple(LIBRARIES), "language": tuple(LANGUAGES)}
"""Tables whose keys in angle brackets are of these names."""
_ARRAYS = ("toolchain",)


def schema() -> dict[str, Any]:
    """Return the schema, by https://json-schema.org/draft/2020-12/schema."""
    properties = _properties("")
    for name in TABLES:
        if name and "." not in name:
            table = _table(name)
            properties[name] = {"type": "array", "items": table, "minItems": 1} if name in _ARRAYS else table
    properties["dune"] = {"type": "object", "additionalProperties": _table("dune.<executable>")}
    (pin,), definitions = msgspec.json.schema_components([Pin], ref_template="#/$defs/{name}")
    properties["pin"] = {"type": "array", "items": pin}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "linkmode.toml",
        "type": "object",
        "properties": properties,
        "required": ["toolchain"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _table(name: str) -> dict[str, Any]:
    keys = TABLES[name]
    named = {key: one for key, one in keys.items() if not key.startswith("<")}
    open_ones = [_value(name, key, one) for key, one in keys.items() if key.startswith("<") and name not in _NAMES]
    required = [key for key, one in named.items() if one.default == REQUIRED]
    return {
        "type": "object",
        "properties": _properties(name),
        **({"required": required} if required else {}),
        "additionalProperties": {"anyOf": open_ones} if open_ones else False,
    }


def _properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, one in TABLES[name].items():
        for word in _NAMES.get(name, ()) if key.startswith("<") else (key,):
            found[word] = _value(name, key, one)
    return {key: value for key, value in found.items() if not key.startswith("<")}


def _value(name: str, key: str, one: Key) -> dict[str, Any]:
    value = {**_TYPES[one.type], "description": one.meaning}
    words = _WORDS.get((name, key))
    if words and one.type == "array":
        value["items"] = {"enum": list(words)}
    elif words:
        value["enum"] = list(words)
    return value
