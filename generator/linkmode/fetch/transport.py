"""One URL to one file over HTTP or from disk: retries, resume, time and size bounds. Knows nothing of the store.

Redirects are followed here and not by requests, which reads the whole body of each (a hostile one has no end) and
allows a step down from https to plain http.
"""

import contextlib
import random
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests
import urllib3

from linkmode import __version__
from linkmode.fetch import answers
from linkmode.fetch.failures import Cancelled, UnreachableError, WrongBytesError
from linkmode.fetch.network import Access, explain
from linkmode.fetch.partial import Partial

_BLOCK = 256 << 10
_MAX_REDIRECTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to try. Times in seconds, sizes in bytes.

    ``attempts`` counts those in a row that gained less than ``gain`` bytes; a long download over a bad line may need
    many more. A stream that brings fewer than ``slowest`` bytes a second over ``patience`` seconds has stalled.
    A server that asks (Retry-After) to be left alone for longer than ``longest_wait`` is passed over.
    """

    attempts: int = 4
    gain: int = 1 << 20
    connect: float = 15.0
    silence: float = 30.0
    patience: float = 30.0
    slowest: int = 1024
    backoff: float = 0.5
    longest_backoff: float = 10.0
    longest_wait: float = 60.0


@dataclass(frozen=True, slots=True)
class Origin:
    """A place to ask: a URL (http or https) and how to reach it, or a ``path`` of this machine.

    ``shown`` is what messages and results call it.
    """

    shown: str
    url: str = ""
    access: Access = field(default_factory=Access)
    path: Path | None = None


class Transport:
    """Brings bytes from origins. Safe for use by several threads; ``stop`` ends all of them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.stopping = threading.Event()
        self._active: set[requests.Response] = set()
        self._guard = threading.Lock()

    def stop(self) -> None:
        """Make every transfer under way raise Cancelled soon, also one that waits for bytes."""
        self.stopping.set()
        with self._guard:
            for response in self._active:
                # A response may have ended on its own just now: then there is nothing left to shut.
                with contextlib.suppress(ValueError, RuntimeError, OSError):
                    response.raw.shutdown()

    def bring(self, origin: Origin, partial: Partial, advance: Callable[[int], None]) -> None:
        """Fill ``partial`` from one origin until it holds the pinned bytes.

        ``advance`` is told the bytes gathered so far. Raises UnreachableError or WrongBytesError, and Cancelled
        after ``stop``.
        A mismatch of bytes from several answers is no verdict on this origin, which is then asked once more for the
        whole: another origin, or another server behind the same name, may have sent the first part.
        """
        for last in (False, True):
            try:
                self._insist(origin, partial, advance)
            except WrongBytesError:
                pieced = partial.pieced
                partial.restart()
                if last or not pieced:
                    raise
            else:
                return

    def _insist(self, origin: Origin, partial: Partial, advance: Callable[[int], None]) -> None:
        """Try until the file is whole, resuming each time, or until too many attempts in a row gained nothing."""
        failed, high = 0, partial.received
        while True:
            try:
                if origin.path is not None:
                    self._copy(origin.path, partial, advance)
                else:
                    self._request(origin, partial, advance)
            except UnreachableError as failure:
                if self.stopping.is_set():
                    raise Cancelled from failure
                gained = partial.received - high >= self.limits.gain
                failed, high = (1 if gained else failed + 1), max(high, partial.received)
                self._pause(failure, failed)
            else:
                return

    def _pause(self, failure: UnreachableError, failed: int) -> None:
        """Wait before the next attempt; raise ``failure`` when there is to be none."""
        if not failure.transient:
            raise failure
        if failed >= self.limits.attempts:
            raise UnreachableError(f"{failure.reason} (after {failed} attempts)")
        seconds = failure.wait
        if seconds is None:
            ceiling = min(self.limits.longest_backoff, self.limits.backoff * 2 ** (failed - 1))
            seconds = random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter, not a secret
        elif seconds > self.limits.longest_wait:
            raise UnreachableError(f"{failure.reason}, and asks to wait {seconds:.0f} s")
        if self.stopping.wait(seconds):
            raise Cancelled

    def page(self, origin: Origin) -> tuple[bytes, str, str]:
        """Return the body, content type and final URL of a package index's page; raise UnreachableError."""
        headers = {"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.5"}
        failed = 0
        while True:
            try:
                with self._open(origin, headers) as response:
                    answers.require(response, 200)
                    return answers.page_body(response), response.headers.get("Content-Type", "text/html"), response.url
            except UnreachableError as failure:
                failed += 1
                self._pause(failure, failed)

    def length(self, origin: Origin) -> int | None:
        """Return the size in bytes of what a URL gives, None when it does not say; read none of it.

        Asked with GET, which every server of files answers as it will later. Raises UnreachableError.
        """
        failed = 0
        while True:
            try:
                with self._open(origin, {"Accept-Encoding": "identity"}) as response:
                    answers.require(response, 200)
                    return answers.file_length(response)
            except UnreachableError as failure:
                failed += 1
                self._pause(failure, failed)

    @contextlib.contextmanager
    def _open(self, origin: Origin, headers: dict[str, str]) -> Iterator[requests.Response]:
        """Yield the response that ends the chain of redirects, its body unread.

        Whatever requests or urllib3 raise, here or while the body is read, becomes UnreachableError.
        """
        url = origin.url
        try:
            with _Session() as session:
                session.headers["User-Agent"] = f"linkmode/{__version__}"
                for _ in range(_MAX_REDIRECTS + 1):
                    with self._get(session, url, origin.access, headers) as response:
                        if not response.is_redirect:
                            yield response
                            return
                        url = answers.next_url(url, response.headers["Location"])
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise explain(error, self.limits.silence) from error
        raise UnreachableError(f"redirects more than {_MAX_REDIRECTS} times")

    @contextlib.contextmanager
    def _get(
        self, session: requests.Session, url: str, access: Access, headers: dict[str, str]
    ) -> Iterator[requests.Response]:
        response = session.get(
            url,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(self.limits.connect, self.limits.silence),
            # Given per request: what the environment says would override a session's own settings.
            proxies=dict(access.proxies),
            verify=access.verify,
            cert=access.client_cert,
        )
        with self._guard:
            self._active.add(response)
        try:
            if self.stopping.is_set():
                raise Cancelled
            yield response
        finally:
            with self._guard:
                self._active.discard(response)
            response.close()

    def _request(self, origin: Origin, partial: Partial, advance: Callable[[int], None]) -> None:
        # The archive's own bytes are what is pinned: no transport compression, neither asked for nor undone.
        headers = {"Accept-Encoding": "identity"}
        if not partial.resumable:
            partial.restart()
        if partial.received:
            headers["Range"] = f"bytes={partial.received}-"
        with self._open(origin, headers) as response:
            whole = answers.begin(response, partial)
            try:
                self._receive(response, partial, whole, advance)
                partial.check()
            except WrongBytesError as wrong:
                raise answers.named(wrong, response, partial) from wrong

    def _receive(
        self, response: requests.Response, partial: Partial, whole: int | None, advance: Callable[[int], None]
    ) -> None:
        if whole is not None and partial.size not in (None, whole):
            raise WrongBytesError(f"size mismatch: expected {partial.size:,} bytes, the server has {whole:,}")
        # A body that ends early is told apart below, with both lengths.
        response.raw.enforce_content_length = False
        since, before = time.monotonic(), partial.received
        # read1 returns what has come: read would wait for a full block, and a slow drip would never be noticed.
        while block := response.raw.read1(_BLOCK, decode_content=False):
            partial.write(block)
            advance(partial.received)
            if self.stopping.is_set():
                raise Cancelled
            now = time.monotonic()
            if now - since >= self.limits.patience:
                if partial.received - before < self.limits.slowest * (now - since):
                    speed = (partial.received - before) / (now - since)
                    raise UnreachableError(f"stalled: {speed:.0f} bytes/s over {now - since:.0f} s", transient=True)
                since, before = now, partial.received
        expected = partial.size if whole is None else whole
        if expected is not None and partial.received < expected:
            raise UnreachableError(
                f"connection closed after {partial.received:,} of {expected:,} bytes", transient=True
            )

    def _copy(self, path: Path, partial: Partial, advance: Callable[[int], None]) -> None:
        partial.restart()
        try:
            # Asked before opening: a pipe or a device would never end, or never begin.
            if not stat.S_ISREG(path.stat().st_mode):
                raise UnreachableError("is not a regular file")
            with path.open("rb", buffering=0) as stream:
                while block := stream.read(_BLOCK):
                    partial.write(block)
                    advance(partial.received)
                    if self.stopping.is_set():
                        raise Cancelled
        except OSError as error:
            raise UnreachableError(error.strerror or str(error)) from error
        partial.check()


class _Session(requests.Session):
    """A session that reads no redirect's body: requests does so, whole, even where it is told not to follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none."""
