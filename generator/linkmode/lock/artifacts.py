"""Converts a pin to an artifact of the lock, and finds the pin of an artifact. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from linkmode.model import mirror_layout
from linkmode.model.values import Artifact, Pin

_NO_NAME = re.compile(r"[^a-z0-9_.-]")

Mirrors = Mapping[str, Sequence[str]]
"""``[mirrors]`` of linkmode.toml: replacements for the beginning of upstream URLs."""


def artifact(pin: Pin, mirrors: Mirrors) -> Artifact:
    """Return ``pin`` as a lock holds it, where no other artifact has the same name."""
    parts = (pin.family, pin.version, *filter(None, [pin.exec]), *(pin.targets if len(pin.targets) == 1 else ()))
    name = _NO_NAME.sub("_", "-".join(parts).lower())
    fields = {field: getattr(pin, field) for field in Artifact.__struct_fields__ if hasattr(pin, field)}
    mirrored = [mirror_layout.url(root, pin.checksum, pin.file) for root in mirrors.get(mirror_layout.EVERYTHING, ())]
    mirrored += [url for own in pin.urls for url in _mirrored(own, mirrors)]
    urls = tuple(dict.fromkeys([*mirrored, *pin.urls]))
    return Artifact(**{**fields, "name": name, "upstream": pin.urls[0], "urls": urls})


def told_apart(made: Artifact) -> Artifact:
    """Return ``made`` under the name that it has where another artifact has its own."""
    return msgspec.structs.replace(made, name=f"{made.name}-{made.checksum.hex[:8]}")


def possible(pins: Iterable[Pin], mirrors: Mirrors) -> Iterator[Artifact]:
    """Yield every artifact that a lock can hold of ``pins``."""
    for pin in pins:
        made = artifact(pin, mirrors)
        yield from (made, told_apart(made))


def _mirrored(url: str, mirrors: Mirrors) -> Iterator[str]:
    """Yield ``url`` at each mirror of the longest prefix that it begins with."""
    prefix = max((prefix for prefix in mirrors if url.startswith(prefix)), key=len, default=None)
    if prefix is not None:
        for root in mirrors[prefix]:
            yield root + url.removeprefix(prefix)
