"""Downloads a file that has no pin yet: whole, from one URL, with its checksum, and untrusted."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from linkmode.fetch.progress import Progress
from linkmode.messages import ConfigError, IntegrityError, NetworkError, UsageError
from linkmode.model import field_rules, textfile
from linkmode.model.failures import OriginError, WrongBytesError
from linkmode.model.values import Checksum
from linkmode.net import reach
from linkmode.net.index import file_path, said_digest
from linkmode.net.partial import Partial
from linkmode.net.places import Place, Places
from linkmode.net.transport import Transport
from linkmode.net.web import Limits
from linkmode.store.files import digest_of

_ARCHIVES = (b"\x1f\x8b", b"\xfd7zXZ\0", b"PK\x03\x04")
"""How gzip, xz and zip begin."""

_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
"""What an index may declare, as pip knows it. Of those a pin can have, the strongest guard; none is left unread."""


class Gathered(msgspec.Struct, frozen=True):
    """What one URL gave. ``size`` is in bytes; ``source`` is the place that it came from, without logins."""

    sha256: str
    size: int
    source: str


class _Unpinned(Partial):
    """A download with nothing to compare with: only one whole answer counts, for two could be of two files."""

    resumable = False

    def __init__(self, path: Path) -> None:
        super().__init__(path, Checksum("sha256", ""), None)

    def check(self) -> None:
        """Return when the bytes begin as an archive does; raise WrongBytesError when they do not."""
        if not self.head.startswith(_ARCHIVES):
            raise WrongBytesError("is no archive: neither gzip, xz nor zip")


def gather(url: str, path: Path, *, base: Path, progress: Progress, limits: Limits | None = None) -> Gathered:
    """Bring what ``url`` gives to ``path``: https, ``pypi:``, ``goproxy:``, ``file:``, or a path relative to ``base``.

    Raises:
        UsageError: the URL is plain http, or of a scheme that no pin may have, or names a file that is not there.
        NetworkError: it could not be reached.
        IntegrityError: what it gives is no archive, or has another digest than the index declares.
        ConfigError: a file of this machine cannot be read.
    """
    try:
        scheme, shown = urlsplit(url).scheme, reach.redacted(url)
        local = base / (file_path(url) if scheme == "file" else Path(url))
    except ValueError as error:
        raise UsageError(
            f"{url!r} is not a URL: {error}", expected=field_rules.URL_FORMS, hint="name an archive, or its https: URL"
        ) from error
    if scheme not in {"https", "pypi", "goproxy", "file", ""}:
        raise UsageError(
            f"{shown}: a pin cannot have a URL of the scheme {scheme}:",
            expected=field_rules.URL_FORMS,
            hint="name an archive, or its https: URL",
        )
    if form := field_rules.expected_form(url) if url else "a URL or a path":
        raise UsageError(f"{shown!r}: expected {form}", hint="name an archive, or its https: URL")
    transport = Transport(limits or Limits())
    if scheme in {"file", ""}:
        _check_file(local, shown)
    places = Places(transport, base).of(url, None)
    reasons, is_wrong, hint = [], False, ""
    progress.begin(shown, None)
    try:
        for place in places:
            try:
                return _bring(transport, place, path, shown, progress)
            except OriginError as failure:
                reasons.append(f"\n    {place[0]}: {failure.reason}")
                hint = hint or failure.hint
                is_wrong = is_wrong or isinstance(failure, WrongBytesError)
            except BaseException:
                transport.stop()
                raise
    finally:
        progress.end(shown)
    if is_wrong:
        raise IntegrityError(
            f"{shown}: gives no archive to pin:{''.join(reasons)}",
            expected="a tar, a zip or a wheel, with the digests that the index declares for it",
            hint="open it and the page that lists it, and see what they are",
        )
    raise NetworkError(
        f"{shown}: could not be reached:{''.join(reasons)}",
        expected="an answer with the archive",
        hint=hint or "check the URL, the network and the proxy",
    )


def _check_file(path: Path, shown: str) -> None:
    """Raise UsageError where there is no such file, ConfigError where it cannot be read."""
    try:
        # Told apart by its name, for the message; opened as what it is.
        found = "" if stat.S_ISREG(path.stat().st_mode) else "it is no regular file"
        if not found:
            textfile.open_regular(path).close()
    except (FileNotFoundError, NotADirectoryError):
        found = "there is no such file"
    except OSError as error:
        raise ConfigError(
            f"{shown}: cannot be read: {error.strerror or error}",
            expected="an archive that you may read",
            hint="get read permission for it, or name another copy",
        ) from error
    if found:
        raise UsageError(f"{shown}: {found}; expected an archive", hint="name an archive, or its https: URL")


def _bring(transport: Transport, place: Place, path: Path, shown: str, progress: Progress) -> Gathered:
    named, origin = place
    if isinstance(origin, OriginError):
        raise origin
    with _Unpinned(path) as partial:
        partial.restart()
        transport.bring(origin, partial, lambda received: progress.advance(shown, received))
        size = partial.received
    for algorithm, declared in origin.declared.items():
        if algorithm in _ALGORITHMS and (found := digest_of(path, algorithm)) != declared.lower():
            said = said_digest(algorithm, declared)
            raise WrongBytesError(f"{algorithm} mismatch: the index declares {said}; the file has {found}")
    return Gathered(digest_of(path, "sha256"), size, named)
