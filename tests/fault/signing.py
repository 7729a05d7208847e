"""Pins and answers that tests of signatures and of attestations share."""

import base64
import hashlib
from typing import Any

from faultserver import Answer, FaultServer, Handler, whole
from fetching import BODY, QUICK
from minisign import KeyPair, SecretKey

from linkmode.fetch.recheck import recheck
from linkmode.fetch.signatures import Signature
from linkmode.model.values import Pin, Signer

NAME = "zig-x86_64-linux-0.16.0.tar.xz"


OLD = "zig-x86_64-linux-0.11.0.tar.xz"


SHA256 = hashlib.sha256(BODY).hexdigest()


REPOSITORY = "ziglang/zig-pypi"


def pin(url: str, name: str = NAME, **more: Any) -> Pin:
    return Pin(family="zig", version="1", file=name, urls=(url,), size=len(BODY), **({"sha256": SHA256} | more))


def endless(count: list[int]) -> Answer:
    """A gigabyte, or as much of it as is taken."""

    def answer(handler: Handler) -> None:
        handler.head(200, {})
        while count[0] < 1 << 30:
            handler.wfile.write(b"x" * 65536)
            count[0] += 65536

    return answer


def flipped(line: bytes) -> bytes:
    data = bytearray(base64.b64decode(line))
    data[-1] ^= 1
    return base64.b64encode(data)


COMMENT = f"timestamp:1777000000\tfile:{NAME}\thashed"


def text(key: KeyPair) -> str:
    return key.public_key.to_base64().decode()


def signed(key: SecretKey, comment: str = COMMENT, body: bytes = BODY, *, prehash: bool = True) -> bytes:
    return bytes(key.sign(body, prehash=prehash, trusted_comment=comment)) + b"\n"


def look(server: FaultServer, key: KeyPair, signature: Answer | None, *, download: bool = True) -> Signature:
    """What `catalog verify` makes of an archive with this answer beside it."""
    server.routes[f"/{NAME}"] = whole(BODY)
    if signature:
        server.routes[f"/{NAME}.minisig"] = signature
    signers = [Signer(urls=server.url("/"), minisign=text(key))]
    [found] = recheck([pin(server.url(f"/{NAME}"))], signers, download=download, jobs=1, limits=QUICK)
    assert found.state == ("verified" if download else "reachable")
    return found.signature
