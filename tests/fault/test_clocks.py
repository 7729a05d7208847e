"""Servers that send something now and then, and never what was asked for: no limit from byte to byte ends those."""

import concurrent.futures
import gzip
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faultserver import (
    Answer,
    FaultServer,
    broken,
    drip,
    drip_frames,
    drip_headers,
    endless_continue,
    in_turn,
    lengthless,
    raw,
    silent_handshake,
    stall,
    status,
    whole,
)
from fetching import BODY, QUICK, artifact, fetch, kept, stored

from linkmode.messages import NetworkError
from linkmode.model.failures import UnreachableError
from linkmode.net import answers
from linkmode.net.reach import Origin
from linkmode.net.transport import Transport
from linkmode.net.web import Limits

CLOCKED = Limits(attempts=2, connect=2, answer=0.6, silence=0.5, patience=0.4, slowest=1000, backoff=0.01)
HEADERS = {"dripping headers": drip_headers(0.02), "endless 100 Continue": endless_continue(0.02)}
FRAMES = {
    "a dripping chunk size": drip_frames(BODY[:1000], 0.02, trailers=False),
    "endless trailers": drip_frames(BODY, 0.02, trailers=True),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", HEADERS.values(), ids=HEADERS)
def test_headers_that_never_end(server: FaultServer, store: Path, answer: Answer) -> None:
    server.routes |= {"/f": answer, "/once": in_turn(answer, whole(BODY))}
    with pytest.raises(NetworkError, match=r"stalled: no whole answer within 0\.6 s \(after 2 attempts\)"):
        fetch(store, artifact(server.url("/f")), limits=CLOCKED)
    art = artifact(server.url("/once"))
    fetch(store, art, limits=CLOCKED)
    assert stored(store) == kept(art)


@pytest.mark.timeout(60)
def test_headers_that_never_end_over_tls(trusted: FaultServer, store: Path) -> None:
    trusted.routes["/f"] = drip_headers(0.02)
    with pytest.raises(NetworkError, match=r"stalled: no whole answer within 0\.6 s"):
        fetch(store, artifact(trusted.url("/f")), limits=CLOCKED)


@pytest.mark.timeout(60)
def test_a_proxy_that_never_ends_its_answer(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("http_proxy", server.url(""))
    server.routes["http://mirror.example/f"] = drip_headers(0.02)
    with pytest.raises(NetworkError, match=r"stalled: no whole answer within 0\.6 s"):
        fetch(store, artifact("http://mirror.example/f"), limits=CLOCKED)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", FRAMES.values(), ids=FRAMES)
def test_a_chunked_body_whose_frame_never_ends(server: FaultServer, store: Path, answer: Answer) -> None:
    server.routes["/f"] = answer
    with pytest.raises(NetworkError, match=r"stalled: "):
        fetch(store, artifact(server.url("/f")), limits=CLOCKED)


LISTING = b"<!DOCTYPE html><html><body></body></html>"
PAGES = {
    "dripping headers": (drip_headers(0.02), "stalled: no whole answer"),
    "endless 100 Continue": (endless_continue(0.02), "stalled: no whole answer"),
    "a dripping body": (drip(LISTING * 100, 0.02), r"stalled: \d+ bytes/s"),
    "a body that stalls": (stall(LISTING, 5), "stalled: no byte for 0.5 s"),
    "a dripping chunk size": (drip_frames(LISTING, 0.02, trailers=False), "stalled: "),
    "a page that is cut": (broken(LISTING, 5), "closed|broken|read"),
    "packed, and cut": (
        lengthless(gzip.compress(LISTING * 100)[:-9], Content_Encoding="gzip"),
        "connection closed within an index page",
    ),
    "called packed": (lengthless(LISTING, Content_Encoding="gzip"), "sends an index page that cannot be unpacked"),
    "packed as nobody asked": (
        lengthless(LISTING, Content_Encoding="br"),
        "sends an index page in the encoding 'br', which was not asked for",
    ),
    "not there": (status(404), "HTTP 404"),
    "no headers": (raw(b""), "(?i)connection|closed"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("answer", "reason"), PAGES.values(), ids=PAGES)
def test_an_index_page_that_never_comes(server: FaultServer, answer: Answer, reason: str) -> None:
    server.routes["/p/"] = answer
    with pytest.raises(UnreachableError, match=reason):
        Transport(CLOCKED).page(Origin("p", server.url("/p/")))


def test_an_index_page_has_a_bound_also_when_it_is_packed(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_PAGE", 100_000)
    server.routes |= {
        "/fits/": whole(gzip.compress(b"x" * 100_000), Content_Encoding="gzip"),
        "/plain/": whole(b"x" * 100_001),
        "/bomb/": whole(gzip.compress(b"x" * 50_000_000), Content_Encoding="gzip"),
    }
    assert len(Transport(QUICK).page(Origin("p", server.url("/fits/")))[0]) == 100_000
    for path in ("/plain/", "/bomb/"):
        with pytest.raises(UnreachableError, match="sends an index page of more than 100,000 bytes"):
            Transport(QUICK).page(Origin("p", server.url(path)))


def interrupted(asked: Callable[[], bool], action: Callable[[], object]) -> None:
    """Call ``action``, and press Ctrl-C once the server was asked."""

    def press() -> None:
        while not asked():
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        pool.submit(press)
        with pytest.raises(KeyboardInterrupt):
            action()


PATIENT = Limits(answer=300, silence=300, patience=300)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", HEADERS.values(), ids=HEADERS)
def test_ctrl_c_ends_what_waits_for_headers(server: FaultServer, store: Path, answer: Answer) -> None:
    server.routes["/f"] = answer
    interrupted(lambda: bool(server.asked), lambda: fetch(store, artifact(server.url("/f")), limits=PATIENT))
    assert not (store / "content_addressable").exists()


@pytest.mark.timeout(60)
def test_ctrl_c_ends_what_waits_for_tls_and_what_waits_for_its_turn(store: Path) -> None:
    with silent_handshake() as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/f"
        connected = []

        def asked() -> bool:
            connected.append(listening.accept())
            return True

        others = [artifact(url, name=f"a{number}", sha256=f"{number:064x}") for number in range(3)]
        interrupted(asked, lambda: fetch(store, *others, limits=PATIENT, per_host=1))
        for connection, _ in connected:
            connection.close()
