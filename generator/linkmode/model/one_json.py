"""Reads untrusted JSON that has one meaning: no object in it has a key twice.

Readers disagree which of two values counts (https://www.rfc-editor.org/rfc/rfc8259#section-4): what is checked here
would not be what another tool uses.
"""

import json
from collections.abc import Set
from typing import Any, TypeVar

import msgspec

_LONGEST_SHOWN = 200

_Kind = TypeVar("_Kind")


class KeyTwiceError(msgspec.DecodeError):
    """An object has a key twice. A reader takes the first value, the last, or both."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of an object, as ``json.loads(object_pairs_hook=once)`` asks; raise KeyTwiceError."""
    return _distinct(pairs, [key for key, _ in pairs])


def _distinct(pairs: list[tuple[str, Any]], keys: list[str]) -> dict[str, Any]:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise KeyTwiceError(f"an object has the key {key[:_LONGEST_SHOWN]!r} twice")
        seen.add(key)
    return dict(pairs)


def decode(data: bytes | str, kind: type[_Kind], *, any_case: Set[str] = frozenset()) -> _Kind:
    """Return what ``data`` has, as ``kind``.

    Programs that are written in Go find the fields that they know in any case: ``any_case`` are these fields, in small
    letters. Other keys, such as those of annotations, may differ in case alone.

    Raises:
        KeyTwiceError: an object has a key twice.
        DecodeError: it is no JSON, or something else than ``kind``.
        RecursionError: it is nested too deeply.
    """

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return _distinct(pairs, [small if (small := key.casefold()) in any_case else key for key, _ in pairs])

    try:
        json.loads(data, object_pairs_hook=distinct if any_case else once)
    except KeyTwiceError:
        raise
    except ValueError as error:  # also a number of more digits than Python reads
        raise msgspec.DecodeError(str(error)) from error
    return msgspec.json.decode(data, type=kind)
