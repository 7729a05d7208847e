"""``pypi:`` URLs, against real pages in both formats, on the network and on disk, as pip would be configured."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from faultserver import FaultServer, redirect, status, whole
from fetching import BODY, Notes, artifact, fetch, kept, stored

from linkmode.messages import ConfigError, IntegrityError, NetworkError

FILE = "my_tool-1.0-py3-none-any.whl"
URL = f"pypi:My.Tool/{FILE}"
DIGEST = hashlib.sha256(BODY).hexdigest()


def page(href: str) -> bytes:
    links = f"<a href='other.whl'>other.whl</a><a href='{href}'>{FILE}</a>"
    return f"<!DOCTYPE html><html><body>{links}</body></html>".encode()


@pytest.fixture(autouse=True)
def pip(monkeypatch: pytest.MonkeyPatch, server: FaultServer, tmp_path: Path) -> None:
    """A pip with no settings but those of the test."""
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "CERT", "CLIENT_CERT", "PROXY", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/simple/"))


def test_a_page_of_links(server: FaultServer, store: Path) -> None:
    server.routes |= {
        "/simple/my-tool/": whole(page(f"../../files/{FILE}#sha256={DIGEST}"), Content_Type="text/html"),
        f"/files/{FILE}": whole(BODY),
    }
    art = artifact(URL)
    [result] = fetch(store, art)
    assert result.source == f"{URL} ({server.url('/simple/')})"
    assert stored(store) == kept(art)


def test_a_page_in_json(server: FaultServer, store: Path) -> None:
    listing = {
        "meta": {"api-version": "1.1"},
        "name": "my-tool",
        "files": [{"filename": FILE, "url": f"/files/{FILE}", "hashes": {"sha256": DIGEST}}],
    }
    kind = "application/vnd.pypi.simple.v1+json"
    server.routes |= {
        "/simple/my-tool/": whole(json.dumps(listing).encode(), Content_Type=kind),
        f"/files/{FILE}": whole(BODY),
    }
    fetch(store, artifact(URL, size=None))
    assert kind in server.asked[0][1]["Accept"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "cannot be read"),
        (b'{"meta": {"api-version": "1.0"}}', "cannot be read"),
        (b'{"meta": {"api-version": "9.0"}, "name": "x", "files": []}', "cannot be read"),
        (b'{"meta": {"api-version": "1.0"}, "name": "x", "files": []}', f"has no file {FILE}"),
    ],
)
def test_a_page_that_is_no_page(server: FaultServer, store: Path, body: bytes, reason: str) -> None:
    server.routes["/simple/my-tool/"] = whole(body, Content_Type="application/vnd.pypi.simple.v1+json")
    with pytest.raises(NetworkError, match=reason):
        fetch(store, artifact(URL))


def test_every_place_is_asked_and_named(
    server: FaultServer, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", f"{links} {tmp_path / 'gone'}")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{server.url('/extra')} {tmp_path.as_uri()}/simple")
    server.routes["/extra/my-tool/"] = status(503)
    notes = Notes()
    with pytest.raises(NetworkError) as caught:
        fetch(store, artifact(URL), notes=notes)
    lines = [line.strip() for line in str(caught.value).splitlines()[1:-2]]
    assert lines == [
        f"{URL} ({links}): has no file {FILE}",
        f"{URL} ({tmp_path / 'gone'}): No such file or directory",
        f"{URL} ({server.url('/simple/')}): HTTP 404 Not Found",
        f"{URL} ({server.url('/extra')}): HTTP 503 Service Unavailable (after 3 attempts)",
        f"{URL} ({tmp_path.as_uri()}/simple): No such file or directory",
    ]
    assert notes.notes == []


@pytest.mark.parametrize("place", ["~no-such-user-here/links", "~/links"])
def test_a_place_in_a_home_that_nobody_has(store: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def nobodys(user: object) -> object:
        raise KeyError(user)

    monkeypatch.setenv("PIP_FIND_LINKS", place)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobodys)
    with pytest.raises(NetworkError) as caught:
        fetch(store, artifact(URL))
    assert f"{URL} ({place}): No such file or directory" in str(caught.value)


@pytest.mark.parametrize("place", ["find-links folder", "find-links URL", "find-links page", "index on disk"])
def test_places_on_disk(
    server: FaultServer, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    project = tmp_path / "simple" / "my-tool"
    project.mkdir(parents=True)
    (project / FILE).write_bytes(BODY)
    match place:
        case "find-links folder":
            monkeypatch.setenv("PIP_FIND_LINKS", str(project))
        case "find-links URL":
            monkeypatch.setenv("PIP_FIND_LINKS", project.as_uri())
        case "find-links page":
            (project / "page.html").write_bytes(page(FILE))
            monkeypatch.setenv("PIP_FIND_LINKS", str(project / "page.html"))
        case _:
            (project / "index.html").write_bytes(page(f"{FILE}#sha256={DIGEST}"))
            monkeypatch.setenv("PIP_INDEX_URL", f"{(tmp_path / 'simple').as_uri()}")
    art = artifact(URL)
    fetch(store, art)
    assert stored(store) == kept(art)
    assert server.asked == []


def test_an_index_that_is_no_url(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://ann:hunter2@[x/simple")
    with pytest.raises(NetworkError) as caught:
        fetch(store, artifact("pypi:some-thing/f.whl"))
    assert "(https://[x/simple): names something that is not a URL: " in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert server.asked == []


def test_no_index_asks_no_index(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(NetworkError, match="pip's settings disable the index"):
        fetch(store, artifact(URL))
    assert server.asked == []


def test_wrong_bytes_are_refused_before_and_after_they_come(
    server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", server.url("/extra"))
    server.routes |= {
        "/simple/my-tool/": whole(page(f"/no/{FILE}#sha256={'0' * 64}"), Content_Type="text/html"),
        "/extra/my-tool/": whole(page(f"/files/{FILE}"), Content_Type="text/html"),
        f"/files/{FILE}": whole(BODY[::-1]),
    }
    with pytest.raises(IntegrityError) as caught:
        fetch(store, artifact(URL))
    assert f"the index declares sha256 {'0' * 64}, expected {DIGEST}" in str(caught.value)
    assert f"sha256 mismatch: expected {DIGEST}, got" in str(caught.value)
    assert server.times(f"/no/{FILE}") == 0


def test_a_digest_that_is_none_is_told_with_what_was_expected(server: FaultServer, store: Path) -> None:
    server.routes["/simple/my-tool/"] = whole(page(f"/no/{FILE}#sha256="), Content_Type="text/html")
    with pytest.raises(IntegrityError) as caught:
        fetch(store, artifact(URL))
    said = "the index declares sha256 '', which is no digest of 64 hexadecimal digits, expected"
    assert f"{said} {DIGEST}" in str(caught.value)
    assert server.times(f"/no/{FILE}") == 0


def test_a_page_of_the_network_cannot_name_a_file_of_this_machine(
    server: FaultServer, store: Path, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_bytes(BODY)
    server.routes["/simple/my-tool/"] = whole(page((tmp_path / FILE).as_uri()), Content_Type="text/html")
    with pytest.raises(NetworkError, match="names a file of this machine"):
        fetch(store, artifact(URL))


def test_the_login_of_the_index_goes_along_to_its_own_files_only(
    trusted: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", trusted.url("/simple").replace("//", "//ann:secret@"))
    elsewhere = trusted.url(f"/b/{FILE}").replace("127.0.0.1", "localhost")
    trusted.routes |= {
        "/simple/my-tool/": whole(page(f"/a/{FILE}"), Content_Type="text/html"),
        f"/a/{FILE}": redirect(elsewhere),
        f"/b/{FILE}": whole(BODY),
    }
    monkeypatch.setenv("NETRC", "/dev/null")
    [result] = fetch(store, artifact(URL))
    basic = "Basic " + base64.b64encode(b"ann:secret").decode()
    assert [headers.get("Authorization") for _, headers in trusted.asked] == [basic, basic, None]
    assert "secret" not in result.source


def test_the_proxy_and_ca_of_pip(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.example/simple")
    monkeypatch.setenv("PIP_PROXY", server.url(""))
    server.routes |= {
        "http://index.example/simple/my-tool/": whole(page(f"/a/{FILE}"), Content_Type="text/html"),
        f"http://index.example/a/{FILE}": whole(BODY),
    }
    fetch(store, artifact(URL))
    monkeypatch.setenv("PIP_CERT", "/no/such/ca.pem")
    with pytest.raises(ConfigError, match=r"pip's setting cert: no CA bundle at /no/such/ca\.pem"):
        fetch(store, artifact(URL, body=b"other"))


def test_what_is_not_a_pypi_url(store: Path) -> None:
    for url in ("pypi:tool", "pypi:tool/../../etc/passwd", "pypi:/x", "pypi:a/b?c"):
        with pytest.raises(NetworkError, match="is not of the form pypi:<project>/<file>"):
            fetch(store, artifact(url))


@pytest.mark.parametrize("where", ["link", "setting", "url"])
def test_a_file_that_has_a_nul_in_its_name(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (tmp_path / "page.html").write_bytes(f"<!DOCTYPE html><a href='file:///srv/%00'>{FILE}</a>".encode())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "file:///srv/%00" if where == "setting" else str(tmp_path / "page.html"))
    with pytest.raises(NetworkError, match="no file has a NUL character in its name"):
        fetch(store, artifact("file:///srv/%00" if where == "url" else URL))
