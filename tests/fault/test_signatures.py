"""What publishers sign, by keys made here: a signature is good for one archive under one name, and for no other."""

import base64
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from faultserver import Answer, FaultServer, Handler, lengthless, status, whole
from fetching import BODY, QUICK
from minisign import KeyPair, SecretKey
from sigstore_maker import ISSUER, PUBLISH, SLSA, Sigstore, as_github, as_index

from linkmode.fetch.recheck import recheck
from linkmode.fetch.signatures import Signature, Signatures
from linkmode.model.values import Pin, Signer
from linkmode.net.reach import Origin, from_environment
from linkmode.net.transport import Transport

NAME = "zig-x86_64-linux-0.16.0.tar.xz"
OLD = "zig-x86_64-linux-0.11.0.tar.xz"
SHA256 = hashlib.sha256(BODY).hexdigest()
REPOSITORY = "ziglang/zig-pypi"
COMMENT = f"timestamp:1777000000\tfile:{NAME}\thashed"


def pin(url: str, name: str = NAME, **more: Any) -> Pin:
    return Pin(family="zig", version="1", file=name, urls=(url,), size=len(BODY), **({"sha256": SHA256} | more))


def text(key: KeyPair) -> str:
    return key.public_key.to_base64().decode()


def signed(key: SecretKey, comment: str = COMMENT, body: bytes = BODY, *, prehash: bool = True) -> bytes:
    return bytes(key.sign(body, prehash=prehash, trusted_comment=comment)) + b"\n"


def endless(count: list[int]) -> Answer:
    """A gigabyte, or as much of it as is taken."""

    def answer(handler: Handler) -> None:
        handler.head(200, {})
        while count[0] < 1 << 30:
            handler.wfile.write(b"x" * 65536)
            count[0] += 65536

    return answer


# minisign


@pytest.fixture
def key() -> KeyPair:
    return KeyPair.generate()


def look(server: FaultServer, key: KeyPair, signature: Answer | None, *, download: bool = True) -> Signature:
    """What `catalog verify` makes of an archive with this answer beside it."""
    server.routes[f"/{NAME}"] = whole(BODY)
    if signature:
        server.routes[f"/{NAME}.minisig"] = signature
    signers = [Signer(urls=server.url("/"), minisign=text(key))]
    [found] = recheck([pin(server.url(f"/{NAME}"))], signers, download=download, jobs=1, limits=QUICK)
    assert found.state == ("verified" if download else "reachable")
    return found.signature


def test_a_good_signature(server: FaultServer, key: KeyPair) -> None:
    found = look(server, key, whole(signed(key.secret_key)))
    assert found == Signature("signed", f"minisign key {text(key)}, file:{NAME}")


def bent(signature: bytes, line: int, change: Callable[[bytes], bytes]) -> bytes:
    lines = signature.splitlines()
    lines[line] = change(lines[line])
    return b"\n".join(lines)


def flipped(line: bytes) -> bytes:
    data = bytearray(base64.b64decode(line))
    data[-1] ^= 1
    return base64.b64encode(data)


BAD: dict[str, tuple[Callable[[SecretKey], bytes], str]] = {
    "another key": (lambda _: signed(KeyPair.generate().secret_key), "is no signature of this archive by the key RW"),
    "an altered archive": (lambda key: signed(key, body=BODY[::-1]), "is no signature of this archive by the key RW"),
    "an altered name": (
        lambda key: bent(signed(key, f"file:{OLD}"), 2, lambda line: line.replace(OLD.encode(), NAME.encode())),
        "is no signature of this archive by the key RW",
    ),
    "a flipped bit of the first": (lambda key: bent(signed(key), 1, flipped), "is no signature of this archive"),
    "a flipped bit of the last": (lambda key: bent(signed(key), 3, flipped), "is no signature of this archive"),
    "of an older archive": (
        lambda key: signed(key, f"timestamp:1\tfile:{OLD}\thashed"),
        f"was made for {OLD}, expected",
    ),
    "of no file": (lambda key: signed(key, "timestamp:1\thashed"), "was made for a file that it does not name"),
    "of two files": (lambda key: signed(key, f"file:{NAME}\tfile:{OLD}"), f"was made for {NAME}, {OLD}, expected"),
    "of a name that begins so": (lambda key: signed(key, f"file:{NAME}.old"), f"was made for {NAME}.old, expected"),
    "of the old kind": (lambda key: signed(key, prehash=False), "is a minisign signature of the old kind"),
    "truncated": (lambda key: signed(key)[:150], "is no minisign signature: invalid "),
    "without its last line": (
        lambda key: b"\n".join(signed(key).splitlines()[:3]),
        "is no minisign signature: invalid",
    ),
    "with a line more": (lambda key: signed(key) + b"more\n", "is no minisign signature: invalid number of lines"),
    "of bytes that are no text": (lambda _: b"\xff\xfe\n\xff\n\xff\n\xff", "is no minisign signature: invalid"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_signature(server: FaultServer, key: KeyPair, case: str) -> None:
    make, said = BAD[case]
    found = look(server, key, whole(make(key.secret_key)))
    assert found.state == "bad"
    assert found.detail.startswith(said)


@pytest.mark.parametrize("code", [404, 410])
def test_a_signature_that_is_not_there_is_bad_where_each_archive_has_one(
    server: FaultServer, key: KeyPair, code: int
) -> None:
    found = look(server, key, status(code))
    assert found.state == "bad"
    assert found.detail == (
        f"no signature at {server.url(f'/{NAME}.minisig')} (HTTP {code} {'Not Found' if code == 404 else 'Gone'}), "
        "where each archive has one"
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (status(500), "HTTP 500 Internal Server Error (after 3 attempts)"),
        (status(403), "HTTP 403 Forbidden"),
        (whole(b"x" * 20_000), "sends a signature of more than 16,384 bytes"),
        (lengthless(b"x", Content_Encoding="br"), "sends a signature in the encoding 'br', which was not asked for"),
    ],
)
def test_a_signature_that_cannot_be_had(server: FaultServer, key: KeyPair, answer: Answer, said: str) -> None:
    found = look(server, key, answer)
    assert found.state == "unreachable"
    assert said in found.detail


def test_a_signature_without_end_is_not_read_to_it(server: FaultServer, key: KeyPair) -> None:
    count = [0]
    found = look(server, key, endless(count))
    assert found.state == "unreachable"
    assert found.detail.endswith("sends a signature of more than 16,384 bytes")
    assert count[0] < 64 << 20


def test_without_the_archive_a_minisign_signature_says_nothing(server: FaultServer, key: KeyPair) -> None:
    found = look(server, key, whole(signed(key.secret_key)), download=False)
    assert found == Signature("unchecked", "minisign signs the whole archive: --download")
    assert server.times(f"/{NAME}.minisig") == 0


def test_an_archive_that_is_not_the_pinned_one_is_not_asked_about(server: FaultServer, key: KeyPair) -> None:
    server.routes |= {f"/{NAME}": whole(BODY[::-1]), f"/{NAME}.minisig": whole(signed(key.secret_key, body=BODY[::-1]))}
    signers = [Signer(urls=server.url("/"), minisign=text(key))]
    [found] = recheck([pin(server.url(f"/{NAME}"))], signers, download=True, jobs=1, limits=QUICK)
    assert (found.state, found.signature.state) == ("mismatch", "unchecked")


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


# attestations


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


def bundle_of(sigstore: Sigstore, **given: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"name": NAME, "sha256": SHA256, "repository": REPOSITORY} | given
    return sigstore.bundle(asked.pop("name"), asked.pop("sha256"), **asked)


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
    "an altered log": (lambda own: changed(bundle_of(own), "log"), "invalid log entry"),
}


@pytest.mark.parametrize(("place", "packed"), PLACES, ids=["index", "github"])
@pytest.mark.parametrize("case", WRONG)
def test_a_bad_attestation(attest: Attest, place: str, packed: Any, case: str) -> None:
    make, said = WRONG[case]
    found = getattr(attest, place)(packed([make(attest.sigstore)]))
    assert found.state == "bad"
    assert said.lower() in found.detail.lower()


JUNK: list[bytes] = [
    b"",
    b"<html>",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"null",
    b'{"attestations": 3}',
    b'{"attestations": [{"bundle": {}}]}',
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
        page = msgspec.json.encode({"meta": {"api-version": "1.3"}, "name": "ziglang", "versions": [], "files": [file]})
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
