"""The URLs of pins asked again: what each finding means, and that no body is read unasked."""

import hashlib
import threading
import time
from pathlib import Path

import pytest
from faultserver import Answer, FaultServer, broken, chunked, lengthless, redirect, status, whole
from fetching import BODY, QUICK

from linkmode.fetch.recheck import Finding, recheck
from linkmode.model.values import Pin

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


@pytest.mark.parametrize("download", [False, True])
def test_no_more_than_four_at_once_from_one_host_with_pages_and_redirects(
    trusted: FaultServer, pip: pytest.MonkeyPatch, download: bool
) -> None:
    pip.setenv("PIP_INDEX_URL", trusted.url("/simple/"))
    guard, now, most = threading.Lock(), 0, 0

    def counted(answer: Answer) -> Answer:
        def counting(handler: object) -> None:
            nonlocal now, most
            with guard:
                now += 1
                most = max(most, now)
            time.sleep(0.02)
            with guard:
                now -= 1
            answer(handler)  # type: ignore[arg-type]

        return counting

    page = b"<!DOCTYPE html><html><body><a href='/moved/f.tgz'>f.tgz</a></body></html>"
    trusted.routes |= {
        "/moved/f.tgz": counted(redirect("/f")),
        "/f": counted(whole(BODY)),
        **{f"/simple/p{number}/": counted(whole(page, Content_Type="text/html")) for number in range(12)},
    }
    found = list(
        recheck([pin(f"pypi:p{number}/f.tgz") for number in range(12)], download=download, jobs=12, limits=QUICK)
    )
    assert {one.state for one in found} == {"verified" if download else "reachable"}
    assert 1 < most <= 4


def test_a_file_that_is_gone(tmp_path: Path, pip: pytest.MonkeyPatch) -> None:
    """A page of links on disk may name a file that is not there, or not any more."""
    (tmp_path / "page.html").write_text("<!DOCTYPE html><html><body><a href='f.tgz'>f.tgz</a></body></html>")
    pip.setenv("PIP_FIND_LINKS", str(tmp_path / "page.html"))
    pip.setenv("PIP_NO_INDEX", "1")
    for download in (False, True):
        [found] = check(pin("pypi:p/f.tgz"), download=download)
        assert (found.state, found.detail) == ("unreachable", "No such file or directory")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A pip with no settings but those of the test."""
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "CERT", "CLIENT_CERT", "PROXY", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return monkeypatch


def test_the_package_index_is_held_to_its_word(server: FaultServer, pip: pytest.MonkeyPatch) -> None:
    pip.setenv("PIP_INDEX_URL", server.url("/simple/"))
    digest = hashlib.sha256(BODY).hexdigest()
    server.routes["/f/f.tgz"] = whole(BODY)
    for declared, state in ((digest, "reachable"), ("0" * 64, "mismatch")):
        page = f"<!DOCTYPE html><html><body><a href='/f/f.tgz#sha256={declared}'>f.tgz</a></body></html>".encode()
        server.routes["/simple/p/"] = whole(page, Content_Type="text/html")
        [found] = check(pin("pypi:p/f.tgz"))
        assert found.state == state
    [found] = check(pin("pypi:other/f.tgz"))
    assert found.state == "unreachable"
