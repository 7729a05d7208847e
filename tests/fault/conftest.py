import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from faultserver import FaultServer, running
from minisign import KeyPair


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with running() as one:
        yield one


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[FaultServer]:
    """A server with a certificate that nobody trusts yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with running(context) as one:
        yield one


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def trusted(secure: FaultServer, bundle: str, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """A server with TLS, in a place where its certificate is trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    return secure


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture(autouse=True)
def plain_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback only, whatever the proxies and CAs of the machine."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def key() -> KeyPair:
    return KeyPair.generate()
