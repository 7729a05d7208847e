"""Checks the URLs of pins again: whether they answer, with the pinned contents, and what their publishers signed."""

import concurrent.futures
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from linkmode.fetch import signatures
from linkmode.fetch.signatures import Signature, Signatures
from linkmode.model.failures import OriginError, UnreachableError, WrongBytesError
from linkmode.model.values import Pin, Signer
from linkmode.net.partial import Partial
from linkmode.net.places import Places
from linkmode.net.reach import Origin
from linkmode.net.transport import Transport
from linkmode.net.web import Limits

State = Literal["verified", "reachable", "unreachable", "mismatch"]
"""``verified``: the bytes were read, and are those that are pinned. ``reachable``: it answers, with the pinned size
where both say one. ``mismatch``: it has another size, another declared checksum, or other bytes."""

LIMITS = Limits(attempts=2, connect=10)
"""Shorter than a fetch's: a URL that does not answer is a finding here, and no reason to wait."""


class Finding(msgspec.Struct, frozen=True):
    """What became of one URL of one pin; ``detail`` says more where there is more to say."""

    pin: Pin
    url: str
    state: State
    detail: str
    signature: Signature = signatures.NOT_ASKED


def recheck(
    pins: Iterable[Pin], signers: Sequence[Signer] = (), *, download: bool, jobs: int, limits: Limits = LIMITS
) -> Iterator[Finding]:
    """Yield a finding for every URL, in the order of pins and URLs. Without ``download`` no archive is read.

    ``signers`` say who signs the archives; what GitHub has of a release is asked for in any case.
    """
    check = _Check(limits, signers, download=download)
    tasks = [(pin, url) for pin in pins for url in pin.urls]
    with concurrent.futures.ThreadPoolExecutor(jobs, "recheck") as pool:
        futures = [pool.submit(check.url, pin, url) for pin, url in tasks]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            check.transport.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Check:
    """One run: what its threads share."""

    def __init__(self, limits: Limits, signers: Sequence[Signer], *, download: bool) -> None:
        self.transport = Transport(limits)
        self._places = Places(self.transport)
        self._download = download
        self._signatures = Signatures(self.transport, self._places.access, signers)

    def url(self, pin: Pin, url: str) -> Finding:
        reasons: list[str] = []
        for _, origin in self._places.of(url, pin.checksum):
            try:
                if isinstance(origin, OriginError):
                    raise origin
                return self._ask(pin, url, origin)
            except WrongBytesError as wrong:
                return Finding(pin, url, "mismatch", wrong.reason)
            except UnreachableError as failure:
                reasons += [failure.reason, failure.hint] if failure.hint else [failure.reason]
        return Finding(pin, url, "unreachable", "; ".join(dict.fromkeys(reasons)))

    def _ask(self, pin: Pin, url: str, origin: Origin) -> Finding:
        if self._download:
            with (
                tempfile.TemporaryDirectory(prefix="linkmode-") as folder,
                Partial(Path(folder) / "file", pin.checksum, pin.size) as partial,
            ):
                self.transport.bring(origin, partial, lambda received: None)
                return Finding(pin, url, "verified", "", self._signatures.of(pin, url, origin, partial.path))
        if origin.path is not None:
            try:
                length: int | None = origin.path.stat().st_size
            except OSError as error:
                raise UnreachableError(error.strerror or str(error)) from error
        else:
            length = self.transport.length(origin)
        if None not in (length, pin.size) and length != pin.size:
            raise WrongBytesError(f"size mismatch: expected {pin.size:,} bytes, the server has {length:,}")
        detail = "" if length is not None else "it does not say its size"
        return Finding(pin, url, "reachable", detail, self._signatures.of(pin, url, origin, None))
