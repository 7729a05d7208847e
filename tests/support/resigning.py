"""A lock that someone changed, and signed again: its digest is no secret."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from typing import Any

import tomli_w

Data = dict[str, Any]
Place = tuple[str | int, ...]


def signed(data: Data) -> str:
    """Return ``data`` as the text of a lock, with the digest that its contents have."""
    data = {key: value for key, value in data.items() if key != "digest"}
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
    return tomli_w.dumps({**data, "digest": f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"})


def read(text: str) -> Data:
    return tomllib.loads(text)


def leaves(value: object, place: Place = ()) -> Iterator[Place]:
    """Every place of ``value`` that holds no table or array, and then the tables and arrays themselves."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from leaves(each, (*place, key))
    if place:
        yield place


def at(data: Data, place: Place) -> Any:
    found: Any = data
    for key in place:
        found = found[key]
    return found


def changed(data: Data, place: Place, value: object) -> Data:
    """Return a copy of ``data`` with ``value`` at ``place``."""
    copy: Data = json.loads(json.dumps(data))
    at(copy, place[:-1])[place[-1]] = value
    return copy


def without(data: Data, place: Place) -> Data:
    """Return a copy of ``data`` that has nothing at ``place``."""
    copy: Data = json.loads(json.dumps(data))
    del at(copy, place[:-1])[place[-1]]
    return copy
