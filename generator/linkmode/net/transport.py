"""Copies one URL to one file, over HTTP or from disk: retries, resume, bounds. Knows nothing of the store."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import requests

from linkmode.model import textfile
from linkmode.model.failures import Cancelled, UnreachableError, WrongBytesError
from linkmode.net import answers
from linkmode.net.partial import Partial
from linkmode.net.reach import Origin
from linkmode.net.web import PER_HOST, Limits, Web
from linkmode.net.wire import Wire

_BLOCK = 256 << 10
_Answer = TypeVar("_Answer")


class Transport:
    """Brings bytes from origins. Safe for use by several threads; ``stop`` ends all of them."""

    def __init__(self, limits: Limits, per_host: int = PER_HOST) -> None:
        self.limits = limits
        self._web = Web(limits, per_host)
        self.stopping = self._web.stopping

    def stop(self) -> None:
        """Make every running transfer raise Cancelled soon, also one that waits."""
        self._web.stop()

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
        """Wait before the next attempt; raise ``failure`` if no attempt is left."""
        if not failure.transient:
            raise failure
        if failed >= self.limits.attempts:
            raise UnreachableError(f"{failure.reason} (after {failed} attempts)", silent=failure.silent)
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

        def read(response: requests.Response, wire: Wire) -> tuple[bytes, str, str]:
            body = answers.body(response, self._web.blocks(response, wire), "an index page", answers.MAX_PAGE)
            return body, response.headers.get("Content-Type", "text/html"), response.url

        kinds = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
        return self._ask(origin, {"Accept": kinds, "Accept-Encoding": answers.PAGE_ENCODING}, read)

    def document(self, origin: Origin, what: str, kinds: str, most: int) -> bytes:
        """Return what a URL gives, of at most ``most`` bytes and of the media types ``kinds``.

        ``what`` is what a failure calls it. Raises UnreachableError.
        """
        return self._ask(
            origin,
            {"Accept": kinds, "Accept-Encoding": answers.PAGE_ENCODING},
            lambda response, wire: answers.body(response, self._web.blocks(response, wire), what, most),
        )

    def length(self, origin: Origin) -> int | None:
        """Return the size in bytes of what a URL gives, None when it does not say; read none of it.

        Asked with GET, which every server of files answers as it will later. Raises UnreachableError.
        """
        return self._ask(origin, {"Accept-Encoding": "identity"}, lambda response, _: answers.file_length(response))

    def _ask(
        self, origin: Origin, headers: dict[str, str], read: Callable[[requests.Response, Wire], _Answer]
    ) -> _Answer:
        """Return what ``read`` makes of an answer that has status 200, trying as often as the limits say."""
        failed = 0
        while True:
            try:
                with self._web.open(origin, headers) as (response, wire):
                    answers.require(response, 200)
                    return read(response, wire)
            except UnreachableError as failure:
                failed += 1
                self._pause(failure, failed)

    def _request(self, origin: Origin, partial: Partial, advance: Callable[[int], None]) -> None:
        # The archive's own bytes are what is pinned: no transport compression, neither asked for nor undone.
        headers = {"Accept-Encoding": "identity"}
        if not partial.resumable:
            partial.restart()
        if partial.received:
            headers["Range"] = f"bytes={partial.received}-"
        with self._web.open(origin, headers) as (response, wire):
            whole = answers.begin(response, partial)
            try:
                self._receive(response, wire, partial, whole, advance)
                partial.check()
            except WrongBytesError as wrong:
                raise answers.named(wrong, response, partial) from wrong

    def _receive(
        self,
        response: requests.Response,
        wire: Wire,
        partial: Partial,
        whole: int | None,
        advance: Callable[[int], None],
    ) -> None:
        if whole is not None and partial.size not in (None, whole):
            raise WrongBytesError(f"size mismatch: expected {partial.size:,} bytes, the server has {whole:,}")
        # A body that ends early is told apart below, with both lengths.
        response.raw.enforce_content_length = False
        for block in self._web.blocks(response, wire):
            partial.write(block)
            advance(partial.received)
        expected = partial.size if whole is None else whole
        if expected is not None and partial.received < expected:
            raise UnreachableError(
                f"connection closed after {partial.received:,} of {expected:,} bytes", transient=True
            )

    def _copy(self, path: Path, partial: Partial, advance: Callable[[int], None]) -> None:
        partial.restart()
        try:
            with textfile.open_regular(path) as stream:
                while block := stream.read(_BLOCK):
                    partial.write(block)
                    advance(partial.received)
                    if self.stopping.is_set():
                        raise Cancelled
        except OSError as error:
            raise UnreachableError(error.strerror or str(error)) from error
        partial.check()
