"""The JSON documents of linkmode, from the schemas that it ships."""

import json
from pathlib import Path
from typing import Any

from mdtable import code, prose, table

import linkmode

_FILES = {
    "linkmode audit --json": "audit-report.schema.json",
    "linkmode audit --diff --json": "audit-diff.schema.json",
}


def schemas() -> str:
    """Return a section for each document: its own members, and then those of every object in it."""
    parts = []
    for command, file in _FILES.items():
        schema = json.loads((Path(linkmode.__file__).parent / "audit/show" / file).read_text(encoding="utf-8"))
        objects = schema.get("$defs", {})
        top = schema["$ref"].rsplit("/", 1)[-1] if "$ref" in schema else ""
        parts.append(f"## {command}\n\nSchema: [{file}](../../generator/linkmode/audit/show/{file}).\n")
        if not top:
            parts.append(_members(schema))
        for name in sorted(objects, key=lambda name: (name != top, name)):
            about = objects[name].get("description", "").split("\n\n")[0]
            parts.append(f"### `{name}`\n\n{prose(about)}\n\n{_members(objects[name])}")
    return "\n".join(parts)


def _members(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        (code(name), _type(one), "yes" if name in required else "", prose(one.get("description", "")))
        for name, one in schema.get("properties", {}).items()
    ]
    return table(("member", "type", "always there", "meaning"), rows)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{code(name)}](#{name.lower()})"
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    kind = schema.get("type", "any")
    if kind == "array":
        inner = schema.get("items") or {}
        return f"array of {_type(inner)}" if inner else "array"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(kind)
