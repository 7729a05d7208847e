"""The rules that a pin and an advisory must keep, of the catalogue and of a user's own. Pure.

Each function gives problems, not exceptions: ``catalog`` adds where they were found and raises them all at once.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from linkmode.messages import ConfigError
from linkmode.model.values import Advisory, Pin, Target

Kind = Literal["toolchain", "library", "language"]

_DIGEST_LENGTH = {"sha256": 64, "sha512": 128}
_DIGEST_KEYS = {"sha256": "sha256", "sha512": "sha512", "tree-sha256": "sha256"}
_PYPI_URL = re.compile(r"pypi:[A-Za-z0-9][A-Za-z0-9._-]*/(?P<file>[^/\s]+)")
_LOGIN = re.compile(r"//[^/?#]*@")
_EXEC = re.compile(r"[a-z0-9_]+-[a-z0-9]+")


def pin_problems(pin: Pin, kind: Kind, *, shipped: bool) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for everything about one pin that its types do not say.

    ``shipped`` is whether it is of the catalogue, which must give provenance and may name no file of one machine.
    """
    try:
        Version(pin.version)
    except InvalidVersion:
        yield "version", f"expected a version of PEP 440 such as 11.2.1, found {pin.version!r}"
    if not pin.file or PurePosixPath(pin.file).name != pin.file:
        yield "file", f"expected the name of a file, without a folder, found {pin.file!r}"
    if not pin.sha256 and not pin.sha512:
        yield "sha256", "neither sha256 nor sha512: an archive that cannot be checked is not fetched"
    for key, algorithm in _DIGEST_KEYS.items():
        digest, length = getattr(pin, key.replace("-", "_")), _DIGEST_LENGTH[algorithm]
        if digest and not re.fullmatch(f"[0-9a-f]{{{length}}}", digest):
            yield key, f"expected {length} lower-case hexadecimal digits, found {digest!r} ({len(digest)} characters)"
    if not pin.urls:
        yield "urls", "expected at least one URL"
    for index, url in enumerate(pin.urls):
        problem = _url_problem(url, pin, shipped=shipped)
        if problem:
            yield f"urls[{index}]", f"{problem}, found {_LOGIN.sub('//', url)!r}"
    if pin.size is not None and pin.size <= 0:
        yield "size", f"expected a number of bytes, found {pin.size}"
    if pin.confirmations < 0:
        yield "confirmations", f"expected a number of projects, found {pin.confirmations}"
    # With confirmations = 0 it says who hashed the bytes: `linkmode catalog add` writes so.
    if shipped and not pin.confirmed_by:
        yield "confirmed-by", "expected who confirms the checksum, and how many do (confirmations)"
    # a language has both: compilers, and sources or libraries for a target
    if (kind == "toolchain" or (kind == "language" and pin.exec is not None)) and not _EXEC.fullmatch(pin.exec or ""):
        yield "exec", f"expected where its tools run, such as x86_64-linux, found {pin.exec!r}"
    if kind == "library" and pin.exec is not None:
        yield "exec", f"sources run nowhere: expected no exec, found {pin.exec!r}"
    prefix = PurePosixPath(pin.strip_prefix)
    if prefix.is_absolute() or ".." in prefix.parts or "\\" in pin.strip_prefix:
        yield "strip-prefix", f"expected a folder inside the archive, found {pin.strip_prefix!r}"
    for index, target in enumerate(pin.targets):
        try:
            Target(target)
        except ConfigError as error:
            yield f"targets[{index}]", error.problem


def _url_problem(url: str, pin: Pin, *, shipped: bool) -> str:
    """Return what is wrong with ``url`` as one of ``pin``'s, or an empty string."""
    if not url or any(c.isspace() or not c.isprintable() for c in url):
        return "expected a URL without spaces"
    try:
        parts = urlsplit(url)
        host, credentials = parts.hostname, parts.username is not None or parts.password is not None
    except ValueError as error:
        return f"expected a URL ({error})"
    scheme = parts.scheme
    if scheme == "https":
        if not host:
            return "expected a host"
        return "expected no user or password, which would be written to the lock (use ~/.netrc)" if credentials else ""
    if scheme == "http":
        return "plain http, which anyone on the way can change or watch: expected https"
    if scheme == "pypi":
        match = _PYPI_URL.fullmatch(url)
        if not match:
            return "expected pypi:<project>/<file>"
        return "" if match["file"] == pin.file else f"expected the file that the pin names, {pin.file!r}"
    if shipped:
        return "expected https or pypi:<project>/<file>"
    if scheme == "file":
        return "" if parts.netloc in ("", "localhost") and parts.path else "expected file:///path/to/the/archive"
    if scheme:
        return "expected https, pypi:<project>/<file>, file: or a path relative to linkmode.toml"
    return "expected a path relative to linkmode.toml, or file:// before an absolute one" if url.startswith("/") else ""


def advisory_problems(advisory: Advisory) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for everything about an advisory that its types do not say."""
    try:
        affected = SpecifierSet(advisory.affects)
    except InvalidSpecifier:
        yield "affects", f"expected a specifier of PEP 440 such as <1.2.12, found {advisory.affects!r}"
        return
    # An empty fixed-in says that no version of the family has the fix.
    if advisory.fixed_in:
        try:
            if affected.contains(Version(advisory.fixed_in), prereleases=True):
                yield "fixed-in", f"{advisory.fixed_in} is among the affected ({advisory.affects})"
        except InvalidVersion:
            yield "fixed-in", f"expected a version of PEP 440, found {advisory.fixed_in!r}"
    if urlsplit(advisory.url).scheme != "https":
        yield "url", f"expected an https URL, found {advisory.url!r}"


def set_problems(pins: Sequence[Pin]) -> Iterator[str]:
    """Yield what is wrong among the pins of one family: rows given twice, URLs with two checksums."""
    rows: set[tuple[str, str, str]] = set()
    digests: dict[tuple[str, str], str] = {}
    for pin in pins:
        row = (pin.version, pin.file, pin.source)
        if row in rows:
            yield f"{pin.file}: version {pin.version} from {pin.source} is pinned twice"
        rows.add(row)
        for url in pin.urls:
            for algorithm in _DIGEST_LENGTH:
                digest = getattr(pin, algorithm)
                if digest and digests.setdefault((url, algorithm), digest) != digest:
                    yield (
                        f"{pin.file}: {url} has two checksums, {algorithm} {digests[url, algorithm]} "
                        f"and {digest}; at most one can be right"
                    )
