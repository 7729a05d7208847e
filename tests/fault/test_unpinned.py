"""A download that nobody has pinned: whole or not at all, and never pieced together."""

import gzip
import hashlib
import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from faultserver import Answer, FaultServer, broken, chunked, in_turn, lengthless, redirect, status, whole
from fetching import QUICK, Notes

from linkmode.fetch import unpinned
from linkmode.messages import IntegrityError, NetworkError, UsageError

Page = Callable[[str, dict[str, str]], Answer]
BODY = gzip.compress(random.Random(3).randbytes(200_000), mtime=0)  # workers name tests by its digest


def gather(url: str, folder: Path) -> unpinned.Gathered:
    return unpinned.gather(url, folder / "got", base=folder, progress=Notes(), limits=QUICK)


def assert_whole(found: unpinned.Gathered, folder: Path, body: bytes = BODY) -> None:
    assert (found.sha256, found.size) == (hashlib.sha256(body).hexdigest(), len(body))
    assert (folder / "got").read_bytes() == body


@pytest.mark.parametrize("answer", [whole(BODY), chunked(BODY), lengthless(BODY)], ids=["length", "chunks", "neither"])
def test_what_comes_is_hashed(trusted: FaultServer, tmp_path: Path, answer: object) -> None:
    trusted.routes |= {"/f": redirect("/g"), "/g": answer}  # type: ignore[dict-item]
    found = gather(trusted.url("/f"), tmp_path)
    assert_whole(found, tmp_path)
    assert found.source == trusted.url("/f")


def test_a_broken_download_starts_over_and_is_not_pieced_together(trusted: FaultServer, tmp_path: Path) -> None:
    other = gzip.compress(random.Random(4).randbytes(200_000))
    trusted.routes["/f"] = in_turn(broken(other, 100_000), whole(BODY))
    assert_whole(gather(trusted.url("/f"), tmp_path), tmp_path)
    assert not any("Range" in headers for _, headers in trusted.asked)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(404), "could not be reached: HTTP 404"),
        (broken(BODY, 1000), "could not be reached: connection closed after 1,000 of"),
        (whole(b"<!doctype html><p>log in"), "gives no archive to pin: answers with an HTML page instead of the file"),
        (whole(b"just words"), "gives no archive to pin: is no archive: neither gzip, xz nor zip"),
        (whole(BODY, Content_Type="text/html"), None),
        (lengthless(b""), "gives no archive to pin: is no archive"),
    ],
)
def test_what_is_no_archive(trusted: FaultServer, tmp_path: Path, answer: object, reason: str | None) -> None:
    trusted.routes["/f"] = answer  # type: ignore[assignment]
    if reason is None:  # the bytes say what it is, whatever the server calls them
        assert_whole(gather(trusted.url("/f"), tmp_path), tmp_path)
        return
    said, _, why = reason.partition(": ")
    with pytest.raises(NetworkError if "reached" in said else IntegrityError) as caught:
        gather(trusted.url("/f"), tmp_path)
    assert caught.value.exit_code == (4 if "reached" in said else 5)
    assert f"{trusted.url('/f')}: {said}:\n    {trusted.url('/f')}: {why}" in caught.value.problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/f.tgz", "ftp://h/f.tgz", "htps://h/f.tgz"])
def test_schemes_that_no_pin_may_have(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="a pin cannot have a URL of the scheme"):
        gather(url, tmp_path)


def test_files_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a b.tgz").write_bytes(BODY)
    for url in ("a b.tgz", (tmp_path / "a b.tgz").as_uri(), str(tmp_path / "a b.tgz")):
        assert_whole(gather(url, tmp_path), tmp_path)
    (tmp_path / "words").write_text("words")
    with pytest.raises(IntegrityError, match="words: gives no archive to pin:"):
        gather("words", tmp_path)


def test_no_file_has_a_nul_in_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a URL: no file has a NUL character in its name"):
        gather("file:///srv/a%00b.tgz", tmp_path)


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for url, why in (
        ("gone.tgz", "there is no such file"),
        ("pipe/gone.tgz", "there is no such file"),
        ((tmp_path / "gone.tgz").as_uri(), "there is no such file"),
        ("folder", "it is no regular file"),
        ("pipe", "it is no regular file"),
    ):
        with pytest.raises(UsageError, match=f"{why}; expected an archive") as caught:
            gather(url, tmp_path)
        assert caught.value.exit_code == 2


FILE = "z-1.tar.gz"
SHA256, SHA512, MD5 = (hashlib.new(name, BODY).hexdigest() for name in ("sha256", "sha512", "md5"))


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, trusted: FaultServer) -> FaultServer:
    """A pip that asks a server, and nothing else."""
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "CERT", "CLIENT_CERT", "PROXY", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", trusted.url("/simple/"))
    trusted.routes[f"/f/{FILE}"] = whole(BODY)
    return trusted


def in_html(href: str, digests: dict[str, str]) -> Answer:
    fragment = "&".join(f"{name}={digest}" for name, digest in digests.items())
    page = f"<!DOCTYPE html><html><body><a href='{href}#{fragment}'>{FILE}</a></body></html>"
    return whole(page.encode(), Content_Type="text/html")


def in_json(href: str, digests: dict[str, str]) -> Answer:
    file = {"filename": FILE, "url": href, "hashes": digests}
    listing = {"meta": {"api-version": "1.1"}, "name": "z", "files": [file]}
    return whole(json.dumps(listing).encode(), Content_Type="application/vnd.pypi.simple.v1+json")


@pytest.mark.parametrize("page", [in_html, in_json])
@pytest.mark.parametrize(
    "digests", [{}, {"sha256": SHA256}, {"sha256": SHA256.upper()}, {"sha512": SHA512, "md5": MD5}, {"blake9": "00"}]
)
def test_a_file_of_the_package_index(pip: FaultServer, tmp_path: Path, page: Page, digests: dict[str, str]) -> None:
    pip.routes["/simple/z/"] = page(f"/f/{FILE}", digests)
    assert_whole(gather(f"pypi:z/{FILE}", tmp_path), tmp_path)


@pytest.mark.parametrize("page", [in_html, in_json])
@pytest.mark.parametrize(
    "digests",
    [
        {"sha256": "0" * 64},
        {"sha256": "00"},
        {"sha256": ""},
        {"md5": "0" * 32},
        {"sha512": SHA512, "sha256": SHA512},
        {"sha256": SHA256, "sha1": "x"},
        {"SHA256": "0" * 64},
    ],
)
def test_a_file_that_the_index_declares_otherwise(
    pip: FaultServer, tmp_path: Path, page: Page, digests: dict[str, str]
) -> None:
    pip.routes["/simple/z/"] = page(f"/f/{FILE}", digests)
    with pytest.raises(
        IntegrityError, match=r"(md5|sha1|sha256) mismatch: the index declares .*; the file has "
    ) as caught:
        gather(f"pypi:z/{FILE}", tmp_path)
    assert caught.value.exit_code == 5
    assert caught.value.expected == "a tar, a zip or a wheel, with the digests that the index declares for it"
    if digests == {"sha256": ""}:
        assert f"sha256 '', which is no digest of 64 hexadecimal digits; the file has {SHA256}" in str(caught.value)


@pytest.mark.parametrize("form", ["html", "json"])
@pytest.mark.parametrize("last", [SHA256, "0" * 64])
@pytest.mark.parametrize("name", ["sha256", "SHA256"])
def test_two_digests_of_one_kind_are_no_digest(
    pip: FaultServer, tmp_path: Path, form: str, last: str, name: str
) -> None:
    first = SHA256 if last != SHA256 else "0" * 64
    if form == "html":
        page = f"<!DOCTYPE html><a href='/f/{FILE}#sha256={first}&{name}={last}'>{FILE}</a>"
        pip.routes["/simple/z/"] = whole(page.encode(), Content_Type="text/html")
    else:
        hashes = f'{{"sha256": "{first}", "{name}": "{last}"}}'
        file = f'{{"filename": "{FILE}", "url": "/f/{FILE}", "hashes": {hashes}}}'
        listing = f'{{"meta": {{"api-version": "1.1"}}, "name": "z", "files": [{file}]}}'
        pip.routes["/simple/z/"] = whole(listing.encode(), Content_Type="application/vnd.pypi.simple.v1+json")
    with pytest.raises(NetworkError, match="its page cannot be read: it gives 'sha256' two values"):
        gather(f"pypi:z/{FILE}", tmp_path)


def test_a_page_on_disk_declares_too(tmp_path: Path, pip: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    links = tmp_path / "links.html"
    links.write_text(f"<a href='{FILE}#sha256={'0' * 64}'>{FILE}</a>")
    (tmp_path / FILE).write_bytes(BODY)
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(IntegrityError, match="sha256 mismatch: the index declares sha256 000"):
        gather(f"pypi:z/{FILE}", tmp_path)
    links.write_text(f"<a href='{FILE}#sha256={SHA256}'>{FILE}</a>")
    assert_whole(gather(f"pypi:z/{FILE}", tmp_path), tmp_path)


def test_a_module_of_the_go_proxy(trusted: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "golang.org/toolchain/@v/v1.zip"
    trusted.routes[f"/go/{name}"] = whole(BODY)
    monkeypatch.setenv("GOPROXY", trusted.url("/go"))
    assert_whole(gather(f"goproxy:{name}", tmp_path), tmp_path)
    monkeypatch.setenv("GOPROXY", trusted.url("/go").replace("https:", "http:"))
    with pytest.raises(NetworkError, match="over http: refused, since no checksum is pinned yet"):
        gather(f"goproxy:{name}", tmp_path)
    with pytest.raises(UsageError, match=r"expected goproxy:<module>/@v/<version>\.zip"):
        gather("goproxy:golang.org/toolchain", tmp_path)


def test_plain_http_is_asked_for_nothing_that_is_not_pinned(
    pip: FaultServer, server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for a page, nor for the file, whatever digest a page declares."""
    page = in_html(server.url(f"/f/{FILE}"), {"sha256": SHA256})
    server.routes |= {"/simple/z/": page, f"/f/{FILE}": whole(BODY)}
    pip.routes["/simple/z/"] = page
    links = tmp_path / "links.html"
    links.write_text(f"<a href='{server.url(f'/f/{FILE}')}#sha256={SHA256}'>{FILE}</a>")
    for variable, value in (
        ("PIP_INDEX_URL", server.url("/simple/")),
        ("PIP_INDEX_URL", pip.url("/simple/")),
        ("PIP_FIND_LINKS", str(links)),
    ):
        monkeypatch.setenv(variable, value)
        with pytest.raises(NetworkError, match="is asked for over http: refused, since no checksum is pinned yet"):
            gather(f"pypi:z/{FILE}", tmp_path)
        assert server.asked == []


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"[" * 100_000, "application/vnd.pypi.simple.v1+json", "its page cannot be read: it is nested too deeply"),
        (b'{"a":' * 100_000, "application/json", "its page cannot be read: it is nested too deeply"),
        (b"[]", "application/vnd.pypi.simple.v1+json", "its page cannot be read: "),
        (b'{"meta": [], "files": 1}', "application/json", "its page cannot be read: "),
        (b"9" * 10_000, "application/json", "its page cannot be read: "),
        (b"\xff", "application/json", "its page cannot be read: "),
        (b"<a href=x>" * 100_000, "text/html", f"has no file {FILE}"),
        (b"<a href=x>t" * 100_000, "text/html", f"has no file {FILE}"),
        (b"<!--" * 100_000, "text/html", f"has no file {FILE}"),
        (b"<meta name=pypi:repository-version content=2.0>", "text/html", "it is of version '2.0' of the format"),
        (f"<a href='http://[x/{FILE}'>".encode(), "text/html", "its page cannot be read: "),
        (b"<base href='http://[x/'><a href=f>", "text/html", "its page cannot be read: "),
    ],
)
def test_a_page_that_is_made_to_harm(pip: FaultServer, tmp_path: Path, body: bytes, kind: str, reason: str) -> None:
    pip.routes["/simple/z/"] = whole(body, Content_Type=kind)
    with pytest.raises(NetworkError) as caught:
        gather(f"pypi:z/{FILE}", tmp_path)
    assert reason in caught.value.problem
    assert len(caught.value.problem) < 1000
