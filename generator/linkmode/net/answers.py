"""Interprets one HTTP answer for the wanted file. An answer can at most raise OriginError."""

import contextlib
import re
import zlib
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from urllib3.util import Retry

from linkmode.model.failures import OriginError, UnreachableError, WrongBytesError
from linkmode.net.partial import Partial
from linkmode.net.reach import login_advice, without_login

PAGE_ENCODING = "gzip"
"""The only compression that requests for pages allow. Files are never decompressed."""

_GZIP = 16 + zlib.MAX_WBITS
"""What zlib calls a gzip header and trailer around the data."""

MAX_PAGE = 64 << 20
"""Bytes that a page of a package index may have."""

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_ABSENT = frozenset({404, 410})
_LENGTH = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_RETRY_AFTER = Retry()


def next_url(url: str, location: str) -> str:
    """The next URL of a chain; raise UnreachableError unless it is https (docs/decisions/0008)."""
    # Without what may be a secret: a login, or the signature of an address that is good for an hour.
    shown = without_login(location).partition("?")[0]
    try:
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme
    except ValueError as error:
        raise UnreachableError(f"redirects to something that is not a URL: {shown}") from error
    if scheme == "https":
        return target
    advice = "; use the address that it leads to instead" if urlsplit(url).scheme == "http" else ""
    raise UnreachableError(
        f"redirects from {urlsplit(url).scheme} to {scheme or 'an unknown scheme'}: refused ({shown}){advice}"
    )


def require(response: requests.Response, *allowed: int) -> None:
    """Raise UnreachableError when the status is another one."""
    status = response.status_code
    if status in allowed:
        return
    wait = None
    if status in _TRANSIENT:
        # A Retry-After that is neither seconds nor a date of this world says nothing: the usual backoff applies.
        with contextlib.suppress(urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
            wait = _RETRY_AFTER.get_retry_after(response.raw)
    said = f"HTTP {status} {response.reason}".rstrip()
    advice = f"; {login_advice()}" if status == requests.codes.unauthorized else ""
    raise UnreachableError(f"{said}{advice}", transient=status in _TRANSIENT, wait=wait, absent=status in _ABSENT)


def body(response: requests.Response, blocks: Iterable[bytes], what: str, most: int) -> bytes:
    """The whole body, unpacked, of at most ``most`` bytes; raise UnreachableError, which calls it ``what``."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", PAGE_ENCODING):
        raise UnreachableError(f"sends {what} in the encoding {encoding!r}, which was not asked for")
    unpack = zlib.decompressobj(_GZIP) if encoding == PAGE_ENCODING else None
    found = bytearray()
    try:
        for block in blocks:
            found += unpack.decompress(block, most + 1 - len(found)) if unpack else block
            if len(found) > most:
                raise UnreachableError(f"sends {what} of more than {most:,} bytes")
    except zlib.error as error:
        raise UnreachableError(f"sends {what} that cannot be unpacked: {error}") from error
    if unpack and not unpack.eof:
        raise UnreachableError(f"connection closed within {what}", transient=True)
    return bytes(found)


def begin(response: requests.Response, partial: Partial) -> int | None:
    """Set ``partial`` to where this body begins; return how long the whole file is, if the server says."""
    if response.status_code == 416 and partial.received:
        partial.restart()
        raise UnreachableError("has fewer bytes than an earlier download left", transient=True)
    require(response, 200, *([206] if partial.received else []))
    if response.status_code == 206:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if not found or int(found[1]) != partial.received:
            partial.restart()
            raise UnreachableError("answers with another range than requested", transient=True)
        partial.pieced = True
        return None if found[2] == "*" else int(found[2])
    if partial.received:
        partial.restart()
    return length(response)


def length(response: requests.Response) -> int | None:
    """The length of the body in bytes, as the answer declares it; None if it declares none."""
    given = response.headers.get("Content-Length", "")
    return int(given) if _LENGTH.fullmatch(given) else None


def file_length(response: requests.Response) -> int | None:
    """The same length; raise UnreachableError when the answer is a web page."""
    if is_page(response):
        raise UnreachableError("answers with an HTML page instead of the file")
    return length(response)


def is_page(response: requests.Response) -> bool:
    """Whether the answer says that it is a web page."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"


def named(wrong: WrongBytesError, response: requests.Response, partial: Partial) -> OriginError:
    """Return ``wrong``, or a failure that names the web page that came: a login, a captive portal, an error as 200."""
    head = partial.head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if is_page(response) or head.startswith((b"<!doctype html", b"<html")):
        return WrongBytesError(f"answers with an HTML page instead of the file ({wrong.reason})")
    return wrong
