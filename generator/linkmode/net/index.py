"""Resolves ``pypi:<project>/<file>`` to URLs. The index is not trusted: the lock's checksum decides.

Nothing of a package is ever run: pages are read (PEP 503, PEP 691), the file is fetched like any other.
"""

import functools
import hashlib
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit, urlunsplit

from packaging.utils import canonicalize_name

from linkmode.model import textfile
from linkmode.model.failures import OriginError, UnreachableError, WrongBytesError
from linkmode.model.values import Checksum
from linkmode.net.html import tags
from linkmode.net.reach import Access, Origin, redacted
from linkmode.net.transport import Transport

if TYPE_CHECKING:
    from linkmode.net.pip_config import PipConfig


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One file of a project (its name normalised), and the digest that it must have, where one is pinned.

    Without one, plain http is not used: anyone on the way could send any file, with its digest.
    """

    project: str
    file: str
    checksum: Checksum | None


_LONGEST_SHOWN = 200
_MAX_FIELDS = 20


class _Listed(NamedTuple):
    """A file as a page lists it. ``digests`` are hexadecimal, by hashlib's name of the algorithm.

    ``provenance`` is where its attestations are (PEP 740); empty where the page names none.
    """

    name: str
    url: str
    digests: Mapping[str, str]
    provenance: str = ""


_URL = re.compile(r"pypi:(?P<project>[A-Za-z0-9._-]+)/(?P<file>[A-Za-z0-9._+!-]+)")


def file_path(url: str) -> Path:
    """The path of an absolute ``file:`` URL (RFC 8089); raise ValueError for a name that no file can have."""
    path = unquote(urlsplit(url).path)
    if "\0" in path:
        raise ValueError("no file has a NUL character in its name")
    return Path(path)


class PackageIndex:
    """The user's package index; its configuration is read when it is first asked."""

    def __init__(self, transport: Transport, access: Access) -> None:
        self._transport = transport
        self._otherwise = access
        self._guard = threading.Lock()

    @functools.cached_property
    def _config(self) -> "PipConfig":
        from linkmode.net import pip_config  # with pypi-simple: see `_listing`

        return pip_config.read()

    def locate(self, url: str, checksum: Checksum | None) -> Iterator[tuple[str, Origin | OriginError]]:
        """Yield every place that has the file, and why each other one has not, both with what to call it.

        Without a ``checksum`` an origin has the digests that its page declares, for the caller to hold the file
        against, and every address is https.
        """
        found = _URL.fullmatch(url)
        if not found:
            yield url, UnreachableError("is not of the form pypi:<project>/<file>")
            return
        with self._guard:
            config = self._config
        access = config.access(self._otherwise)
        wanted = _Wanted(canonicalize_name(found["project"]), found["file"], checksum)
        pages = [(place, place) for place in config.find_links]
        pages += [(index, f"{index.rstrip('/')}/{wanted.project}/") for index in config.indexes]
        if not pages:
            yield url, UnreachableError("pip's settings disable the index (no-index) and have no find-links")
        for place, page in pages:
            label = f"{url} ({redacted(place)})"
            try:
                yield label, self._search(label, page, wanted, access)
            except OriginError as failure:
                yield label, failure
            except ValueError as error:
                yield label, UnreachableError(f"names something that is not a URL: {error}")

    def _search(self, label: str, page: str, wanted: _Wanted, access: Access) -> Origin:
        """The file in one page of links or one folder; raise an OriginError if it is not there."""
        local = _local(page)
        if local is None:
            _require_https(page, wanted)
            found = _choose(_listing(wanted, *self._transport.page(Origin(page, page, access))), wanted)
        elif local.is_dir() and not (local / "index.html").is_file():
            if not (local / wanted.file).is_file():
                raise UnreachableError(f"has no file {wanted.file}")
            return Origin(label, path=local / wanted.file)
        else:
            found = _choose(_listing(wanted, *_read(local)), wanted)
        url = found.url
        if urlsplit(url).scheme == "file":
            # A page from the network must not name files of this machine.
            if local is None:
                raise UnreachableError(f"names a file of this machine: {url}")
            return Origin(label, path=file_path(url), declared=found.digests)
        _require_https(url, wanted)
        return Origin(label, _with_login(url, page), access, declared=found.digests, provenance=found.provenance)


def _require_https(url: str, wanted: _Wanted) -> None:
    scheme = urlsplit(url).scheme
    if wanted.checksum is None and scheme != "https":
        raise UnreachableError(f"is asked for over {scheme}: refused, since no checksum is pinned yet; expected https")


def _local(place: str) -> Path | None:
    """The path in a setting of pip, a ``file:`` URL or a plain path; None for a web address."""
    scheme = urlsplit(place).scheme
    if scheme == "file":
        return file_path(place)
    if scheme in {"http", "https"}:
        return None
    try:
        return Path(place).expanduser()
    except RuntimeError:  # there is no such user, or this one has no home: then it is a plain name, as for pip
        return Path(place)


def _read(path: Path) -> tuple[bytes, str, str]:
    """A page of this machine as the transport would give it: body, content type, and the URL to resolve links by."""
    path = path / "index.html" if path.is_dir() else path
    try:
        return textfile.regular(path), "text/html", path.absolute().as_uri()
    except OSError as error:
        raise UnreachableError(error.strerror or str(error)) from error


def _listing(wanted: _Wanted, body: bytes, kind: str, base: str) -> Iterable[_Listed]:
    """The files of a page in either of its formats, of HTML the wanted one alone.

    Raises UnreachableError when it is in neither.
    """
    # Imported on use: it is the slowest import of `fetch`, and most locks name no package index.
    from pypi_simple import ProjectPage, UnsupportedRepoVersionError

    try:
        if "json" not in kind:
            return list(_links(body.decode("utf-8", "replace"), base, wanted.file))
        page = _of_first_version(json.loads(body, object_pairs_hook=_once))
        listed = ProjectPage.from_json_data(page, base).packages
        return [_Listed(one.filename, one.url, _once(one.digests.items()), one.provenance_url or "") for one in listed]
    except RecursionError as error:
        raise UnreachableError("its page cannot be read: it is nested too deeply") from error
    except (ValueError, UnsupportedRepoVersionError) as error:
        raise UnreachableError(f"its page cannot be read: {str(error)[:_LONGEST_SHOWN]}") from error


def _of_first_version(page: Any) -> Any:
    """``page`` as of version 1.0 where it says 1.x, which says the same of what is read here (PEP 629).

    pypi_simple would warn on standard error of each minor version that came after it.
    """
    match page:
        case {"meta": {"api-version": str(version)}} if re.fullmatch(r"1\.[0-9]+", version):
            return {**page, "meta": {**page["meta"], "api-version": "1.0"}}
    return page


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs, a digest under its name in lower case; raise ValueError for a name with two values.

    Readers disagree which of the two counts: one of them would hold the file to the other digest, or to none.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        key = name.lower() if name.lower() in hashlib.algorithms_guaranteed else name
        if found.setdefault(key, value) != value:
            raise ValueError(f"it gives {key[:_LONGEST_SHOWN]!r} two values")
    return found


def _links(page: str, base: str, file: str) -> Iterator[_Listed]:
    """The links of a page that lead to a file of this name (PEP 503), a digest in the fragment of each."""
    is_based = False
    for tag, attributes, text in tags(page):
        if tag == "meta" and attributes.get("name") == "pypi:repository-version":
            version = attributes.get("content", "")
            if version.partition(".")[0] != "1":
                raise ValueError(f"it is of version {version[:_LONGEST_SHOWN]!r} of the format; expected 1")
        if "href" not in attributes:
            continue
        if tag == "base" and not is_based:
            base, is_based = urljoin(base, attributes["href"]), True
        elif tag == "a":
            href, _, fragment = attributes["href"].strip().partition("#")
            name = unquote(href.partition("?")[0].rpartition("/")[2])
            # By its address, as pip has it, or by its text, where an address is a number. Of thousands of links one is
            # wanted: only that one is taken apart.
            if file in (name, text):
                digests = _once(parse_qsl(fragment, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
                yield _Listed(file, urljoin(base, href), digests, attributes.get("data-provenance", ""))


def _choose(listing: Iterable[_Listed], wanted: _Wanted) -> _Listed:
    """The file as the page lists it; raise an OriginError if it has none, or declares other bytes."""
    for listed in listing:
        if listed.name == wanted.file:
            checksum = wanted.checksum
            if checksum is None:
                return listed
            declared = listed.digests.get(checksum.algorithm, checksum.hex)
            if declared.lower() != checksum.hex:
                said = said_digest(checksum.algorithm, declared)
                raise WrongBytesError(f"the index declares {said}, expected {checksum.hex}")
            return listed
    raise UnreachableError(f"has no file {wanted.file}")


def said_digest(algorithm: str, declared: str) -> str:
    """What a page declares of a file, for a message; where it is something else, with what was expected."""
    digits = hashlib.new(algorithm).digest_size * 2
    if re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", declared):
        return f"{algorithm} {declared.lower()}"
    return f"{algorithm} {declared[:_LONGEST_SHOWN]!r}, which is no digest of {digits} hexadecimal digits"


def _with_login(url: str, page: str) -> str:
    """Carry a user name and password of the index's URL over to a file of the same host, as pip does."""
    target, source = urlsplit(url), urlsplit(page)
    login, at, host = source.netloc.rpartition("@")
    if at and target.netloc == host and target.scheme == source.scheme:
        return urlunsplit(target._replace(netloc=f"{login}@{host}"))
    return url
