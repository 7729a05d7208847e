"""What Bazel ran, one spawn each, as its execution log has it (`--execution_log_json_file`)."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spawn:
    """One action that ran, or was found in a cache. ``runner`` is Bazel's word: ``linux-sandbox``, ``remote``, …

    ``inputs`` maps each file to its size in bytes; ``properties`` is the platform that a remote service was asked for.
    """

    mnemonic: str
    runner: str
    label: str
    inputs: dict[str, int]
    digests: dict[str, int]
    properties: dict[str, str]


def read(log: Path) -> list[Spawn]:
    """Return every spawn of an execution log, in the order of the log."""
    return [_spawn(entry) for entry in _documents(log.read_text(encoding="utf-8"))]


def by_mnemonic(spawns: Sequence[Spawn]) -> dict[str, Counter[str]]:
    """Return how many spawns of each mnemonic each runner had, mnemonics sorted."""
    counts: dict[str, Counter[str]] = {}
    for spawn in spawns:
        counts.setdefault(spawn.mnemonic, Counter())[spawn.runner] += 1
    return dict(sorted(counts.items()))


def _documents(text: str) -> Iterator[dict[str, object]]:
    # one document after the other, with nothing in between that JSON knows
    decoder, position = json.JSONDecoder(), 0
    while (position := len(text) - len(text[position:].lstrip())) < len(text):
        document, position = decoder.raw_decode(text, position)
        yield document


def _spawn(entry: dict[str, object]) -> Spawn:
    inputs = entry.get("inputs", [])
    assert isinstance(inputs, list)
    platform = entry.get("platform") or {}
    assert isinstance(platform, dict)
    sizes = {file["path"]: int(file.get("digest", {}).get("sizeBytes", 0)) for file in inputs}
    digests = {file["digest"]["hash"]: int(file["digest"].get("sizeBytes", 0)) for file in inputs if "digest" in file}
    return Spawn(
        mnemonic=str(entry.get("mnemonic", "")),
        runner=str(entry.get("runner", "")),
        label=str(entry.get("targetLabel", "")),
        inputs=sizes,
        digests=digests,
        properties={item["name"]: item["value"] for item in platform.get("properties", [])},
    )
