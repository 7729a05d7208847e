"""Words for what goes wrong, and no secrets in them."""

from pathlib import Path

import pytest
import requests
import urllib3

from linkmode.messages import ConfigError
from linkmode.net import reach
from linkmode.net.reach import Access, explain, from_environment, redacted


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host/f", "https://host/f"),
        ("https://ann:p%40ss@host:8443/f?x=1", "https://host:8443/f?x=1"),
        ("https://token@host/f", "https://host/f"),
        ("file:///a b", "file:///a b"),
        ("pypi:a/b.whl", "pypi:a/b.whl"),
        ("vendor/a.tgz", "vendor/a.tgz"),
    ],
)
def test_redacted(url: str, shown: str) -> None:
    assert redacted(url) == shown


def test_the_environment() -> None:
    assert from_environment({}) == Access(verify=True)
    assert from_environment({"SSL_CERT_FILE": __file__}) == Access(verify=__file__)
    here = __file__.rpartition("/")[0]
    assert from_environment({"SSL_CERT_FILE": __file__, "REQUESTS_CA_BUNDLE": here}) == Access(verify=here)


def test_an_error_that_nobody_foresaw_is_final_and_keeps_its_words() -> None:
    failure = explain(urllib3.exceptions.LocationParseError("no such place"), 30)
    assert not failure.transient
    assert "no such place" in failure.reason


def test_a_broken_connection_may_be_tried_again() -> None:
    failure = explain(
        urllib3.exceptions.ProtocolError("cut", ConnectionResetError(104, "Connection reset by peer")), 30
    )
    assert failure.transient
    assert failure.reason == "[Errno 104] Connection reset by peer"


def test_no_login_in_a_librarys_words() -> None:
    failure = explain(urllib3.exceptions.LocationParseError("https://ann:secret@host:x/"), 30)
    assert "secret" not in failure.reason
    assert "//host:x/" in failure.reason


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("value", ["http://[", "htp://x:1", "http://", "http://a:b:c", "http://me:pass@:3128", "a b"])
def test_a_proxy_that_is_none_is_named_by_its_variable(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable}: .* is not the address of a proxy") as caught:
        from_environment({variable: value})
    assert caught.value.hint == f"correct or unset {variable}"
    assert "pass" not in caught.value.problem


def test_a_proxy_that_needs_a_library_more() -> None:
    error = requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")
    assert "pip install 'requests[socks]'" in explain(error, 30).reason


@pytest.mark.parametrize(
    "value", ["", "http://p:1", "p:3128", "p", "https://me:pass@p", "socks5h://p:1", "http://[::1]:1"]
)
def test_a_proxy_that_is_one(value: str) -> None:
    assert from_environment({"HTTPS_PROXY": value}) == Access()


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("machine h login me password hunter2\n", "a login for it belongs in {path}"),
        ("machine h login me\npasswort hunter2\n", "{path} was not used: line 2 is not valid in a netrc file"),
        (None, "NETRC names {path}, which is not there"),
    ],
)
def test_what_is_said_of_a_netrc(tmp_path: Path, text: str | None, advice: str) -> None:
    path = tmp_path / "netrc"
    if text is not None:
        path.write_text(text)
    assert reach.login_advice({"NETRC": str(path)}) == advice.format(path=path)


def test_without_netrc_its_usual_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert reach.login_advice({}) == "a login for it belongs in ~/.netrc"
    (tmp_path / ".netrc").mkdir()
    assert reach.login_advice({}).startswith("~/.netrc was not used: ")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:hunter2@h/a?b=@c", "https://h/a?b=@c"),
        ("https://me:h@nter2@h/a", "https://h/a"),
        ("https://me:hunter2@[h/a", "https://[h/a"),
        ("/a/b@c", "/a/b@c"),
    ],
)
def test_no_login_is_shown(url: str, shown: str) -> None:
    assert reach.redacted(url) == shown
    assert reach.without_login(url) == shown


def test_what_a_library_says_of_a_signed_address_is_shown_without_the_signature() -> None:
    error = requests.exceptions.InvalidURL("Failed to parse: 'https://me:hunter2@h..h/f?Signature=hunter2', no host")
    assert explain(error, 1.0).reason == "Failed to parse: 'https://h..h/f', no host"
