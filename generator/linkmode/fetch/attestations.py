"""Verifies attestations: statements about a file's digest that a workflow of GitHub signed by Sigstore.

A package index has them beside its files (PEP 740), and GitHub keeps those of a repository. Each must lead to the
repository that is expected: anyone can have a statement signed, under a name of their own.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from linkmode.model.failures import OriginError, UnreachableError, WrongBytesError
from linkmode.model.one_json import once

if TYPE_CHECKING:
    from sigstore.models import Bundle
    from sigstore.verify import Verifier

MOST = 8 << 20
"""Bytes that the attestations of one file may have."""
_MOST_VERIFIED = 16
_LONGEST_SHOWN = 200
_ISSUER = "https://token.actions.githubusercontent.com"
_PREDICATES = frozenset({"https://slsa.dev/provenance/v1", "https://docs.pypi.org/attestations/publish/v1"})
"""What a statement must be to say where a file comes from: others describe it (an SBOM, a release's list)."""

_PAYLOAD, _STATEMENTS = "application/vnd.in-toto+json", re.compile(r"https://in-toto\.io/Statement/v[01](\.[0-9]+)?")

Trust = Callable[[], "Verifier"]


def sigstore_trust() -> "Verifier":
    """Sigstore's public service, whose keys are asked for again, or else are those that its library came with."""
    from sigstore.errors import Error
    from sigstore.verify import Verifier

    try:
        return Verifier.production()
    except (Error, OSError):
        try:
            return Verifier.production(offline=True)
        except (Error, OSError) as error:
            raise UnreachableError(f"the keys of Sigstore could not be fetched: {_short(error)}") from error


def of_index(body: bytes) -> "Iterator[Bundle]":
    """Yield the attestations of an index's answer (PEP 740)."""
    from pypi_attestations import Provenance

    json.loads(body, object_pairs_hook=once)  # raises for what can be read in two ways, which pydantic lets pass
    for of_publisher in Provenance.model_validate_json(body).attestation_bundles:
        for attestation in of_publisher.attestations:
            yield attestation.to_bundle()


def of_github(body: bytes) -> "Iterator[Bundle]":
    """Yield the attestations of GitHub's answer, those that say where a file comes from.

    What GitHub itself says of a release is not among them: no authority that Sigstore's root names signs that.
    """
    from sigstore.models import Bundle

    for row in json.loads(body, object_pairs_hook=once)["attestations"]:
        if row["bundle"] is None:
            raise UnreachableError("GitHub keeps the attestation elsewhere")
        bundle = Bundle.from_json(json.dumps(row["bundle"]))
        payload = json.loads(bundle.to_json())["dsseEnvelope"]["payload"]
        if _statement(payload)["predicateType"] in _PREDICATES:
            yield bundle


def verify(bundles: "Iterator[Bundle]", trust: Trust, repository: str, name: str, sha256: str) -> str:
    """Return what was verified, in words; an empty string where there is no attestation at all.

    One of ``bundles`` must say that a workflow of ``repository`` made a file of this ``name`` and digest.

    Raises:
        ImportError: sigstore or pypi-attestations is not installed.
        WrongBytesError: there are some, and none of them says so.
    """
    reasons = []
    try:
        for _, bundle in zip(range(_MOST_VERIFIED), bundles, strict=False):
            problem = _problem(bundle, trust(), repository, name, sha256)
            if not problem:
                return f"attested by a workflow of {repository}"
            reasons.append(problem)
    except (ImportError, OriginError):
        raise
    except Exception as error:  # a library may raise anything for bytes that anyone may have sent
        raise WrongBytesError(f"attestations that cannot be read: {_short(error)}") from error
    if reasons:
        raise WrongBytesError(f"no attestation by {repository} of this file: {'; '.join(dict.fromkeys(reasons))}")
    return ""


def _problem(bundle: "Bundle", verifier: "Verifier", repository: str, name: str, sha256: str) -> str:
    """What keeps an attestation from being the one that is wanted; an empty string for nothing."""
    from sigstore.errors import VerificationError
    from sigstore.verify import policy

    wanted = policy.AllOf(
        [policy.OIDCIssuerV2(_ISSUER), policy.OIDCSourceRepositoryURI(f"https://github.com/{repository}")]
    )
    try:
        kind, payload = verifier.verify_dsse(bundle, wanted)
    except VerificationError as error:
        return _short(error)
    statement = json.loads(payload, object_pairs_hook=once)
    if kind != _PAYLOAD or not _STATEMENTS.fullmatch(statement["_type"]):
        return f"what is signed is no in-toto statement, but {_short(kind)}, {_short(statement['_type'])}"
    if statement["predicateType"] not in _PREDICATES:
        return f"a statement of another kind, {_short(statement['predicateType'])}"
    same = [one for one in statement["subject"] if one["digest"].get("sha256") == sha256]
    if not same:
        return "it is of other bytes"
    if name not in [PurePosixPath(one["name"]).name for one in same]:
        return f"it is of a file of another name, {_short(same[0]['name'])}"
    return ""


def _statement(payload: str) -> Any:
    return json.loads(base64.b64decode(payload), object_pairs_hook=once)


def _short(said: object) -> str:
    text = " ".join(str(said).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
