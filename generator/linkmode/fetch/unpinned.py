"""A file that nobody has pinned yet: brought whole from one URL, hashed, and trusted in nothing."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from linkmode.errors import NetworkError, UsageError
from linkmode.fetch import network
from linkmode.fetch.failures import OriginError, UnreachableError, WrongBytesError
from linkmode.fetch.index import PackageIndex, file_path
from linkmode.fetch.network import Origin
from linkmode.fetch.partial import Partial
from linkmode.fetch.progress import Progress
from linkmode.fetch.transport import Transport
from linkmode.fetch.web import Limits
from linkmode.model import Checksum

_ARCHIVES = (b"\x1f\x8b", b"\xfd7zXZ\0", b"PK\x03\x04")
"""How gzip, xz and zip begin."""


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
    """Bring what ``url`` gives to ``path``: https, ``pypi:``, ``file:``, or a path relative to ``base``.

    Raises:
        UsageError: the URL is plain http, or of a scheme that no pin may have.
        NetworkError: it could not be reached, or gives no archive.
    """
    try:
        scheme, shown = urlsplit(url).scheme, network.redacted(url)
    except ValueError as error:
        raise UsageError(f"{url!r} is not a URL: {error}") from error
    if scheme not in {"https", "pypi", "file", ""}:
        raise UsageError(
            f"{shown}: a pin cannot have a URL of the scheme {scheme}:",
            hint="https:, pypi:<project>/<file>, file:, or a path relative to linkmode.toml",
        )
    transport = Transport(limits or Limits())
    access = network.from_environment()
    places: list[tuple[str, Origin | OriginError]]
    if scheme == "pypi":
        places = list(PackageIndex(transport, access).locate(url, None))
    elif scheme == "https":
        places = [(shown, Origin(shown, url, access))]
    else:
        places = [(shown, Origin(shown, path=base / (file_path(url) if scheme else Path(url))))]
    reasons = []
    progress.begin(shown, None)
    try:
        for place, origin in places:
            try:
                return _bring(transport, place, origin, path, shown, progress)
            except OriginError as failure:
                reasons.append(f"\n    {place}: {failure.reason}")
            except BaseException:
                transport.stop()
                raise
    finally:
        progress.end(shown)
    raise NetworkError(f"{shown}: gives no archive:{''.join(reasons)}", hint="check the URL, the network and the proxy")


def _bring(
    transport: Transport, place: str, origin: Origin | OriginError, path: Path, shown: str, progress: Progress
) -> Gathered:
    if isinstance(origin, OriginError):
        raise origin
    with _Unpinned(path) as partial:
        partial.restart()
        transport.bring(origin, partial, lambda received: progress.advance(shown, received))
        size = partial.received
    if not size:
        raise UnreachableError("gives an empty file")
    with path.open("rb") as stream:
        return Gathered(hashlib.file_digest(stream, "sha256").hexdigest(), size, place)
