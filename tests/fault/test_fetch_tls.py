"""TLS with a private CA, a proxy in between, and logins."""

from pathlib import Path

import pytest
from faultserver import FaultServer, Handler, broken, in_turn, running, status, whole
from fetching import BODY, artifact, fetch, kept, stored

from linkmode.messages import ConfigError, NetworkError


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_a_private_ca_is_trusted_where_it_is_named(
    secure: FaultServer, store: Path, bundle: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, bundle)
    secure.routes["/f"] = in_turn(broken(BODY, 100_000), whole(BODY))
    art = artifact(secure.url("/f"))
    fetch(store, art)
    assert stored(store) == kept(art)


def test_a_private_ca_is_not_trusted_where_it_is_not_named(secure: FaultServer, store: Path) -> None:
    secure.routes["/f"] = whole(BODY)
    with pytest.raises(NetworkError, match=r"TLS: .*certificate verify failed.*REQUESTS_CA_BUNDLE"):
        fetch(store, artifact(secure.url("/f")))
    assert secure.asked == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_that_is_not_there_is_named(store: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "/no/such/bundle.pem")
    with pytest.raises(ConfigError, match=f"{variable}: no CA bundle at /no/such/bundle.pem"):
        fetch(store, artifact("https://127.0.0.1:1/f"))


def test_a_bundle_that_holds_no_certificate(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("not a certificate\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(empty))
    with running() as other, pytest.raises(NetworkError, match="tool: no URL could be reached"):
        fetch(store, artifact(other.url("/f").replace("http:", "https:")))


def test_a_password_in_an_url_is_sent_and_never_shown(server: FaultServer, store: Path) -> None:
    url = server.url("/f").replace("//", "//ann:secret@")
    with pytest.raises(NetworkError) as caught:
        fetch(store, artifact(url))
    assert "secret" not in str(caught.value)
    assert server.url("/f") in str(caught.value)
    assert "Authorization" in server.asked[0][1]


def test_a_proxy_of_the_environment_is_asked(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url(""))
    monkeypatch.delenv("NO_PROXY")
    server.routes["http://mirror.example/f"] = whole(BODY)
    art = artifact("http://mirror.example/f")
    fetch(store, art)
    assert stored(store) == kept(art)


def test_a_proxy_that_refuses(server: FaultServer, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(handler: Handler) -> None:
        status(407)(handler)

    monkeypatch.setattr(Handler, "do_CONNECT", forbidden, raising=False)
    monkeypatch.setenv("https_proxy", server.url(""))
    monkeypatch.delenv("NO_PROXY")
    with pytest.raises(NetworkError, match=r"the proxy failed: .*407"):
        fetch(store, artifact("https://mirror.example/f"))
