"""The URLs of pins asked again: what each finding means, and that no body is read unasked."""

import hashlib

import pytest
from faultserver import FaultServer, broken, chunked, lengthless, redirect, status, whole
from fetching import BODY, QUICK

from linkmode.fetch.recheck import Finding, recheck
from linkmode.model import Pin

WRONG = BODY[::-1]


def pin(*urls: str, size: int | None = len(BODY)) -> Pin:
    return Pin(family="zig", version="1", file="f.tgz", urls=urls, sha256=hashlib.sha256(BODY).hexdigest(), size=size)


def check(*pins: Pin, download: bool = False) -> list[Finding]:
    return list(recheck(pins, download=download, jobs=4, limits=QUICK))


@pytest.mark.parametrize(
    ("answer", "quick", "thorough", "detail"),
    [
        (whole(BODY), "reachable", "verified", ""),
        (chunked(BODY), "reachable", "verified", "it does not say its size"),
        (whole(WRONG), "reachable", "mismatch", ""),
        (whole(BODY[1:]), "mismatch", "mismatch", "size mismatch: expected 300,000 bytes, the server has 299,999"),
        (status(404), "unreachable", "unreachable", "HTTP 404"),
        (status(503), "unreachable", "unreachable", "HTTP 503 Service Unavailable (after 3 attempts)"),
        (broken(BODY, 100_000), "reachable", "verified", ""),
        (redirect("ftp://h/"), "unreachable", "unreachable", "redirects from http to ftp: refused (ftp://h/)"),
        (
            lengthless(b"<html>", declared=6, Content_Type="text/html; charset=utf-8"),
            "unreachable",
            "mismatch",
            "answers with an HTML page instead of the file",
        ),
    ],
)
def test_findings(server: FaultServer, answer: object, quick: str, thorough: str, detail: str) -> None:
    server.routes["/f"] = answer  # type: ignore[assignment]
    [found] = check(pin(server.url("/f")))
    assert (found.state, found.url) == (quick, server.url("/f"))
    assert found.detail.startswith(detail)
    [read] = check(pin(server.url("/f")), download=True)
    assert read.state == thorough


def test_every_url_of_every_pin_in_order(server: FaultServer) -> None:
    server.routes |= {"/a": whole(BODY), "/b": whole(BODY)}
    gone, a, b = (server.url(path) for path in ("/gone", "/a", "/b"))
    found = check(pin(gone, a), pin(b, gone, size=None))
    assert [(one.url, one.state) for one in found] == [
        (gone, "unreachable"),
        (a, "reachable"),
        (b, "reachable"),
        (gone, "unreachable"),
    ]


def test_the_package_index_is_held_to_its_word(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "CERT", "CLIENT_CERT", "PROXY", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/simple/"))
    digest = hashlib.sha256(BODY).hexdigest()
    server.routes["/f/f.tgz"] = whole(BODY)
    for declared, state in ((digest, "reachable"), ("0" * 64, "mismatch")):
        page = f"<!DOCTYPE html><html><body><a href='/f/f.tgz#sha256={declared}'>f.tgz</a></body></html>".encode()
        server.routes["/simple/p/"] = whole(page, Content_Type="text/html")
        [found] = check(pin("pypi:p/f.tgz"))
        assert found.state == state
    [found] = check(pin("pypi:other/f.tgz"))
    assert found.state == "unreachable"
