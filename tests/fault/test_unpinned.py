"""A download that nobody has pinned: whole or not at all, and never pieced together."""

import gzip
import hashlib
import os
import random
from pathlib import Path

import pytest
from faultserver import FaultServer, broken, chunked, in_turn, lengthless, redirect, status, whole
from fetching import QUICK, Notes

from linkmode.fetch import unpinned
from linkmode.messages import IntegrityError, NetworkError, UsageError

BODY = gzip.compress(random.Random(3).randbytes(200_000))


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
        (whole(b"<!doctype html><p>log in"), "gives no archive: answers with an HTML page instead of the file"),
        (whole(b"just words"), "gives no archive: is no archive: neither gzip, xz nor zip"),
        (whole(BODY, Content_Type="text/html"), None),
        (lengthless(b""), "gives no archive: is no archive"),
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
    with pytest.raises(IntegrityError, match="words: gives no archive:"):
        gather("words", tmp_path)


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


def test_a_file_of_the_package_index(server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "CERT", "CLIENT_CERT", "PROXY", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/simple/"))
    page = b"<!DOCTYPE html><html><body><a href='/f/z-1.tar.gz#sha256=00'>z-1.tar.gz</a></body></html>"
    server.routes |= {"/simple/z/": whole(page, Content_Type="text/html"), "/f/z-1.tar.gz": whole(BODY)}
    assert_whole(gather("pypi:z/z-1.tar.gz", tmp_path), tmp_path)
