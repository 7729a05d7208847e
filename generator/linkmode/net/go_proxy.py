"""Resolves ``goproxy:<module>/@v/<version>.zip`` to URLs, by the GOPROXY setting of the user's Go.

The setting is read as the go command reads it: the variable, else the file that ``go env -w`` writes, else what
``go env`` says, which has Go's default. The proxy is not trusted: the lock's checksum decides.
"""

import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from linkmode.messages import ConfigError
from linkmode.model import textfile
from linkmode.model.failures import OriginError, UnreachableError
from linkmode.model.field_rules import GOPROXY_URL, shown
from linkmode.model.values import Checksum
from linkmode.net.ask import ask
from linkmode.net.reach import Access, Origin, redacted
from linkmode.net.transport import Transport

SCHEME = "goproxy:"
_KEY = "GOPROXY"
_EXAMPLE = "go env -w GOPROXY=https://goproxy.example.com"
_OTHERWISE = f"name a proxy: {_EXAMPLE}; or lock another source of Go: linkmode lock --source go=pypi"
_NO_PROXY = {
    "off": "which forbids every proxy",
    "direct": "which asks version control: linkmode asks only proxies",
}
"""The words that Go reads in place of a URL, and what they mean. Each ends the list."""


class Setting(NamedTuple):
    """What GOPROXY is; empty where nothing sets it. ``place`` is where that stands, for messages."""

    value: str
    place: str


class Proxy(NamedTuple):
    """One proxy of the list. ``always``: whether the next one is asked after any failure, and not only after a 404."""

    url: str
    always: bool


def read(environment: Mapping[str, str] = os.environ) -> Setting:
    """Return the setting; raise ConfigError when a file or a program that may hold it does not answer."""
    if value := environment.get(_KEY):
        return Setting(value, _KEY)
    if path := _file(environment):
        try:
            text = textfile.regular(path).decode("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            text = ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{path}: cannot be read: {error}",
                expected="lines KEY=VALUE, as `go env -w` writes them",
                hint=f"correct it, or set the variable {_KEY}",
            ) from error
        if value := _written(text):
            return Setting(value, f"{_KEY} in {path}")
    return Setting(_of_go(environment), f"`go env {_KEY}`")


def _file(environment: Mapping[str, str]) -> Path | None:
    """The file that ``go env -w`` writes; None where there is to be none (GOENV=off, or nobody has a home)."""
    named = environment.get("GOENV", "")
    if named:
        return None if named in ("off", os.devnull) else Path(named)
    home = environment.get("HOME", "")
    if sys.platform == "darwin":
        return Path(home, "Library/Application Support/go/env") if home else None
    if folder := environment.get("XDG_CONFIG_HOME", ""):
        # Go takes a relative one for an error, and then reads no file.
        return Path(folder, "go/env") if Path(folder).is_absolute() else None
    return Path(home, ".config/go/env") if home else None


def _written(text: str) -> str:
    """The setting in the text of Go's file: lines KEY=VALUE, of which the last counts."""
    found = ""
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and key == _KEY:
            found = value
    return found


def _of_go(environment: Mapping[str, str]) -> str:
    """What the go command on PATH says, which knows its default; empty where there is none that works."""
    command = shutil.which("go", path=environment.get("PATH", ""))
    if command is None:
        return ""
    done = ask(
        [command, "env", _KEY],
        # A go.mod or go.work may name another Go, which this one would download first.
        {**environment, "GOTOOLCHAIN": "local", "GOWORK": "off"},
        cwd="/",
        expected="the Go proxies to use",
        hint=f"set the variable {_KEY}, or run it yourself to see what it waits for",
    )
    return done.stdout.strip() if done and done.returncode == 0 else ""


def parse(setting: Setting) -> tuple[tuple[Proxy, ...], str]:
    """Return the proxies in the order to ask, and the word that ends the list: ``direct``, ``off`` or none.

    The syntax is that of https://go.dev/ref/mod#environment-variables. Raises ConfigError where Go refuses it, too.
    """
    proxies: list[Proxy] = []
    for entry, separator in re.findall("([^,|]*)([,|]|$)", setting.value):
        word = entry.strip()
        if word in _NO_PROXY:
            return tuple(proxies), word
        if word:
            url = _url(word)
            if not url:
                raise ConfigError(
                    f"{setting.place}: {shown(word)} is not the URL of a Go proxy",
                    expected="URLs of https, http or file, or direct or off, with ',' or '|' between them",
                    hint=f"correct it: {_EXAMPLE}",
                )
            proxies.append(Proxy(url, separator == "|"))
    return tuple(proxies), ""


def _url(word: str) -> str:
    """The URL that an entry means, without the slash at its end; empty where it means none."""
    is_host = re.search("[.:/]", word) and ":/" not in word and not word.startswith("/")
    url = (f"https://{word}" if is_host else word).rstrip("/")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    if any(char.isspace() or not char.isprintable() for char in url):
        return ""
    if parts.scheme == "file":
        is_folder = not parts.netloc and parts.path.startswith("/") and "\0" not in unquote(parts.path)
        return url if is_folder else ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""


class GoProxies:
    """The user's Go proxies; the setting is read when the first is asked. Safe for use by several threads."""

    def __init__(self, transport: Transport, access: Access) -> None:
        self._transport = transport
        self._access = access
        self._guard = threading.Lock()
        self._setting: Setting | None = None

    def locate(self, url: str, checksum: Checksum | None) -> Iterator[tuple[str, Origin | OriginError]]:
        """Yield every proxy to ask, each with what to call it. The caller asks for the next one after a failure.

        After a ',' the next one is asked only if this one has no such file, as the go command does: a proxy may be
        there to refuse. Without a ``checksum``, no plain http is used.
        """
        if not GOPROXY_URL.fullmatch(url):
            yield url, UnreachableError("is not of the form goproxy:<module>/@v/<version>.zip")
            return
        with self._guard:
            setting = self._setting = self._setting or read()
        proxies, end = parse(setting)
        for number, proxy in enumerate(proxies):
            label = f"{url} ({redacted(proxy.url)})"
            origin = _origin(label, f"{proxy.url}/{url.removeprefix(SCHEME)}", self._access, checksum)
            yield label, origin
            rest = proxies[number + 1 :]
            if rest and not proxy.always and not self._is_absent(origin):
                why = "a ',' stands after the proxy above, which did not answer that it has no such file (404 or 410)"
                yield f"{url} ({redacted(rest[0].url)})", UnreachableError(f"is not asked: {why}")
                return
        if end:
            yield f"{url} ({end})", UnreachableError(f"{setting.place} has {end!r}, {_NO_PROXY[end]}", hint=_OTHERWISE)
        elif not proxies:
            no = "names no proxy" if setting.value else "is not set, and no go command on PATH says its default"
            yield url, UnreachableError(f"{setting.place if setting.value else _KEY} {no}", hint=_OTHERWISE)

    def _is_absent(self, origin: Origin | OriginError) -> bool:
        """Whether a proxy that did not give the file says that it has none."""
        if isinstance(origin, OriginError):
            return False
        if origin.path is not None:
            return not origin.path.exists()
        try:
            self._transport.length(origin)
        except UnreachableError as failure:
            return failure.absent
        return False


def _origin(label: str, url: str, access: Access, checksum: Checksum | None) -> Origin | OriginError:
    match urlsplit(url).scheme:
        case "file":
            return Origin(label, path=Path(unquote(urlsplit(url).path)))
        case "http" if checksum is None:
            why = "is asked for over http: refused, since no checksum is pinned yet; expected https"
            return UnreachableError(why)
        case _:
            return Origin(label, url, access)
