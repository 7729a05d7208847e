"""How to reach an origin (CA, client certificate, proxy), with an actionable message for each failure."""

import netrc
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from linkmode.messages import ConfigError
from linkmode.model.failures import UnreachableError

_LOGIN = re.compile(r"//[^/?#\s]*@")
_QUERY = re.compile(r"(//[^?#\s]*)\?[^\s'\")]*")
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Access:
    """What a request needs beside its URL. Proxies of the environment and netrc are read by requests itself.

    ``verify`` is a CA bundle, or True for that of certifi.
    """

    verify: str | bool = True
    client_cert: str | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """A place to ask: a URL (http or https) and how to reach it, or a ``path`` of this machine.

    ``shown`` is what messages and results call it. ``declared`` are the digests that the page which led here gives, in
    hexadecimal by hashlib's name of the algorithm, and ``provenance`` is where it says that the attestations are.
    """

    shown: str
    url: str = ""
    access: Access = field(default_factory=Access)
    path: Path | None = None
    declared: Mapping[str, str] = field(default_factory=dict)
    provenance: str = ""


def from_environment(environment: Mapping[str, str] = os.environ) -> Access:
    """The access that the environment asks for; raise ConfigError when its CA bundle or a proxy of it cannot be one."""
    for variable in (*_PROXY_VARIABLES, *map(str.lower, _PROXY_VARIABLES)):
        proxy(environment.get(variable, ""), variable)
    for variable in _CA_VARIABLES:
        if bundle := environment.get(variable):
            return Access(verify=ca_bundle(bundle, variable))
    return Access()


def proxy(url: str, setting: str) -> str:
    """Return ``url``, which may be empty or lack a scheme; raise ConfigError naming ``setting`` if it is no proxy's."""
    try:
        parts = urllib3.util.parse_url(url if "://" in url else f"http://{url}")
    except urllib3.exceptions.LocationParseError:
        parts = urllib3.util.Url()
    if url and (not parts.host or parts.scheme not in _PROXY_SCHEMES):
        raise ConfigError(
            f"{setting}: {without_login(url)!r} is not the address of a proxy",
            expected="an address such as http://host:3128",
            hint=f"correct or unset {setting}",
        )
    return url


def ca_bundle(path: str, setting: str) -> str:
    """Return ``path``; raise ConfigError naming ``setting`` when there is no such file or folder."""
    if not Path(path).exists():
        raise ConfigError(
            f"{setting}: no CA bundle at {path}",
            expected="a file of certificates in PEM, or a folder that c_rehash prepared",
            hint=f"correct or unset {setting}",
        )
    return path


def login_advice(environment: Mapping[str, str] = os.environ) -> str:
    """What to say where a server asks for a login: where one belongs, or why what is there was not used.

    requests takes a netrc that it cannot read for an empty one. What stands in it is not shown: it may be a password.
    """
    named = environment.get("NETRC", "")
    for path in [Path(named)] if named else [Path("~/.netrc"), Path("~/_netrc")]:
        try:
            netrc.netrc(str(path.expanduser()))
        except netrc.NetrcParseError as error:
            return f"{path} was not used: line {error.lineno} is not valid in a netrc file"
        except FileNotFoundError:
            if named:
                return f"NETRC names {path}, which is not there"
        except (OSError, UnicodeDecodeError, RuntimeError) as error:  # RuntimeError: the user has no home
            return f"{path} was not used: {error}"
    return f"a login for it belongs in {named or '~/.netrc'}"


def without_login(text: str) -> str:
    """``text`` without the user name and password of a URL in it, also where it is none that can be read."""
    return _LOGIN.sub("//", text)


def redacted(url: str) -> str:
    """The URL without user name and password, for messages and logs, where it may turn out to be none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return without_login(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def server(url: str) -> str:
    """The server of a URL, to compare: scheme, host and port, the port in one spelling."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host.removesuffix({'http': ':80', 'https': ':443'}.get(parts.scheme, ':'))}"


def explain(error: Exception, silence: float) -> UnreachableError:
    """The failure for an exception of requests or urllib3. ``silence`` is the read timeout in seconds."""
    chain = list(_chain(error))
    text = _plain(str(chain[-1]))
    if any(isinstance(e, ssl.SSLCertVerificationError) for e in chain):
        return UnreachableError(f"TLS: {text}; a private CA can be named in REQUESTS_CA_BUNDLE")
    if any(isinstance(e, urllib3.exceptions.SSLError) for e in chain):
        return UnreachableError(f"TLS: {text}", transient=True)
    if any(isinstance(e, urllib3.exceptions.ProxyError) for e in chain):
        return UnreachableError(f"the proxy failed: {text}", transient=True, silent=True)
    if any(isinstance(e, urllib3.exceptions.NameResolutionError) for e in chain):
        return UnreachableError(f"the host name is not known: {text}", transient=True, silent=True)
    if any(isinstance(e, urllib3.exceptions.NewConnectionError) for e in chain):
        return UnreachableError(text, transient=True, silent=True)
    if any(isinstance(e, urllib3.exceptions.ConnectTimeoutError) for e in chain):
        return UnreachableError("no connection in time", transient=True, silent=True)
    if any(isinstance(e, urllib3.exceptions.ReadTimeoutError) for e in chain):
        return UnreachableError(f"stalled: no byte for {silence:g} s", transient=True)
    if isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in text:
        return UnreachableError("a SOCKS proxy needs another library: pip install 'requests[socks]' beside linkmode")
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.ProtocolError):
        return UnreachableError(text, transient=True)
    return UnreachableError(text)


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and its causes, outermost first, by both kinds of cause and urllib3's ``reason``."""
    found: list[BaseException] = []
    step: object = error
    while isinstance(step, BaseException) and step not in found:
        found.append(step)
        inner = [a for a in step.args if isinstance(a, BaseException)]
        step = getattr(step, "reason", None) or (inner[0] if inner else None) or step.__cause__ or step.__context__
    return found


def _plain(text: str) -> str:
    """A library's message without object addresses, logins, and what a URL asks: it may be signed."""
    if "object at 0x" in text:
        text = text.rpartition("object at 0x")[2].partition(": ")[2]
    return _QUERY.sub(r"\1", without_login(text))
