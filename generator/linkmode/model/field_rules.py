"""What one field of a pin, of a locked artifact or of linkmode.toml may contain. Pure.

Each function returns what is wrong with a value as half a sentence ("expected …, found …"), or an empty string. A
value that passes can stand in a path, a URL, a message and a generated file.
"""

import contextlib
import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from linkmode.messages import ConfigError
from linkmode.model.values import DIGITS, Algorithm, Target

_LONGEST_NAME = 255
"""NAME_MAX of Linux's file systems."""
_LONGEST_PATH = 4096
_LONGEST_VERSION = 64
_LONGEST_SHOWN = 160

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_LAYOUT = re.compile(r"[a-z0-9][a-z0-9-]*")
_FACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~:-]*")
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]+")
_EXEC = re.compile(r"[a-z0-9_]+-[a-z0-9]+")
_PYPI_URL = re.compile(r"pypi:[A-Za-z0-9][A-Za-z0-9._-]*/(?P<file>[A-Za-z0-9._+!-]+)")
GOPROXY_URL = re.compile(r"goproxy:([a-z0-9!_~-][a-z0-9!._~-]*/)+@v/(?P<file>v[0-9][a-z0-9!._~+-]*\.zip)")
"""A module's archive on a Go proxy, its capital letters written as the proxy wants them: ``!a`` for ``A``."""
_INDEXED = {
    "pypi": ("pypi:<project>/<file>", _PYPI_URL),
    "goproxy": ("goproxy:<module>/@v/<version>.zip", GOPROXY_URL),
}
"""The schemes whose host is a setting of the user's pip or Go: the form to show, and the pattern."""
URL_FORMS = ", ".join(["https:", *(form for form, _ in _INDEXED.values()), "file: or a path relative to linkmode.toml"])
"""What a URL of a user's own pin may be, for messages."""
_LOGIN = re.compile(r"//[^/?#]*@")


def shown(value: object) -> str:
    """Return ``value`` as a message shows it: quoted, without what a terminal obeys, without a login, and not long."""
    text = ascii(_LOGIN.sub("//", value)) if isinstance(value, str) and not value.isprintable() else repr(value)
    text = _LOGIN.sub("//", text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(text):,} characters)"


def name(value: str) -> str:
    """A word that names a family, an artifact, a library or a role, and may be part of a file's name."""
    if _NAME.fullmatch(value) and len(value) <= _LONGEST_NAME:
        return ""
    return f"expected a name of letters, digits and any of ._+-, found {shown(value)}"


def version(value: str) -> str:
    """A version of PEP 440, without blanks around it."""
    if len(value) <= _LONGEST_VERSION and _VERSION.fullmatch(value):
        with contextlib.suppress(InvalidVersion):
            Version(value)
            return ""
    return f"expected a version of PEP 440 such as 11.2.1, found {shown(value)}"


def versions(value: str) -> str:
    """A version, or a specifier set of PEP 440 that asks for something."""
    if len(value) <= 4 * _LONGEST_VERSION and value.isprintable():
        with contextlib.suppress(InvalidSpecifier):
            if not version(value) or SpecifierSet(value):
                return ""
    return f"expected versions as PEP 440 writes them, such as '~=1.3.1' or '>=11.2,<12'; found {shown(value)}"


def digest(value: str, algorithm: Algorithm) -> str:
    """A digest as lower-case hexadecimal."""
    length = DIGITS[algorithm]
    if re.fullmatch(f"[0-9a-f]{{{length}}}", value):
        return ""
    return f"expected {length} lower-case hexadecimal digits, found {shown(value)} ({len(value)} characters)"


def file_name(value: str) -> str:
    """The name of a file, without a folder."""
    plain = PurePosixPath(value).name == value and value not in ("", ".", "..")
    if plain and "\\" not in value and _is_text(value) and len(value.encode()) <= _LONGEST_NAME:
        return ""
    return f"expected the name of a file, without a folder, found {shown(value)}"


def folder(value: str) -> str:
    """A folder inside an archive; empty for its root."""
    path = PurePosixPath(value)
    plain = not path.is_absolute() and ".." not in path.parts and "\\" not in value
    if plain and _is_text(value) and len(value.encode()) <= _LONGEST_PATH:
        return ""
    return f"expected a folder inside the archive, in printable UTF-8, found {shown(value)}"


def url(value: str, file: str, *, machine: bool, mirror: bool = False) -> str:
    """A URL of the archive ``file``: https, ``pypi:<project>/<file>``, or ``goproxy:<module>/@v/<version>.zip``.

    ``machine`` allows what only one machine can read: ``file:`` URLs, and paths relative to linkmode.toml. ``mirror``
    allows plain http, as a mirror may have it. No URL may hold a user or password.
    """
    problem = _url_problem(value, file, machine=machine, mirror=mirror)
    return f"{problem}, found {shown(value)}" if problem else ""


def expected_form(value: str) -> str:
    """The form of ``value``, a URL of one of the schemes that have a form, where it does not have it; else empty."""
    form, pattern = _INDEXED.get(urlsplit(value).scheme, ("", _FACT))
    return form if form and not pattern.fullmatch(value) else ""


def layout(value: str) -> str:
    """The family's word for the shape of an archive; may be empty."""
    if not value or (_LAYOUT.fullmatch(value) and len(value) <= _LONGEST_NAME):
        return ""
    return f"expected a word such as cross, found {shown(value)}"


def exec_platform(value: str) -> str:
    """Where programs run: ``x86_64-linux``."""
    if _EXEC.fullmatch(value) and len(value) <= _LONGEST_NAME:
        return ""
    return f"expected where its tools run, such as x86_64-linux, found {shown(value)}"


def target(value: str) -> str:
    """A target triple, in the one way that it is written."""
    if len(value) > _LONGEST_NAME:
        return f"expected a target triple such as x86_64-linux-musl, found {shown(value)}"
    try:
        canonical = str(Target(value))
    except ConfigError as error:
        return error.problem
    return "" if canonical == value else f"expected {canonical!r}, found {shown(value)}"


def fact(value: str) -> str:
    """A version as an archive says it, which PEP 440 need not know: ``1.2.2-git-50-gb76f37fd``."""
    if _FACT.fullmatch(value) and len(value) <= _LONGEST_NAME:
        return ""
    return f"expected a version as it stands in the archive, found {shown(value)}"


def line(value: str) -> str:
    """Text for a reader, in one line that a terminal shows as it is."""
    return "" if _is_text(value) and len(value) <= _LONGEST_PATH else f"expected one line of text, found {shown(value)}"


def _is_text(value: str) -> bool:
    """Whether it is printable; no lone surrogate is, which stands for bytes that are not UTF-8."""
    return value.isprintable()


def _url_problem(value: str, file: str, *, machine: bool, mirror: bool) -> str:
    if not value or len(value) > _LONGEST_PATH or " " in value or not value.isprintable():
        return "expected a URL without spaces"
    try:
        parts = urlsplit(value)
        host, login = parts.hostname, parts.username is not None or parts.password is not None
        _ = parts.port
    except ValueError as error:
        return f"expected a URL ({error})"
    scheme = parts.scheme
    if scheme == "https" or (scheme == "http" and mirror):
        if not host:
            return "expected a host"
        return "expected no user or password, which would be written to the lock (use ~/.netrc)" if login else ""
    if scheme == "http":
        return "plain http, which anyone on the way can change or watch: expected https"
    if scheme in _INDEXED:
        form, pattern = _INDEXED[scheme]
        match = pattern.fullmatch(value)
        if not match:
            return f"expected {form}"
        return "" if match["file"] == file else f"expected the file that the pin names, {shown(file)}"
    if not machine:
        return f"expected https, {' or '.join(form for form, _ in _INDEXED.values())}"
    if scheme == "file":
        if "%00" in parts.path:
            return "expected the path of a file, without a NUL character"
        return "" if parts.netloc in ("", "localhost") and parts.path else "expected file:///path/to/the/archive"
    if scheme:
        return f"expected {URL_FORMS}"
    return "expected a path relative to linkmode.toml, or file:// before an absolute one" if value[0] == "/" else ""
