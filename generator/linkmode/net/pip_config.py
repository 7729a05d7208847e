"""Reads the package index of the user's pip, from ``pip config list`` and PIP_* variables.

Only pip's documented interface is used (https://pip.pypa.io/en/stable/topics/configuration/). Where nothing is
configured, the default is the endpoint that pypi-simple knows.
"""

import ast
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from linkmode.messages import ConfigError
from linkmode.net.ask import ask
from linkmode.net.reach import Access, ca_bundle, proxy

_SECTIONS = ("global", "download", "install", ":env:")
"""From weakest to strongest. ``:env:`` is what ``pip config list`` calls the PIP_* variables."""

_PIPS_WORDS = ("Configuration file ", "ERROR: ")
"""How pip's message begins when its settings are wrong."""


@dataclass(frozen=True, slots=True)
class PipConfig:
    """The settings that decide where pip looks for a file. ``find_links`` and ``indexes`` are in the order to ask."""

    indexes: tuple[str, ...] = (PYPI_SIMPLE_ENDPOINT,)
    find_links: tuple[str, ...] = ()
    cert: str = ""
    client_cert: str = ""
    proxy: str = ""

    def access(self, otherwise: Access) -> Access:
        """How to reach the index: pip's CA bundle, client certificate and proxy, else what ``otherwise`` says.

        Raises ConfigError, naming pip's setting, when one of them cannot be what it must be.
        """
        return Access(
            verify=ca_bundle(self.cert, "pip's setting cert") if self.cert else otherwise.verify,
            client_cert=_certificate(self.client_cert) if self.client_cert else otherwise.client_cert,
            proxies=dict.fromkeys(("http", "https"), proxy(self.proxy, "pip's setting proxy"))
            if self.proxy
            else otherwise.proxies,
        )


def _certificate(path: str) -> str:
    if not Path(path).is_file():
        raise ConfigError(
            f"pip's setting client-cert: no file at {path}",
            expected="a file with a certificate and its key, in PEM",
            hint="correct it where `pip config debug` finds it",
        )
    return path


def read(environment: Mapping[str, str] = os.environ) -> PipConfig:
    """Ask the pip of this Python, else the pip on PATH; without either only PIP_* variables count.

    Raises ConfigError when there is a pip that does not answer, or that says that its own settings are wrong: another
    index than the user's must not be asked instead.
    """
    commands = [[sys.executable, "-m", "pip"]]
    if on_path := shutil.which("pip", path=environment.get("PATH")):
        commands.append([on_path])
    for command in commands:
        found = _listing([*command, "config", "list"], environment)
        if found is not None:
            return parse(found)
    prefix = "PIP_"
    variables = {k.removeprefix(prefix): v for k, v in environment.items() if k.startswith(prefix)}
    return parse("\n".join(f":env:.{k.lower().replace('_', '-')}={v!r}" for k, v in variables.items()))


def _listing(command: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Return the output of the command; None if there is no such pip."""
    done = ask(
        command,
        # Python must not run a folder named pip in the current folder.
        {**environment, "PYTHONSAFEPATH": "1"},
        expected="the settings of pip, which say which package index to use",
        hint="run it yourself to see what it waits for",
    )
    if done is None:
        return None
    if done.returncode == 0:
        return done.stdout
    said = (done.stderr or done.stdout).strip().splitlines()
    if said and said[0].startswith(_PIPS_WORDS):
        raise ConfigError(
            f"`{' '.join(command)}` fails: {' '.join(said)}",
            expected="the settings of pip, which say which package index to use",
            hint="correct pip's settings; `pip config debug` says where they are",
        )
    return None


def parse(listing: str) -> PipConfig:
    """Read the output of ``pip config list``: lines ``section.key='value'``, the value a Python string literal."""
    merged: dict[str, str] = {}
    sections: dict[str, dict[str, str]] = {name: {} for name in _SECTIONS}
    for line in listing.splitlines():
        name, equals, literal = line.partition("=")
        section, dot, key = name.strip().rpartition(".")
        if equals and dot and section in sections:
            try:
                value = ast.literal_eval(literal.strip())
            except (ValueError, SyntaxError):
                continue
            sections[section][key] = str(value)
    for section in _SECTIONS:
        merged.update(sections[section])
    index = () if _is_true(merged.get("no-index", "")) else (merged.get("index-url", PYPI_SIMPLE_ENDPOINT),)
    extra = merged.get("extra-index-url", "").split() if index else []
    return PipConfig(
        indexes=(*index, *extra),
        find_links=tuple(merged.get("find-links", "").split()),
        cert=merged.get("cert", ""),
        client_cert=merged.get("client-cert", ""),
        proxy=merged.get("proxy", ""),
    )


def _is_true(text: str) -> bool:
    return text.strip().lower() in {"1", "y", "yes", "t", "true", "on"}
