"""A Sigstore of the test's own: an authority, a log of certificates and a transparency log, each with its own key.

What it signs is in the form of the public one, so that the library that reads that verifies this, by our root.
"""

import base64
import datetime
import hashlib
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from sigstore.models import TrustedRoot
from sigstore.verify import Verifier

SLSA = "https://slsa.dev/provenance/v1"
PUBLISH = "https://docs.pypi.org/attestations/publish/v1"
ISSUER = "https://token.actions.githubusercontent.com"

_START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_SIGNED = _START + datetime.timedelta(days=30)
_SCTS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_SHA256 = ec.ECDSA(hashes.SHA256())


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _text(value: str) -> bytes:
    """A UTF8String in DER."""
    data = value.encode()
    assert len(data) < 128
    return bytes([0x0C, len(data)]) + data


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Sigstore:
    authority: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)
    certificates: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
        self.root = (
            self._builder(name, name, self.authority, days=3650)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def verifier(self, folder: Path) -> Verifier:
        """What trusts this Sigstore and no other."""
        path = folder / "trusted_root.json"
        path.write_text(json.dumps(self._trusted_root()))
        return Verifier(trusted_root=TrustedRoot.from_file(str(path)))

    def bundle(
        self,
        name: str,
        sha256: str,
        *,
        repository: str,
        predicate: str = SLSA,
        issuer: str = ISSUER,
        days: int = 60,
        logged: int = 30,
        kind: str = "application/vnd.in-toto+json",
        statement: str = "",
    ) -> dict[str, Any]:
        """An attestation of a file, by a workflow of ``repository``, as GitHub hands it out.

        The certificate is valid for ``days``, and the log took the signature up ``logged`` days after its start.
        ``statement`` is what it says, as JSON; without one, that this file is of these bytes.
        """
        said = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": sha256}}],
            "predicateType": predicate,
            "predicate": {},
        }
        payload = (statement or json.dumps(said)).encode()
        key = _new_key()
        signature = key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload), _SHA256)
        certificate = self._certificate(key, repository, issuer, days)
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _b64(certificate.public_bytes(serialization.Encoding.DER))},
                "tlogEntries": [self._entry(payload, signature, certificate, logged)],
                "timestampVerificationData": {"rfc3161Timestamps": []},
            },
            "dsseEnvelope": {
                "payload": _b64(payload),
                "payloadType": kind,
                "signatures": [{"sig": _b64(signature), "keyid": ""}],
            },
        }

    def _certificate(
        self, key: ec.EllipticCurvePrivateKey, repository: str, issuer: str, days: int
    ) -> x509.Certificate:
        """The certificate of a signer, with the receipt of the log of certificates in it."""
        build = (
            self._builder(x509.Name([]), self.root.subject, key, days=days)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()), critical=False
            )
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.UniformResourceIdentifier(f"https://github.com/{repository}/.github/workflows/cd.yml")]
                ),
                critical=True,
            )
        )
        for number, value in ((8, issuer), (12, f"https://github.com/{repository}")):
            oid = ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
            build = build.add_extension(x509.UnrecognizedExtension(oid, _text(value)), critical=False)
        # The receipt is of the certificate without it (RFC 6962, 3.2).
        bare = build.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        millis = int(_SIGNED.timestamp() * 1000)
        entry = hashlib.sha256(_der(self.authority)).digest() + struct.pack("!I", len(bare))[1:] + bare
        signed = struct.pack("!BBQH", 0, 0, millis, 1) + entry + struct.pack("!H", 0)
        signature = self.certificates.sign(signed, _SHA256)
        receipt = (
            b"\0"
            + hashlib.sha256(_der(self.certificates)).digest()
            + struct.pack("!QH", millis, 0)
            + b"\4\3"
            + struct.pack("!H", len(signature))
            + signature
        )
        listed = struct.pack("!H", len(receipt) + 2) + struct.pack("!H", len(receipt)) + receipt
        assert len(listed) < 128
        scts = x509.UnrecognizedExtension(_SCTS, bytes([4, len(listed)]) + listed)
        return build.add_extension(scts, critical=False).sign(self.authority, hashes.SHA256())

    def _entry(self, payload: bytes, signature: bytes, certificate: x509.Certificate, logged: int) -> dict[str, Any]:
        """The only entry of a transparency log, with the proof that it is in it."""
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        body = json.dumps(
            {
                "apiVersion": "0.0.1",
                "kind": "dsse",
                "spec": {
                    "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
                    "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                    "signatures": [{"signature": _b64(signature), "verifier": _b64(pem)}],
                },
            }
        ).encode()
        number = hashlib.sha256(_der(self.log)).digest()
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"a log - 1\n1\n{_b64(root)}\n"
        checkpoint = f"{note}\n— log {_b64(number[:4] + self.log.sign(note.encode(), _SHA256))}\n"
        when = int((_START + datetime.timedelta(days=logged)).timestamp())
        # RFC 8785: keys sorted, no blanks
        promise = json.dumps(
            {"body": _b64(body), "integratedTime": when, "logID": number.hex(), "logIndex": 0},
            sort_keys=True,
            separators=(",", ":"),
        )
        return {
            "logIndex": "0",
            "logId": {"keyId": _b64(number)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(when),
            "inclusionPromise": {"signedEntryTimestamp": _b64(self.log.sign(promise.encode(), _SHA256))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": _b64(body),
        }

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_START)
            .not_valid_after(_START + datetime.timedelta(days=days))
        )

    def _trusted_root(self) -> dict[str, Any]:
        valid = {"start": _START.isoformat().replace("+00:00", "Z")}

        def log(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            return {
                "baseUrl": "https://log.example.com",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {"rawBytes": _b64(_der(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid},
                "logId": {"keyId": _b64(hashlib.sha256(_der(key)).digest())},
            }

        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.log)],
            "ctlogs": [log(self.certificates)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "test", "commonName": "an authority"},
                    "uri": "https://authority.example.com",
                    "certChain": {
                        "certificates": [{"rawBytes": _b64(self.root.public_bytes(serialization.Encoding.DER))}]
                    },
                    "validFor": valid,
                }
            ],
            "timestampAuthorities": [],
        }


def _usage(*, signs: bool) -> x509.KeyUsage:
    """A signer's, or that of the authority."""
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )


def as_index(bundles: list[dict[str, Any]], repository: str) -> bytes:
    """Attestations as a package index hands them out (PEP 740)."""
    attestations = [
        {
            "version": 1,
            "verification_material": {
                "certificate": bundle["verificationMaterial"]["certificate"]["rawBytes"],
                "transparency_entries": bundle["verificationMaterial"]["tlogEntries"],
            },
            "envelope": {
                "statement": bundle["dsseEnvelope"]["payload"],
                "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
            },
        }
        for bundle in bundles
    ]
    publisher = {"kind": "GitHub", "repository": repository, "workflow": "cd.yml"}
    return json.dumps(
        {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": attestations}]}
    ).encode()


def as_github(bundles: list[dict[str, Any]]) -> bytes:
    """Attestations as GitHub hands them out."""
    return json.dumps({"attestations": [{"bundle": bundle, "repository_id": 1} for bundle in bundles]}).encode()
