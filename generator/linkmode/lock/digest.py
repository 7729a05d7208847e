"""The digest that tells whether a lock still answers to its inputs. Pure; described in docs/reference/lock.md."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from linkmode.config.document import Config, specifier
from linkmode.model.values import Artifact

_PROVENANCE = ("confirmations", "confirmed_by", "measured")


def inputs_digest(config: Config, sources: Mapping[str, str], artifacts: Sequence[Artifact]) -> str:
    """Return the digest of all that decides the lock: what was asked for, and what the catalogue answered.

    Provenance (who confirms a checksum) is left out: when it grows, no lock goes out of date.
    """
    # A choice counts where it decided something: of one that the user's own pins outdo, no lock could tell.
    used = {(artifact.family, artifact.source) for artifact in artifacts}
    inputs: dict[str, Any] = {
        "exec-platforms": config.exec_platforms,
        "toolchains": [(request.family, _canonical(request.version), request.targets) for request in config.toolchains],
        "libraries": {name: _canonical(version) for name, version in config.library.items()},
        "mirrors": config.mirrors,
        "link-modes": config.link_modes,
        "sources": {family: source for family, source in sources.items() if (family, source) in used},
        "artifacts": [
            {key: value for key, value in msgspec.structs.asdict(artifact).items() if key not in _PROVENANCE}
            for artifact in artifacts
        ],
    }
    if config.language:  # absent where there is none, so that a lock from before there were languages stays good
        inputs["languages"] = {name: _canonical(asked) for name, asked in config.language.items()}
    if any(request.without for request in config.toolchains):
        inputs["without"] = [request.without for request in config.toolchains]
    if config.exec_properties:
        inputs["exec-properties"] = config.exec_properties
    if config.malloc:
        inputs["malloc"] = config.malloc
    return f"sha256:{hashlib.sha256(msgspec.json.encode(inputs, enc_hook=str, order='deterministic')).hexdigest()}"


def _canonical(version: str) -> list[str]:
    return sorted(map(str, specifier(version)))
