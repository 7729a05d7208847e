"""Finds what the publisher of an archive signed, and has it verified: minisign, attestations, Go's checksum database.

A checksum says that the bytes are those that were pinned; a signature says who made them. It is looked for where the
publisher puts it, and every other outcome than a valid one is told by name.
"""

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from linkmode.fetch import attestations, checksum_database, minisign
from linkmode.model.failures import UnreachableError, WrongBytesError
from linkmode.model.values import Pin, Signer
from linkmode.net.reach import Access, Origin
from linkmode.net.transport import Transport
from linkmode.store.files import digest_of

State = Literal["signed", "unsigned", "unchecked", "unreachable", "bad"]
"""``signed``: the publisher's signature of these bytes, under this name, was verified. ``unsigned``: none is known.
``unchecked``: there may be one, and it was not looked at. ``unreachable``: it could not be fetched. ``bad``: it is of
another key, repository, file or bytes, or is missing where the publisher signs every archive."""

if TYPE_CHECKING:
    from sigstore.verify import Verifier

_GITHUB = "https://api.github.com"
_RELEASE = re.compile(r"https://github\.com/(?P<repository>[^/]+/[^/]+)/releases/")
_NOT_INSTALLED = "what verifies it is not installed: pip install 'linkmode[verify]'"


class Signature(msgspec.Struct, frozen=True):
    """What became of the signature of an archive at one URL; ``detail`` says by what it was verified, or why not."""

    state: State
    detail: str


NOT_ASKED = Signature("unchecked", "the URL gave no archive")


class Signatures:
    """Looks for signatures with the given means. Safe for use by several threads.

    ``trust`` makes the verifier of attestations, and ``github`` is the address of GitHub's interface.
    """

    def __init__(
        self,
        transport: Transport,
        access: Access,
        signers: Sequence[Signer],
        *,
        trust: attestations.Trust = attestations.sigstore_trust,
        github: str = _GITHUB,
    ) -> None:
        self._transport = transport
        self._access = access
        self._signers = signers
        self._trust = _Once(trust)
        self._github = github

    def of(self, pin: Pin, url: str, origin: Origin, archive: Path | None) -> Signature:
        """Return what became of the signature of ``pin`` at ``url``.

        ``archive`` holds its bytes, which are those that are pinned; without them a minisign signature is left alone.
        """
        signer = next((one for one in self._signers if url.startswith(one.urls)), None)
        release = _RELEASE.match(url)
        repository = signer.repository if signer else release["repository"] if release else ""
        try:
            if signer and signer.minisign:
                return self._minisign(pin, url, signer.minisign, archive)
            if signer and signer.sumdb:
                return self._database(url.removeprefix(signer.urls), signer, origin, archive)
            if repository or origin.provenance:
                return self._attested(pin, origin, repository, archive)
        except WrongBytesError as wrong:
            return Signature("bad", wrong.reason)
        except UnreachableError as failure:
            return Signature("unreachable", f"the signature could not be fetched: {failure.reason}")
        except ImportError:
            return Signature("unchecked", _NOT_INSTALLED)
        return Signature("unsigned", "its publisher is not known to sign")

    def _minisign(self, pin: Pin, url: str, key: str, archive: Path | None) -> Signature:
        if archive is None:
            return Signature("unchecked", "minisign signs the whole archive: --download")
        place = f"{url}{minisign.SUFFIX}"
        try:
            signature = self._transport.document(
                Origin(place, place, self._access), "a signature", "*/*", minisign.MOST
            )
        except UnreachableError as failure:
            if failure.absent:
                raise WrongBytesError(
                    f"no signature at {place} ({failure.reason}), where each archive has one"
                ) from failure
            raise
        return Signature("signed", minisign.verify(archive, signature, key, pin.file))

    def _database(self, name: str, signer: Signer, origin: Origin, archive: Path | None) -> Signature:
        if archive is None:
            return Signature("unchecked", "the checksum database has a digest of the files: --download")
        if not origin.url:
            return Signature("unchecked", "the checksum database is asked through a Go proxy, and this one is a folder")
        base = f"{origin.url.removesuffix(name)}sumdb/{checksum_database.host(signer.sumdb)}/"

        def ask(path: str) -> bytes:
            origin = Origin(f"{base}{path}", f"{base}{path}", self._access)
            try:
                return self._transport.document(origin, "a record", "*/*", checksum_database.MOST)
            except UnreachableError as failure:
                if failure.absent:
                    raise WrongBytesError(f"the checksum database has no {path} ({failure.reason})") from failure
                raise

        return Signature("signed", checksum_database.verify(archive, name, signer.sumdb, ask))

    def _attested(self, pin: Pin, origin: Origin, repository: str, archive: Path | None) -> Signature:
        if not repository:
            return Signature("unchecked", "the index has attestations, and the catalogue does not say whose to expect")
        sha256 = pin.sha256 or (digest_of(archive, "sha256") if archive else "")
        if not sha256:
            return Signature("unchecked", "attestations name a sha256, and a sha512 is pinned: --download")
        if origin.provenance:
            if urlsplit(origin.provenance).scheme != "https":
                raise UnreachableError(f"expected https, found {origin.provenance[:200]}")
            body = self._document(origin.provenance, origin.access, "application/vnd.pypi.integrity.v1+json")
            bundles = attestations.of_index(body)
        else:
            place = f"{self._github}/repos/{repository}/attestations/sha256:{sha256}"
            try:
                body = self._document(place, self._access, "application/vnd.github+json")
            except UnreachableError as failure:
                if failure.absent:
                    return Signature("unsigned", f"no attestation published by {repository}")
                raise
            bundles = attestations.of_github(body)
        said = attestations.verify(bundles, self._trust, repository, pin.file, sha256)
        return Signature("signed", said) if said else Signature("unsigned", f"no attestation published by {repository}")

    def _document(self, url: str, access: Access, kind: str) -> bytes:
        return self._transport.document(Origin(url, url, access), "attestations", kind, attestations.MOST)


class _Once:
    """Calls a function at most once, whichever thread comes first."""

    def __init__(self, make: attestations.Trust) -> None:
        self._make = make
        self._guard = threading.Lock()
        self._made: Verifier | None = None

    def __call__(self) -> "Verifier":
        with self._guard:
            if self._made is None:
                self._made = self._make()
            return self._made
