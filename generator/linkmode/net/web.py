"""Performs one HTTP request: rate limits, redirects and deadlines.

Redirects are followed here and not by requests, which reads the whole body of each (a hostile one has no end) and
follows to plain http (docs/decisions/0008-redirects-and-clocks.md).
"""

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import requests
import urllib3

from linkmode import __version__
from linkmode.model.failures import Cancelled, UnreachableError
from linkmode.net import answers
from linkmode.net.reach import Access, Origin, explain, server
from linkmode.net.wire import Session, Wire

PER_HOST = 4
"""The number of requests to one host at a time, from all callers together."""

_BLOCK = 256 << 10
_MAX_REDIRECTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait and to try. Times in seconds, sizes in bytes.

    ``attempts`` counts those in a row that gained less than ``gain`` bytes; a long download over a bad line may need
    many more. ``answer`` is from asking to the last header, connection and TLS included. A stream that brings fewer
    than ``slowest`` bytes a second over ``patience`` seconds, or no byte for ``silence`` seconds, has stalled. A server
    that asks (Retry-After) to be left alone for longer than ``longest_wait`` is passed over.
    """

    attempts: int = 4
    gain: int = 1 << 20
    connect: float = 15.0
    answer: float = 60.0
    silence: float = 30.0
    patience: float = 30.0
    slowest: int = 1024
    backoff: float = 0.5
    longest_backoff: float = 10.0
    longest_wait: float = 60.0


class Web:
    """Asks hosts, each for at most ``per_host`` things at a time. Safe for use by several threads."""

    def __init__(self, limits: Limits, per_host: int) -> None:
        self.limits = limits
        self.stopping = threading.Event()
        self._wires: set[Wire] = set()
        self._turns: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(per_host))
        self._guard = threading.Lock()

    def stop(self) -> None:
        """Make every request under way raise Cancelled soon, also one that waits for bytes, headers or its turn."""
        self.stopping.set()
        with self._guard:
            for wire in self._wires:
                wire.cut()

    @contextlib.contextmanager
    def open(self, origin: Origin, headers: dict[str, str]) -> Iterator[tuple[requests.Response, Wire]]:
        """Yield the response that ends the chain of redirects, its body unread.

        Every exception of requests or urllib3, here or while the body is read, becomes UnreachableError or Cancelled.
        """
        url, access = origin.url, origin.access
        with self._wire() as wire:
            try:
                with Session(wire) as session:
                    session.headers["User-Agent"] = f"linkmode/{__version__}"
                    for _ in range(_MAX_REDIRECTS + 1):
                        with self._turn(url), self._get(session, wire, url, access, headers) as response:
                            if not response.is_redirect:
                                yield response, wire
                                return
                            url = answers.next_url(url, response.headers["Location"])
                        if server(url) != server(origin.url):
                            # It identifies the user, and only to the server that the user named.
                            access = replace(access, client_cert=None)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                self._still_wanted(wire)
                raise explain(error, self.limits.silence) from error
        raise UnreachableError(f"redirects more than {_MAX_REDIRECTS} times")

    @contextlib.contextmanager
    def _wire(self) -> Iterator[Wire]:
        """A wire that ``stop`` cuts."""
        wire = Wire()
        with self._guard:
            self._wires.add(wire)
        try:
            yield wire
        finally:
            with self._guard:
                self._wires.discard(wire)
            wire.close()

    @contextlib.contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        """Wait until the host of ``url`` has fewer than the most requests at a time."""
        with self._guard:
            semaphore = self._turns[server(url)]
        with semaphore:
            yield

    @contextlib.contextmanager
    def _get(
        self, session: requests.Session, wire: Wire, url: str, access: Access, headers: dict[str, str]
    ) -> Iterator[requests.Response]:
        if self.stopping.is_set():
            raise Cancelled
        wire.within(self.limits.answer, f"stalled: no whole answer within {self.limits.answer:g} s")
        response = session.get(
            url,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(self.limits.connect, self.limits.silence),
            # Given per request: the environment would override a session's settings.
            proxies=dict(access.proxies),
            verify=access.verify,
            cert=access.client_cert,
        )
        wire.rest()
        try:
            # Truncated headers look complete.
            self._still_wanted(wire)
            yield response
        finally:
            response.close()

    def _still_wanted(self, wire: Wire) -> None:
        """Raise Cancelled or UnreachableError if this side ended the connection."""
        if self.stopping.is_set():
            raise Cancelled
        if wire.late:
            raise UnreachableError(wire.late, transient=True)

    def blocks(self, response: requests.Response, wire: Wire) -> Iterator[bytes]:
        """Yield a body as it comes, as it is sent; raise UnreachableError when it stalls."""
        limits = self.limits
        # Longer than any read that makes progress can take: what is left is a frame of chunks that comes byte by byte.
        longest = limits.patience + limits.silence
        late = f"stalled: nothing of the file for {longest:g} s"
        since, received, before = time.monotonic(), 0, 0
        wire.within(longest, late)
        # read1 returns what has come: read would wait for a full block, and a slow drip would never be noticed.
        while block := response.raw.read1(_BLOCK, decode_content=False):
            received += len(block)
            yield block
            if self.stopping.is_set():
                raise Cancelled
            now = time.monotonic()
            if now - since >= limits.patience:
                if received - before < limits.slowest * (now - since):
                    speed = (received - before) / (now - since)
                    raise UnreachableError(f"stalled: {speed:.0f} bytes/s over {now - since:.0f} s", transient=True)
                since, before = now, received
                wire.within(longest, late)
        wire.rest()
        self._still_wanted(wire)
