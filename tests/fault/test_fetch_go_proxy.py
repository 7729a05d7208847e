"""``goproxy:`` URLs, against the servers that GOPROXY names: which one is asked, in which order, and which is not."""

from pathlib import Path

import pytest
from faultserver import FaultServer, status, whole
from fetching import BODY, artifact, fetch, kept, stored

from linkmode.fetch.recheck import recheck
from linkmode.messages import ConfigError, IntegrityError, NetworkError
from linkmode.model.values import Pin

NAME = "golang.org/toolchain/@v/v0.0.1-go1.27.3.linux-amd64.zip"
URL = f"goproxy:{NAME}"


@pytest.fixture(autouse=True)
def go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without a Go, and without settings of it but those of the test."""
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setenv("GOENV", "off")
    monkeypatch.delenv("GOPROXY", raising=False)


def asked(server: FaultServer) -> list[str]:
    return [path for path, _ in server.asked]


def test_the_proxy_of_the_variable(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", server.url("/go/") + ",direct")
    server.routes[f"/go/{NAME}"] = whole(BODY)
    art = artifact(URL)
    [result] = fetch(store, art)
    assert result.source == f"{URL} ({server.url('/go')})"
    assert stored(store) == kept(art)
    assert asked(server) == [f"/go/{NAME}"]


def test_the_proxy_of_gos_own_file(
    server: FaultServer, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "env").write_text(f"GOPROXY={server.url('/go')}\n", encoding="utf-8")
    monkeypatch.setenv("GOENV", str(tmp_path / "env"))
    server.routes[f"/go/{NAME}"] = whole(BODY)
    fetch(store, artifact(URL))
    assert asked(server) == [f"/go/{NAME}"]


def test_a_folder_is_a_proxy_too(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a folder" / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(BODY)
    empty = tmp_path / "empty"
    monkeypatch.setenv("GOPROXY", f"{empty.as_uri()},{(tmp_path / 'a folder').as_uri()}")
    art = artifact(URL)
    fetch(store, art)
    assert stored(store) == kept(art)


@pytest.mark.parametrize("code", [404, 410])
def test_after_a_comma_the_next_is_asked_where_this_one_has_no_such_file(
    server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setenv("GOPROXY", f"{server.url('/one')},{server.url('/two')}")
    server.routes |= {f"/one/{NAME}": status(code), f"/two/{NAME}": whole(BODY)}
    [result] = fetch(store, artifact(URL))
    assert result.source.endswith(f"({server.url('/two')})")


@pytest.mark.parametrize("answer", [status(403), status(401), whole(b"other bytes")])
def test_after_a_comma_a_proxy_that_refuses_is_the_last_that_is_asked(
    server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setenv("GOPROXY", f"{server.url('/one')},{server.url('/two')}")
    server.routes |= {f"/one/{NAME}": answer, f"/two/{NAME}": whole(BODY)}
    with pytest.raises(
        (NetworkError, IntegrityError), match=r"/two\): is not asked: a ',' stands after the proxy above"
    ):
        fetch(store, artifact(URL))
    assert f"/two/{NAME}" not in asked(server)
    assert not stored(store)


def test_after_a_bar_the_next_is_asked_after_any_failure(
    server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", f"{server.url('/one')}|{server.url('/two')}")
    server.routes |= {f"/one/{NAME}": status(403), f"/two/{NAME}": whole(BODY)}
    fetch(store, artifact(URL))
    assert asked(server) == [f"/one/{NAME}", f"/two/{NAME}"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("off", "GOPROXY has 'off', which forbids every proxy"),
        ("direct", "GOPROXY has 'direct', which asks version control: linkmode asks only proxies"),
        (",", "GOPROXY names no proxy"),
        ("", "GOPROXY is not set, and no go command on PATH says its default"),
    ],
)
def test_no_proxy_is_named_with_the_next_command(
    store: Path, monkeypatch: pytest.MonkeyPatch, setting: str, said: str
) -> None:
    monkeypatch.setenv("GOPROXY", setting)
    with pytest.raises(NetworkError) as refused:
        fetch(store, artifact(URL))
    assert said in refused.value.problem
    assert refused.value.hint.startswith("name a proxy: go env -w GOPROXY=https://goproxy.example.com; or lock another")
    [found] = recheck([Pin(family="go", version="1", file="f", urls=(URL,), sha256="0" * 64)], download=False, jobs=1)
    assert found.state == "unreachable"
    assert "go env -w GOPROXY=" in found.detail


def test_direct_after_a_proxy_is_named_once_the_proxy_failed(
    server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", f"{server.url('/one')},direct")
    with pytest.raises(
        NetworkError, match=r"HTTP 404(.|\n)*\(direct\): GOPROXY has 'direct', which asks version control"
    ):
        fetch(store, artifact(URL))


def test_a_setting_that_is_none_stops_the_fetch(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "proxy")
    with pytest.raises(ConfigError, match="GOPROXY: 'proxy' is not the URL of a Go proxy"):
        fetch(store, artifact(URL))


@pytest.mark.parametrize(
    "url",
    [
        "goproxy:",
        "goproxy:golang.org/toolchain",
        "goproxy:golang.org/toolchain/@v/list",
        "goproxy:golang.org/../@v/v1.zip",
        "goproxy:/golang.org/@v/v1.zip",
        "goproxy:golang.org//x/@v/v1.zip",
        "goproxy:golang.org/x/@v/../v1.zip",
        "goproxy:golang.org/x/@v/v1.zip?a",
        "goproxy:Golang.org/x/@v/v1.zip",
    ],
)
def test_what_names_no_module(store: Path, monkeypatch: pytest.MonkeyPatch, url: str, server: FaultServer) -> None:
    monkeypatch.setenv("GOPROXY", server.url("/go"))
    with pytest.raises(NetworkError, match=r"is not of the form goproxy:<module>/@v/<version>\.zip"):
        fetch(store, artifact(url))
    assert not asked(server)


def test_a_login_of_the_setting_is_used_and_not_shown(
    server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", server.url("/go").replace("://", "://me:secret@"))
    server.routes[f"/go/{NAME}"] = whole(BODY)
    [result] = fetch(store, artifact(URL))
    assert "secret" not in result.source
    assert server.asked[0][1]["Authorization"].startswith("Basic ")
