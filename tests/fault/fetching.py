"""What the fetch tests share: one file, its artifact, and limits short enough to wait for."""

import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path

from linkmode.fetch.artifacts import Options, Result, fetch_all
from linkmode.model.values import Artifact
from linkmode.net.web import Limits
from linkmode.store.files import Store

BODY = random.Random(7).randbytes(300_000)
QUICK = Limits(attempts=3, gain=50_000, connect=2, silence=0.5, patience=0.6, slowest=1000, backoff=0.01)


def artifact(
    *urls: str, body: bytes = BODY, algorithm: str = "sha256", size: int | None = -1, **changes: str
) -> Artifact:
    digest = hashlib.new(algorithm, body).hexdigest()
    values = {
        "name": "tool",
        "family": "zig",
        "version": "1.0",
        "file": "tool.tar.gz",
        "upstream": "https://upstream.example/tool.tar.gz",
        algorithm: digest,
    } | changes
    return Artifact(urls=urls, size=len(body) if size == -1 else size, **values)


@dataclass
class Notes:
    """A Progress that keeps what it was told."""

    notes: list[str] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    def begin(self, name: str, size: int | None) -> None:
        self.received.append(0)

    def advance(self, name: str, received: int) -> None:
        self.received.append(received)

    def note(self, name: str, text: str) -> None:
        self.notes.append(f"{name}: {text}")

    def end(self, name: str) -> None:
        self.received.append(-1)


def fetch(
    store: Path, *artifacts: Artifact, limits: Limits = QUICK, notes: Notes | None = None, **options: object
) -> tuple[Result, ...]:
    settings = Options(base=store.parent, limits=limits, **options)
    return fetch_all(artifacts, Store(store), settings, notes or Notes())


def stored(store: Path) -> dict[str, bytes]:
    """Every file of the store that is not a lock, by its path."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def kept(art: Artifact, body: bytes = BODY) -> dict[str, bytes]:
    """What the store must hold when the artifact was fetched, and nothing else was."""
    algorithm, hexadecimal = art.checksum.algorithm, art.checksum.hex
    folder = f"content_addressable/{algorithm}/{hexadecimal}"
    identity = hashlib.new(algorithm, art.upstream.encode()).hexdigest()
    return {f"{folder}/file": body, f"{folder}/id-{identity}": b""}
