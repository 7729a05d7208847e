"""The rules for pins, advisories and signers, of the catalogue and of a user's own. Pure.

Each function gives problems, not exceptions: ``catalog`` adds where they were found and raises them all at once.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from linkmode.model import field_rules as rules
from linkmode.model import provenance
from linkmode.model.values import DIGITS, Advisory, Archive, Pin, Signer

Kind = Literal["toolchain", "library", "language"]

_MINISIGN_KEY = 42
"""Bytes of a public key of minisign: ``Ed``, the number of the key in 8 bytes, and the key of Ed25519 in 32."""
_SIGNED = re.compile(
    r"https://[a-z0-9.-]+/([^\s?#]+/)?|pypi:[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._+!-]*|goproxy:([a-z0-9!._~-]+/)*"
)
_SUMDB = re.compile(r"[a-z0-9.-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


def pin_problems(pin: Pin, kind: Kind, *, shipped: bool) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for everything about one pin that its types do not say.

    ``shipped`` is whether it is of the catalogue, which must give provenance and may name no file of one machine.
    """
    yield from archive_problems(pin, machine=not shipped)
    if pin.tree_sha256 and (problem := rules.digest(pin.tree_sha256, "sha256")):
        yield "tree-sha256", problem
    if pin.confirmations < 0:
        yield "confirmations", f"expected a number of projects, found {pin.confirmations}"
    # With confirmations = 0 it says who hashed the bytes: `linkmode catalog add` writes so.
    if shipped and not pin.confirmed_by:
        yield "confirmed-by", "expected who confirms the checksum, and how many do (confirmations)"
    counted = provenance.count(pin.confirmed_by)
    if pin.confirmations > counted or (shipped and pin.confirmations != counted):
        yield (
            "confirmations",
            f"expected {counted}, the repositories that confirmed-by names as owner/name@revision:file, "
            f"found {pin.confirmations}",
        )
    # a language has both: compilers, and sources or libraries for a target
    if pin.exec is None and kind == "toolchain":
        yield "exec", "expected where its tools run, such as x86_64-linux, found None"
    if pin.exec is not None and kind == "library":
        yield (
            "exec",
            f"sources do not run, so they have no exec platform: expected no exec, found {rules.shown(pin.exec)}",
        )
    for index, target in enumerate(pin.targets):
        if problem := rules.target(target):
            yield f"targets[{index}]", problem
    for key, texts in {"confirmed-by": pin.confirmed_by, "contradictions": pin.contradictions}.items():
        for index, text in enumerate(texts):
            if problem := rules.line(text):
                yield f"{key}[{index}]", problem
    if problem := rules.line(pin.notes):
        yield "notes", problem


def archive_problems(archive: Archive, *, machine: bool, mirror: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for what a pin and a locked artifact share; ``machine`` and ``mirror`` as in `rules.url`."""
    of_values = {
        "family": rules.name(archive.family),
        "version": rules.version(archive.version),
        "file": rules.file_name(archive.file),
        "exec": "" if archive.exec is None else rules.exec_platform(archive.exec),
        "layout": rules.layout(archive.layout),
        "strip-prefix": rules.folder(archive.strip_prefix),
    }
    yield from ((key, problem) for key, problem in of_values.items() if problem)
    if not archive.sha256 and not archive.sha512:
        yield "sha256", "neither sha256 nor sha512: an archive that cannot be checked is not fetched"
    for algorithm in DIGITS:
        found = getattr(archive, algorithm)
        if found and (problem := rules.digest(found, algorithm)):
            yield algorithm, problem
    if not archive.urls:
        yield "urls", "expected at least one URL"
    for index, url in enumerate(archive.urls):
        if problem := rules.url(url, archive.file, machine=machine, mirror=mirror):
            yield f"urls[{index}]", problem
    if archive.size is not None and archive.size <= 0:
        yield "size", f"expected a number of bytes, found {archive.size}"
    for name, value in archive.measured.items():
        if problem := rules.name(name) or rules.fact(value):
            yield f"measured.{name}", problem


def advisory_problems(advisory: Advisory) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for everything about an advisory that its types do not say."""
    try:
        affected = SpecifierSet(advisory.affects)
    except InvalidSpecifier:
        yield "affects", f"expected a specifier of PEP 440 such as <1.2.12, found {advisory.affects!r}"
        return
    for fact, versions in advisory.measured.items():
        try:
            SpecifierSet(versions)
        except InvalidSpecifier:
            yield f"measured.{fact}", f"expected a specifier of PEP 440 such as <1.2.6, found {versions!r}"
    # An empty fixed-in says that no version of the family has the fix.
    if advisory.fixed_in:
        try:
            if affected.contains(Version(advisory.fixed_in), prereleases=True):
                yield "fixed-in", f"{advisory.fixed_in} is among the affected ({advisory.affects})"
        except InvalidVersion:
            yield "fixed-in", f"expected a version of PEP 440, found {advisory.fixed_in!r}"
    if urlsplit(advisory.url).scheme != "https":
        yield "url", f"expected an https URL, found {advisory.url!r}"


def signer_problems(signer: Signer) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for everything about a signer that its types do not say."""
    if not _SIGNED.fullmatch(signer.urls):
        yield "urls", f"expected https://host/folder/, pypi:<project>/ or goproxy:, found {rules.shown(signer.urls)}"
    if [bool(signer.minisign), bool(signer.repository), bool(signer.sumdb)].count(True) != 1:
        yield "minisign", "expected one of minisign, repository and sumdb"
    if signer.minisign and not _is_minisign_key(signer.minisign):
        yield (
            "minisign",
            f"expected a public key of minisign, RW and so on, found {rules.shown(signer.minisign)}",
        )
    if signer.repository and not _REPOSITORY.fullmatch(signer.repository):
        yield "repository", f"expected owner/name, found {rules.shown(signer.repository)}"
    if signer.sumdb and not _SUMDB.fullmatch(signer.sumdb):
        yield "sumdb", f"expected the key of a checksum database, name+number+key, found {rules.shown(signer.sumdb)}"
    if not provenance.count(signer.confirmed_by):
        yield "confirmed-by", "expected who says that it signs, as owner/name@revision:file"


def _is_minisign_key(text: str) -> bool:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) == _MINISIGN_KEY and key.startswith(b"Ed")


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
            for algorithm in DIGITS:
                digest = getattr(pin, algorithm)
                if digest and digests.setdefault((url, algorithm), digest) != digest:
                    yield (
                        f"{pin.file}: {url} has two checksums, {algorithm} {digests[url, algorithm]} "
                        f"and {digest}; at most one can be right"
                    )
