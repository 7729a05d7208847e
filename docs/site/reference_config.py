"""The keys of linkmode.toml and of linkmode.lock, from the values that read them."""

from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from mdtable import code, table

from linkmode.config.keys import REQUIRED, TABLES
from linkmode.model.values import Archive, Artifact, Lock, LockedPart, LockedToolchain, Pin

_WORDS = {str: "string", int: "integer", bool: "boolean", type(None): ""}


def tables() -> str:
    """Return one table of keys for each table of linkmode.toml."""
    parts = []
    for name, keys in TABLES.items():
        if name:
            parts.append(f"**{code('[[toolchain]]' if name == 'toolchain' else f'[{name}]')}**\n")
        rows = [
            (code(key), one.type, "required" if one.default == REQUIRED else _default(one.default), one.meaning)
            for key, one in keys.items()
        ]
        parts.append(table(("key", "type", "default", "meaning"), rows))
    return "\n".join(parts)


def pin() -> str:
    """Return the keys of a ``[[pin]]``."""
    return _keys(Pin)


def lock() -> str:
    """Return the keys of linkmode.lock, and of the tables in it."""
    parts = [_keys(Lock, renamed={"toolchains": "[[toolchain]]", "parts": "[[language]]", "artifacts": "[[artifact]]"})]
    for title, struct in (("artifact", Artifact), ("toolchain", LockedToolchain), ("language", LockedPart)):
        parts.append(f"**`[[{title}]]`**\n\n{_keys(struct)}")
    return "\n".join(parts)


def _keys(struct: type[msgspec.Struct], renamed: dict[str, str] | None = None) -> str:
    rows = []
    own = [field for field in msgspec.structs.fields(struct) if field.encode_name in ("name", "upstream")]
    others = [field for field in msgspec.structs.fields(struct) if field not in own]
    for field in [*own, *others] if issubclass(struct, Archive) else msgspec.structs.fields(struct):
        kind, meta = field.type, None
        if hasattr(kind, "__metadata__"):
            kind, meta = get_args(kind)[0], kind.__metadata__[0]
        name = (renamed or {}).get(field.name, field.encode_name)
        rows.append((code(name), _type(kind), "yes" if field.required else "", meta.description if meta else ""))
    return table(("key", "type", "required", "meaning"), rows)


def _type(kind: Any) -> str:
    """Return TOML's word for a Python type."""
    if kind in _WORDS:
        return _WORDS[kind]
    if isinstance(kind, type) and issubclass(kind, str):
        return _WORDS[str]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(code(f'"{value}"') for value in inner)
    if origin is tuple:
        return "array of tables" if isinstance(inner[0], type) and issubclass(inner[0], msgspec.Struct) else "array"
    if origin is dict:
        return "table"
    if origin is Union or origin is type(str | None):
        return " or ".join(filter(None, map(_type, inner)))
    return str(kind)


def _default(text: str) -> str:
    return text if text == "see below" else code(text)
