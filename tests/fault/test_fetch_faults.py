"""Each way a server can fail: what the store holds afterwards, what the user reads, and how often it was asked."""

import email.utils
import hashlib
import random
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from faultserver import (
    Answer,
    FaultServer,
    broken,
    chunked,
    drip,
    html,
    in_turn,
    lengthless,
    rangeless,
    raw,
    stall,
    status,
    whole,
)
from fetching import BODY, QUICK, Notes, artifact, fetch, kept, stored

from linkmode.catalog import pins
from linkmode.messages import IntegrityError, NetworkError
from linkmode.model import resources
from linkmode.model.values import Artifact, Pin
from linkmode.net.partial import UNKNOWN_SIZE_BOUND
from linkmode.net.web import Limits
from linkmode.store.files import Store

WRONG = bytes(reversed(BODY))
N = len(BODY)

SERVES = {
    "whole": (whole(BODY), 1),
    "no length, connection closed": (lengthless(BODY), 1),
    "chunked": (chunked(BODY), 1),
    "an encoding that is not one": (whole(BODY, Content_Encoding="x-gzip"), 1),
    "503 then 200": (in_turn(status(503), whole(BODY)), 2),
    "429 with Retry-After 0": (in_turn(status(429, Retry_After="0"), whole(BODY)), 2),
    "Retry-After that says nothing": (in_turn(status(503, Retry_After="soon"), whole(BODY)), 2),
    "Retry-After in the past": (in_turn(status(503, Retry_After=email.utils.formatdate(0)), whole(BODY)), 2),
    "cut, then the rest": (broken(BODY, 100_000), 3),
    "cut every 60,000 bytes": (broken(BODY, 60_000), 5),
    "reset, then the rest": (in_turn(broken(BODY, 100_000, reset=True), whole(BODY)), 2),
    "cut, then Range ignored": (in_turn(broken(BODY, 100_000), rangeless(BODY)), 2),
    "cut, then another range": (
        in_turn(broken(BODY, 100_000), status(206, Content_Range="bytes 5-9/10"), whole(BODY)),
        3,
    ),
    "cut, then 206 without a range": (in_turn(broken(BODY, 100_000), status(206), whole(BODY)), 3),
    "wrong bytes, cut, then the right ones": (in_turn(broken(WRONG, 100_000), whole(BODY), whole(BODY)), 3),
    "stall, then whole": (in_turn(stall(BODY, 1000), whole(BODY)), 2),
    "drip, then whole": (in_turn(drip(BODY, 0.05), whole(BODY)), 2),
    "empty, then whole": (in_turn(lengthless(b"", declared=N), whole(BODY)), 2),
}


@pytest.mark.parametrize("name", SERVES)
def test_a_server_that_comes_round_in_the_end(server: FaultServer, store: Path, name: str) -> None:
    server.routes["/f"], asked = SERVES[name]
    # on a busy machine a server that is not slow must not look as if it were
    limits = QUICK if name.startswith(("stall", "drip")) else replace(QUICK, silence=60, patience=60)
    art = artifact(server.url("/f"))
    [result] = fetch(store, art, limits=limits)
    assert (result.state, result.source) == ("fetched", server.url("/f"))
    assert stored(store) == kept(art)
    assert server.times("/f") == asked


REFUSES = {
    "404": (status(404), NetworkError, "HTTP 404 Not Found", 1),
    "401": (status(401), NetworkError, "HTTP 401 Unauthorized; .*netrc", 1),
    "403 with a page": (status(403, b"<html>no</html>", Content_Type="text/html"), NetworkError, "HTTP 403", 1),
    "503 for ever": (status(503), NetworkError, r"HTTP 503 Service Unavailable \(after 3 attempts\)", 3),
    "429, an hour": (status(429, Retry_After="3600"), NetworkError, "HTTP 429 .*asks to wait 3600 s", 1),
    "nothing at all": (lambda handler: None, NetworkError, r"(?i)connection|closed", 3),
    "reset for ever": (broken(BODY, 0, reset=True), NetworkError, r"after 3 attempts", 3),
    "cut for ever": (lengthless(BODY[:50], declared=N), NetworkError, "closed after 50 of 300,000 bytes", 3),
    "cut, no length": (lengthless(BODY[:50]), NetworkError, "closed after 50 of 300,000 bytes", 3),
    "stall for ever": (stall(BODY, 50), NetworkError, "stalled: no byte for 0.5 s", 3),
    "drip for ever": (drip(BODY, 0.05), NetworkError, r"stalled: \d+ bytes/s over", 3),
    "redirect without a place": (status(302), NetworkError, "HTTP 302", 1),
    "not HTTP at all": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), NetworkError, "after 3 attempts", 3),
    "a header without end": (raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000), NetworkError, "after 3 attempts", 3),
    "a status that writes on the terminal": (
        raw(b"HTTP/1.1 404 \x1b]0;owned\x07\x1b[2J\r\nContent-Length: 0\r\n\r\n"),
        NetworkError,
        r"HTTP 404 \?\]0;owned\?\?\[2J",
        1,
    ),
    "a length of 5,000 digits": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx"),
        NetworkError,
        "closed after 1 of 300,000 bytes",
        3,
    ),
    "a Retry-After of another age": (
        status(503, Retry_After="Fri, 31 Dec 999999999999 23:59:59 GMT"),
        NetworkError,
        "HTTP 503 .*after 3 attempts",
        3,
    ),
    "a Retry-After of 5,000 digits": (status(503, Retry_After="9" * 5000), NetworkError, "HTTP 503 .*after 3", 3),
    "wrong bytes, right length": (whole(WRONG), IntegrityError, "sha256 mismatch: expected [0-9a-f]{64}, got", 1),
    "wrong bytes, chunked": (chunked(WRONG), IntegrityError, "sha256 mismatch", 1),
    "a longer file": (whole(BODY + b"x"), IntegrityError, "expected 300,000 bytes, the server has 300,001", 1),
    "a shorter file": (whole(BODY[:-1]), IntegrityError, "expected 300,000 bytes, the server has 299,999", 1),
    "excess without a length": (lengthless(BODY + b"x"), IntegrityError, "more than the 300,000 bytes", 1),
    "HTML with 200": (html(), IntegrityError, "an HTML page instead of the file", 1),
    "HTML called an archive": (
        lengthless(b"\n<!doctype HTML><p>Error" + b" " * N, Content_Type="application/gzip"),
        IntegrityError,
        "an HTML page instead of the file",
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "error", "reason", "asked"), REFUSES.values(), ids=REFUSES)
def test_a_server_that_never_gives_the_file(
    server: FaultServer, store: Path, answer: Answer, error: type[Exception], reason: str, asked: int
) -> None:
    server.routes["/f"] = answer
    with pytest.raises(error) as caught:
        fetch(store, artifact(server.url("/f")))
    assert re.search(reason, str(caught.value)), str(caught.value)
    assert "tool: " in str(caught.value)
    assert server.url("/f") in str(caught.value)
    assert caught.value.exit_code == (4 if error is NetworkError else 5)
    assert not [path for path in stored(store) if path.startswith("content_addressable")]
    assert server.times("/f") == asked


@pytest.mark.parametrize(("answer", "error", "reason", "asked"), REFUSES.values(), ids=REFUSES)
def test_the_next_mirror_serves_where_the_first_failed(
    server: FaultServer, store: Path, answer: Answer, error: type[Exception], reason: str, asked: int
) -> None:
    """Also after a part of the wrong bytes: what one mirror left behind is not held against the next."""
    server.routes |= {"/f": answer, "/good": whole(BODY)}
    art = artifact(server.url("/f"), server.url("/good"), server.url("/never"))
    notes = Notes()
    [result] = fetch(store, art, notes=notes)
    assert (result.state, result.source) == ("fetched", server.url("/good"))
    assert [attempt.url for attempt in result.passed_over] == [server.url("/f")]
    assert re.search(reason, notes.notes[0])
    assert stored(store) == kept(art)
    assert server.times("/never") == 0


def test_bytes_left_by_a_hostile_mirror_are_not_held_against_the_next(server: FaultServer, store: Path) -> None:
    server.routes |= {"/bad": broken(WRONG, 200_000, reset=True), "/good": whole(BODY)}
    art = artifact(server.url("/bad"), server.url("/good"))
    [result] = fetch(store, art, limits=Limits(attempts=1, silence=1))
    assert result.source == server.url("/good")
    assert stored(store) == kept(art)


def test_all_reasons_are_listed_and_wrong_bytes_decide(server: FaultServer, store: Path) -> None:
    server.routes |= {"/a": status(404), "/b": whole(WRONG)}
    with pytest.raises(IntegrityError) as caught:
        fetch(store, artifact(*(server.url(path) for path in ("/a", "/b", "/c"))))
    lines = str(caught.value).splitlines()
    assert [line.strip().partition(": ")[0] for line in lines[1:4]] == [server.url(p) for p in ("/a", "/b", "/c")]
    assert "HTTP 404" in lines[1]
    assert "sha256 mismatch" in lines[2]
    assert "linkmode lock" in lines[5]


def test_nothing_listens(server: FaultServer, store: Path) -> None:
    url = server.url("/f")
    server.server_close()
    with pytest.raises(NetworkError, match="Connection refused"):
        fetch(store, artifact(url))


def test_a_name_that_does_not_exist(store: Path) -> None:
    with pytest.raises(NetworkError, match="host name is not known"):
        fetch(store, artifact("https://host.invalid/f"), limits=Limits(attempts=1))


def test_one_bad_artifact_does_not_stop_the_others(server: FaultServer, store: Path) -> None:
    server.routes |= {"/a": whole(BODY), "/b": whole(WRONG), "/d": whole(b"data")}
    good = artifact(server.url("/a"), name="a")
    other = artifact(server.url("/d"), body=b"data", name="d")
    bad = [artifact(server.url("/b"), body=b"b", size=None, name="b"), artifact(server.url("/c"), body=b"c", name="c")]
    with pytest.raises(IntegrityError) as caught:
        fetch(store, good, *bad, other)
    assert re.search(r"^b: no URL gave", str(caught.value), re.MULTILINE)
    assert re.search(r"^c: no URL could be reached", str(caught.value), re.MULTILINE)
    assert stored(store) == kept(good) | kept(other, b"data")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_every_nibble_and_byte_of_a_pin_counts(server: FaultServer, store: Path, algorithm: str) -> None:
    server.routes["/f"] = whole(BODY)
    right = artifact(server.url("/f"), algorithm=algorithm)
    digest = right.checksum.hex
    for place in (0, len(digest) // 2, len(digest) - 1):
        flipped = digest[:place] + format(int(digest[place], 16) ^ 1, "x") + digest[place + 1 :]
        with pytest.raises(IntegrityError, match=f"tool: .*{algorithm}:{flipped}"):
            fetch(store, artifact(server.url("/f"), **{algorithm: flipped}, algorithm=algorithm))
    for size in (N - 1, N + 1, 0):
        with pytest.raises(IntegrityError, match=f"tool: .*(?s:.)*expected {size:,} bytes"):
            fetch(store, artifact(server.url("/f"), algorithm=algorithm, size=size))
    assert stored(store) == {}
    [result] = fetch(store, right)
    assert result.state == "fetched"
    assert stored(store) == kept(right)


PINS = [pin for family in pins.load(resources.catalogue()).families.values() for pin in family.pins]


@pytest.mark.parametrize("pin", PINS, ids=[f"{pin.family}-{pin.version}-{pin.source}-{pin.file}" for pin in PINS])
def test_a_flipped_nibble_in_any_pin_of_the_catalogue_fails_by_name(store: Path, tmp_path: Path, pin: Pin) -> None:
    """A copy of the pin whose checksum is that of bytes made here: right as it is, and wrong with any nibble flipped.

    So the pin's own fields, its kind of checksum and its name go through the fetch that users run; bytes are others.
    """
    body = random.Random(pin.file).randbytes(2000)
    algorithm = pin.checksum.algorithm
    right = hashlib.new(algorithm, body).hexdigest()
    place = random.Random(right).randrange(len(right))
    flipped = f"{right[:place]}{int(right[place], 16) ^ (1 << random.Random(place).randrange(4)):x}{right[place + 1 :]}"
    (tmp_path / "archive").write_bytes(body)
    kept_fields = {field: getattr(pin, field) for field in Artifact.__struct_fields__ if hasattr(pin, field)}
    for digest in (flipped, right):
        fields = {**kept_fields, "urls": ("archive",), "size": len(body), "sha256": None, "sha512": None}
        copy = Artifact(**{**fields, algorithm: digest, "name": pin.file, "upstream": pin.urls[0]})
        if digest == right:
            [result] = fetch(store, copy)
            assert (result.name, result.state) == (pin.file, "fetched")
            assert stored(store) == kept(copy, body)
            return
        with pytest.raises(IntegrityError) as caught:
            fetch(store, copy)
        assert caught.value.exit_code == 5
        assert caught.value.problem.startswith(f"{pin.file}: no URL gave the file with {algorithm}:{flipped}:")
        assert f"archive: {algorithm} mismatch: expected {flipped}, got {right}" in caught.value.problem
        assert stored(store) == {}


def test_two_pins_swapped_both_fail_by_name(server: FaultServer, store: Path) -> None:
    server.routes |= {"/a": whole(b"aaaa"), "/b": whole(b"bbbb")}
    pins = artifact(server.url("/b"), body=b"aaaa", name="a"), artifact(server.url("/a"), body=b"bbbb", name="b")
    with pytest.raises(IntegrityError, match=r"(?s)^a: no URL gave.*\nb: no URL gave"):
        fetch(store, *pins)


def test_an_unknown_size_has_a_bound(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert UNKNOWN_SIZE_BOUND == 4 * 1024**3
    monkeypatch.setattr("linkmode.net.partial.UNKNOWN_SIZE_BOUND", N - 1)
    server.routes["/f"] = lengthless(BODY)
    with pytest.raises(IntegrityError, match="more than the 299,999 bytes that a file of unknown size may have"):
        fetch(store, artifact(server.url("/f"), size=None))


@pytest.mark.parametrize("size", [N, None])
def test_an_earlier_run_is_resumed(server: FaultServer, store: Path, size: int | None) -> None:
    server.routes["/f"] = whole(BODY)
    art = artifact(server.url("/f"), size=size)
    partial = store / "linkmode" / "partial" / f"sha256-{art.sha256}"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(BODY[:123_456])
    fetch(store, art)
    assert [headers["Range"] for _, headers in server.asked] == ["bytes=123456-"]
    assert stored(store) == kept(art)


@pytest.mark.parametrize("left", [BODY, BODY + b"x", WRONG, b"", BODY[:5] + WRONG[:5]], ids=range(5))
def test_whatever_an_earlier_run_left_is_not_trusted(server: FaultServer, store: Path, left: bytes) -> None:
    server.routes["/f"] = whole(BODY)
    art = artifact(server.url("/f"))
    partial = store / "linkmode" / "partial" / f"sha256-{art.sha256}"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(left)
    fetch(store, art)
    assert stored(store) == kept(art)


def test_a_link_where_the_partial_file_goes_is_not_followed(server: FaultServer, store: Path, tmp_path: Path) -> None:
    server.routes["/f"] = whole(BODY)
    art = artifact(server.url("/f"))
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    partial = store / "linkmode" / "partial" / f"sha256-{art.sha256}"
    partial.parent.mkdir(parents=True)
    partial.symlink_to(victim)
    fetch(store, art)
    assert stored(store) == kept(art)
    assert not Store(store).file(art.checksum).is_symlink()
    assert victim.read_bytes() == b"precious"


def test_retry_after_is_waited_for(server: FaultServer, store: Path) -> None:
    when: list[float] = []

    def note_time(answer: Answer) -> Answer:
        def timed(handler: object) -> None:
            when.append(time.monotonic())
            answer(handler)  # type: ignore[arg-type]

        return timed

    server.routes["/f"] = note_time(in_turn(status(503, Retry_After="1"), whole(BODY)))
    fetch(store, artifact(server.url("/f")))
    assert when[1] - when[0] >= 1.0


def test_at_most_so_many_at_once_from_one_host(server: FaultServer, store: Path) -> None:
    import threading

    guard, now, most = threading.Lock(), 0, 0

    def counting(handler: object) -> None:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with guard:
            now -= 1
        whole(BODY)(handler)  # type: ignore[arg-type]

    arts = []
    for number in range(8):
        server.routes[f"/{number}"] = counting
        arts.append(artifact(server.url(f"/{number}"), body=BODY, name=f"a{number}", sha256=f"{number:064x}"))
    with pytest.raises(IntegrityError):
        fetch(store, *arts, jobs=8, per_host=2, limits=Limits())  # who gives up early leaves a handler behind
    assert most == 2


def test_limits_that_ship_are_finite() -> None:
    assert Limits().silence <= 60
    assert Limits().patience <= 60
    assert QUICK.attempts > 1
