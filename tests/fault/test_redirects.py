"""Where a redirect may lead, how often, and what goes along: never to plain http (docs/decisions/0008)."""

import base64
import re
import ssl
from pathlib import Path

import pytest
import trustme
from faultserver import Answer, FaultServer, endless_redirect, redirect, running, status, whole
from fetching import BODY, QUICK, artifact, fetch, kept, stored

from linkmode.messages import NetworkError
from linkmode.net.reach import Access, Origin
from linkmode.net.transport import Transport

REFUSED = {
    "a loop": (redirect("/f"), "redirects more than 10 times", 11),
    "a loop with endless bodies": (endless_redirect("/f"), "redirects more than 10 times", 11),
    "without a place": (status(302), "HTTP 302", 1),
    "nonsense": (redirect("http://[x"), r"redirects to something that is not a URL: http://\[x", 1),
    "a port that is none": (redirect("https://h:99999999/"), "(?i)parse|invalid|port", 1),
    "plain http": (
        redirect("http://127.0.0.1:1/"),
        r"redirects from https to http: refused \(http://127.0.0.1:1/\)",
        1,
    ),
    "a file": (redirect("file:///etc/hostname"), "redirects from https to file: refused", 1),
    "another scheme": (redirect("ftp://h/"), "redirects from https to ftp: refused", 1),
}


@pytest.mark.parametrize(("answer", "reason", "asked"), REFUSED.values(), ids=REFUSED)
def test_refused(trusted: FaultServer, store: Path, answer: Answer, reason: str, asked: int) -> None:
    trusted.routes |= {"/f": answer, "/good": whole(BODY)}
    with pytest.raises(NetworkError) as caught:
        fetch(store, artifact(trusted.url("/f")))
    assert re.search(reason, str(caught.value)), str(caught.value)
    assert trusted.times("/f") == asked
    art = artifact(trusted.url("/f"), trusted.url("/good"))
    [result] = fetch(store, art)
    assert result.source == trusted.url("/good")
    assert stored(store) == kept(art)


def test_ten_are_followed(trusted: FaultServer, store: Path) -> None:
    trusted.routes |= {f"/{step}": redirect(f"/{step + 1}") for step in range(10)} | {"/10": whole(BODY)}
    fetch(store, artifact(trusted.url("/0")))
    assert [path for path, _ in trusted.asked] == [f"/{step}" for step in range(11)]


@pytest.mark.parametrize("place", ["/there", "{server}/there", "//127.0.0.1:{port}/there"])
def test_no_step_to_plain_http_even_from_plain_http(server: FaultServer, store: Path, place: str) -> None:
    """A mirror that may be plain http is one that the user named; where it leads to was named by whoever answered."""
    to = place.format(server=server.url(""), port=server.server_address[1])
    server.routes |= {"/f": redirect(to), "/there": whole(BODY)}
    with pytest.raises(NetworkError) as caught:
        fetch(store, artifact(server.url("/f")))
    assert f"redirects from http to http: refused ({to}); use the address that it leads to instead" in str(caught.value)
    assert server.times("/there") == 0


@pytest.mark.parametrize("to", ["http://me:hunter2@h/f?Signature=hunter2", "//m@e:hunter2@h/f?hunter2", "//[x?hunter2"])
def test_what_may_be_a_secret_of_another_server_is_not_shown(server: FaultServer, store: Path, to: str) -> None:
    server.routes["/f"] = redirect(to)
    with pytest.raises(NetworkError) as caught:
        fetch(store, artifact(server.url("/f")))
    assert "redirects " in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_no_step_down_in_the_middle(trusted: FaultServer, server: FaultServer, store: Path) -> None:
    server.routes["/f"] = whole(BODY)
    trusted.routes |= {"/f": redirect("/there"), "/there": redirect(server.url("/f"))}
    with pytest.raises(NetworkError, match="redirects from https to http: refused"):
        fetch(store, artifact(trusted.url("/f")))
    assert server.asked == []


def test_a_step_up_from_a_plain_mirror_and_relative_redirects(
    trusted: FaultServer, server: FaultServer, store: Path
) -> None:
    server.routes["/f"] = redirect(trusted.url("/a"))
    trusted.routes |= {"/a": redirect("b?c=d"), "/b?c=d": whole(BODY)}
    art = artifact(server.url("/f"))
    [result] = fetch(store, art)
    assert result.source == server.url("/f")
    assert stored(store) == kept(art)


def test_an_index_page_is_no_exception(server: FaultServer) -> None:
    server.routes |= {"/simple/p/": redirect("/p/"), "/p/": whole(b"<!DOCTYPE html>")}
    with pytest.raises(Exception, match="redirects from http to http: refused"):
        Transport(QUICK).page(Origin("p", server.url("/simple/p/")))


def test_a_login_goes_only_to_the_host_that_netrc_names(
    trusted: FaultServer, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    trusted.routes |= {"/f": redirect(trusted.url("/g").replace("127.0.0.1", "localhost")), "/g": whole(BODY)}
    fetch(store, artifact(trusted.url("/f")))
    logins = [headers.get("Authorization") for _, headers in trusted.asked]
    assert logins == ["Basic " + base64.b64encode(b"ann:secret").decode(), None]


def test_a_client_certificate_goes_only_to_the_server_that_was_named(
    authority: trustme.CA, bundle: str, tmp_path: Path
) -> None:
    """It says who the user is. A redirect within one server keeps it; one to another port or name drops it for good."""
    own = tmp_path / "me.pem"
    authority.issue_cert("me@example.com").private_key_and_cert_chain_pem.write_to_path(own)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    shown: list[tuple[str, bool]] = []

    def noting(answer: Answer) -> Answer:
        def noted(handler: object) -> None:
            shown.append((handler.path, bool(handler.connection.getpeercert())))  # type: ignore[attr-defined]
            answer(handler)  # type: ignore[arg-type]

        return noted

    with running(context) as one, running(context) as other:
        one.routes |= {"/f": noting(redirect("/near")), "/near": noting(redirect(other.url("/far")))}
        other.routes["/far"] = noting(redirect(one.url("/back")))
        one.routes["/back"] = noting(whole(BODY))
        origin = Origin("page", one.url("/f"), Access(verify=bundle, client_cert=str(own)))
        assert Transport(QUICK).page(origin)[0] == BODY
    assert shown == [("/f", True), ("/near", True), ("/far", False), ("/back", False)]
