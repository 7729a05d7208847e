"""What publishers sign, by keys made here: a signature is good for one archive under one name, and for no other."""

from collections.abc import Callable

import pytest
from faultserver import Answer, FaultServer, lengthless, status, whole
from fetching import BODY, QUICK
from minisign import KeyPair, SecretKey
from signing import NAME, OLD, endless, flipped, look, pin, signed, text

from linkmode.fetch.recheck import recheck
from linkmode.fetch.signatures import Signature
from linkmode.model.values import Signer

# minisign


def test_a_good_signature(server: FaultServer, key: KeyPair) -> None:
    found = look(server, key, whole(signed(key.secret_key)))
    assert found == Signature("signed", f"minisign key {text(key)}, file:{NAME}")


def bent(signature: bytes, line: int, change: Callable[[bytes], bytes]) -> bytes:
    lines = signature.splitlines()
    lines[line] = change(lines[line])
    return b"\n".join(lines)


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
