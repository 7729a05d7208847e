"""Attestations of an index and of GitHub, by keys made here: each is good for one archive under one name."""

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from faultserver import Answer, FaultServer, status, whole
from fetching import BODY, QUICK
from minisign import KeyPair
from signing import NAME, OLD, REPOSITORY, SHA256, endless, flipped, look, pin, signed
from sigstore_maker import ISSUER, PUBLISH, SLSA, Sigstore, as_github, as_index

from linkmode.fetch.recheck import recheck
from linkmode.fetch.signatures import Signature, Signatures
from linkmode.model.values import Pin, Signer
from linkmode.net.reach import Origin, from_environment
from linkmode.net.transport import Transport


class Attest:
    """A server with TLS that hands out attestations, of a Sigstore that is trusted."""

    def __init__(self, server: FaultServer, folder: Path) -> None:
        self.server = server
        self.sigstore = Sigstore()
        self._verifier = self.sigstore.verifier(folder)
        self.transport = Transport(QUICK)

    def _signatures(self, *signers: Signer) -> Signatures:
        return Signatures(
            self.transport, from_environment(), signers, trust=lambda: self._verifier, github=self.server.url("")
        )

    def index(self, answer: bytes | Answer, *, signer: bool = True) -> Signature:
        """What becomes of a file of a package index with this answer where the index says that its attestations are."""
        self.server.routes["/provenance"] = answer if callable(answer) else whole(answer)
        url = f"pypi:ziglang/{NAME}"
        origin = Origin(url, self.server.url("/f"), from_environment(), provenance=self.server.url("/provenance"))
        signers = [Signer(urls="pypi:ziglang/", repository=REPOSITORY)] if signer else []
        return self._signatures(*signers).of(pin(url), url, origin, None)

    def github(
        self, answer: bytes | Answer | None, *, given: Pin | None = None, archive: Path | None = None
    ) -> Signature:
        """What becomes of a file of a release with this answer of GitHub."""
        if answer is not None:
            path = f"/repos/{REPOSITORY}/attestations/sha256:{SHA256}"
            self.server.routes[path] = answer if callable(answer) else whole(answer)
        url = f"https://github.com/{REPOSITORY}/releases/download/1/{NAME}"
        return self._signatures().of(given or pin(url), url, Origin(url, url), archive)


@pytest.fixture
def attest(trusted: FaultServer, tmp_path: Path) -> Iterator[Attest]:
    one = Attest(trusted, tmp_path)
    yield one
    one.transport.stop()


Place = tuple[str, Callable[[list[dict[str, Any]]], bytes]]

PLACES: list[Place] = [("index", lambda bundles: as_index(bundles, REPOSITORY)), ("github", as_github)]


@pytest.mark.parametrize(("place", "packed"), PLACES, ids=["index", "github"])
@pytest.mark.parametrize("predicate", [SLSA, PUBLISH])
def test_a_good_attestation(attest: Attest, place: str, packed: Any, predicate: str) -> None:
    bundle = attest.sigstore.bundle(NAME, SHA256, repository=REPOSITORY, predicate=predicate)
    other = attest.sigstore.bundle(OLD, "0" * 64, repository="some/one")
    found = getattr(attest, place)(packed([other, bundle]))
    assert found == Signature("signed", f"attested by a workflow of {REPOSITORY}")


def changed(bundle: dict[str, Any], key: str) -> dict[str, Any]:
    """The same, with one byte of one part of it flipped."""
    if key == "log":
        bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["rootHash"] = base64.b64encode(
            b"x" * 32
        ).decode()
    elif key == "signature":
        entry = bundle["dsseEnvelope"]["signatures"][0]
        entry["sig"] = flipped(entry["sig"].encode()).decode()
    else:
        payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload.replace(b"{}", b"[]")).decode()
    return bundle


def with_part(bundle: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    """The same, with another's part in it."""
    bundle["verificationMaterial"][key] = value
    return bundle


def bundle_of(sigstore: Sigstore, **given: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"name": NAME, "sha256": SHA256, "repository": REPOSITORY} | given
    return sigstore.bundle(asked.pop("name"), asked.pop("sha256"), **asked)


def of_another(sigstore: Sigstore, key: str, repository: str) -> dict[str, Any]:
    """An attestation by a repository, with a part of one that is right."""
    return with_part(bundle_of(sigstore, repository=repository), key, bundle_of(sigstore)["verificationMaterial"][key])


WRONG: dict[str, tuple[Callable[[Sigstore], dict[str, Any]], str]] = {
    "a Sigstore of its own": (lambda _: bundle_of(Sigstore()), "failed to build timestamp certificate chain"),
    "another repository": (lambda own: bundle_of(own, repository="evil/zig-pypi"), "does not match"),
    "a repository that begins so": (lambda own: bundle_of(own, repository=f"{REPOSITORY}-2"), "does not match"),
    "another issuer": (lambda own: bundle_of(own, issuer="https://accounts.example.com"), "does not match"),
    "an issuer that begins so": (lambda own: bundle_of(own, issuer=f"{ISSUER}.example.com"), "does not match"),
    "other bytes": (lambda own: bundle_of(own, sha256="0" * 64), "it is of other bytes"),
    "another name": (lambda own: bundle_of(own, name=OLD), f"it is of a file of another name, {OLD}"),
    "an altered statement": (lambda own: changed(bundle_of(own), "payload"), "invalid signature"),
    "an altered signature": (lambda own: changed(bundle_of(own), "signature"), "invalid signature"),
    "an expired certificate": (lambda own: bundle_of(own, days=10), "cert is not valid at validation time"),
    "a certificate of later": (lambda own: bundle_of(own, logged=-1), "cert is not valid at validation time"),
    "no log": (lambda own: with_part(bundle_of(own), "tlogEntries", []), "attestations that cannot be read: "),
    "another's log": (lambda own: of_another(own, "tlogEntries", REPOSITORY), "log entry"),
    "another's certificate": (lambda own: of_another(own, "certificate", "evil/zig-pypi"), "invalid signature"),
    "an altered log": (lambda own: changed(bundle_of(own), "log"), "invalid log entry"),
}


@pytest.mark.parametrize(("place", "packed"), PLACES, ids=["index", "github"])
@pytest.mark.parametrize("case", WRONG)
def test_a_bad_attestation(attest: Attest, place: str, packed: Any, case: str) -> None:
    make, said = WRONG[case]
    found = getattr(attest, place)(packed([make(attest.sigstore)]))
    assert found.state == "bad"
    assert said.lower() in found.detail.lower()


def statement(*subjects: tuple[str, str], kind: str = "https://in-toto.io/Statement/v1", more: str = "") -> str:
    """A statement of these files, with ``more`` before its end."""
    listed = [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in subjects]
    said = {"_type": kind, "subject": listed, "predicateType": SLSA, "predicate": {}}
    return json.dumps(said)[:-1] + more + "}"


OTHER = "0" * 64
ZIG, ZERO = (NAME, SHA256), (NAME, OTHER)
SUBJECT = json.dumps(json.loads(statement(ZIG))["subject"])


@pytest.mark.parametrize(
    ("given", "state", "said"),
    [
        ({"statement": statement((OLD, OTHER), ZIG)}, "signed", "attested by"),
        ({"statement": statement((f"dist/{NAME}", SHA256))}, "signed", "attested by"),
        ({"statement": statement(ZERO, (OLD, SHA256))}, "bad", f"a file of another name, {OLD}"),
        ({"statement": statement((f"{NAME}/{OLD}", SHA256))}, "bad", "a file of another name"),
        ({"statement": statement(ZERO)}, "bad", "of other bytes"),
        ({"statement": statement()}, "bad", "of other bytes"),
        ({"statement": statement((NAME, SHA256.upper()))}, "bad", "of other bytes"),
        ({"statement": statement(ZERO, more=", ")}, "bad", "cannot be read"),
        ({"statement": statement(ZERO, more=f', "subject": {SUBJECT}')}, "bad", "the key 'subject' twice"),
        ({"statement": statement(ZIG, more=f', "predicateType": "{PUBLISH}"')}, "bad", "key 'predicateType' twice"),
        ({"statement": statement(ZIG, kind="https://example.com/Statement/v1")}, "bad", "no in-toto statement"),
        ({"statement": "[]"}, "bad", "cannot be read"),
        ({"statement": "[" * 100_000}, "bad", "cannot be read"),
        ({"kind": "application/json"}, "bad", "no in-toto statement, but application/json"),
        ({"kind": "application/vnd.in-toto+json; charset=utf-16"}, "bad", "no in-toto statement, but application"),
    ],
)
def test_only_a_statement_that_can_be_read_in_one_way_counts(
    attest: Attest, given: dict[str, Any], state: str, said: str
) -> None:
    found = attest.github(as_github([bundle_of(attest.sigstore, **given)]))
    assert (found.state, said in found.detail) == (state, True), found


JUNK: list[bytes] = [
    b"",
    b"<html>",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"null",
    b'{"attestations": 3}',
    b'{"attestations": [{"bundle": {}}]}',
    b'{"attestations": [{"bundle": {}}], "attestations": []}',
    b'{"version": 1, "attestation_bundles": [{}], "attestation_bundles": []}',
    b'{"attestations": [{"bundle": {"mediaType": 3}}]}',
    b'{"version": 1, "attestation_bundles": [{"publisher": {"kind": "GitHub"}, "attestations": [{}]}]}',
    b"\xff" * 100,
]


@pytest.mark.parametrize("place", ["index", "github"])
@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_what_is_no_attestation(attest: Attest, place: str, junk: bytes) -> None:
    found = getattr(attest, place)(junk or status(200))
    assert found.state == "bad"
    assert found.detail.startswith("attestations that cannot be read: ")


@pytest.mark.parametrize("place", ["index", "github"])
def test_attestations_without_end_are_not_read_to_it(attest: Attest, place: str) -> None:
    count = [0]
    found = getattr(attest, place)(endless(count))
    assert found.state == "unreachable"
    assert found.detail.endswith("sends attestations of more than 8,388,608 bytes")
    assert count[0] < 64 << 20


def test_no_attestation(attest: Attest) -> None:
    none = Signature("unsigned", f"no attestation published by {REPOSITORY}")
    assert attest.github(None) == none
    assert attest.github(b'{"attestations": []}') == none
    # what GitHub says of a release is no word of its publisher's
    assert (
        attest.github(as_github([bundle_of(attest.sigstore, predicate="https://in-toto.io/attestation/release/v0.2")]))
        == none
    )
    assert attest.github(status(403)).state == "unreachable"
    assert attest.github(b'{"attestations": [{"bundle": null}]}').state == "unreachable"


def test_an_index_whose_signer_is_not_known(attest: Attest) -> None:
    found = attest.index(as_index([bundle_of(attest.sigstore)], REPOSITORY), signer=False)
    assert found.state == "unchecked"
    assert attest.server.times("/provenance") == 0


def test_an_index_may_not_send_for_attestations_over_http(attest: Attest) -> None:
    url = f"pypi:ziglang/{NAME}"
    signers = [Signer(urls="pypi:ziglang/", repository=REPOSITORY)]
    for place in ("http://127.0.0.1:1/p", "file:///etc/passwd", "//127.0.0.1/p", "p"):
        found = attest._signatures(*signers).of(pin(url), url, Origin(url, "https://h/f", provenance=place), None)
        assert found.state == "unreachable"
        assert "expected https, found" in found.detail


def test_a_pin_of_sha512_alone_needs_the_archive(attest: Attest, tmp_path: Path) -> None:
    packed = as_github([bundle_of(attest.sigstore)])
    given = msgspec.structs.replace(pin("https://h/f"), sha256=None, sha512=hashlib.sha512(BODY).hexdigest())
    assert attest.github(packed, given=given).state == "unchecked"
    (tmp_path / "f").write_bytes(BODY)
    assert attest.github(packed, given=given, archive=tmp_path / "f").state == "signed"


@pytest.mark.parametrize("form", ["html", "json"])
def test_an_index_says_where_attestations_are(attest: Attest, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    server = attest.server
    place = server.url("/provenance")
    if form == "html":
        page = f"<!DOCTYPE html><a href='/f#sha256={SHA256}' data-provenance='{place}'>{NAME}</a>".encode()
        server.routes["/simple/ziglang/"] = whole(page, Content_Type="text/html")
    else:
        file = {"filename": NAME, "url": server.url("/f"), "hashes": {"sha256": SHA256}, "provenance": place}
        page = msgspec.json.encode(
            {"meta": {"api-version": "1.99"}, "name": "ziglang", "versions": [], "files": [file]}
        )
        server.routes["/simple/ziglang/"] = whole(page, Content_Type="application/vnd.pypi.simple.v1+json")
    server.routes |= {"/f": whole(BODY), "/provenance": whole(as_index([bundle_of(Sigstore())], REPOSITORY))}
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "CERT", "CLIENT_CERT", "PROXY", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/simple/"))
    monkeypatch.setattr("linkmode.fetch.attestations.sigstore_trust", lambda: attest._verifier)
    signers = [Signer(urls="pypi:ziglang/", repository=REPOSITORY)]
    [found] = recheck([pin(f"pypi:ziglang/{NAME}")], signers, download=False, jobs=1, limits=QUICK)
    assert found.state == "reachable"
    assert server.times("/provenance") == 1
    assert found.signature.state == "bad"


@pytest.mark.parametrize("library", ["minisign", "sigstore", "pypi_attestations"])
def test_without_the_libraries_nothing_is_verified(
    server: FaultServer, key: KeyPair, attest: "Attest", monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    if library == "minisign":
        found = look(server, key, whole(signed(key.secret_key)))
    else:
        bundle = attest.sigstore.bundle(NAME, SHA256, repository=REPOSITORY)
        place = attest.index if library == "pypi_attestations" else attest.github
        found = place(as_index([bundle], REPOSITORY) if library == "pypi_attestations" else as_github([bundle]))
    assert found == Signature("unchecked", "what verifies it is not installed: pip install 'linkmode[verify]'")
