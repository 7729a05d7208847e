"""Turns a URL into the places to ask: the one reader of the schemes that a pin, a lock or a user may write."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from linkmode.model.failures import OriginError, UnreachableError
from linkmode.model.values import Checksum
from linkmode.net import reach
from linkmode.net.go_proxy import GoProxies
from linkmode.net.index import PackageIndex, file_path
from linkmode.net.reach import Origin
from linkmode.net.transport import Transport

Place = tuple[str, Origin | OriginError]
"""What to call a place in a message, and the place, or why it cannot be asked."""


class Places:
    """Finds places by the settings of the user's pip and Go, and of the environment. Safe for use by several threads.

    ``base`` is the folder that relative paths are relative to. Raises ConfigError for a setting that cannot be one.
    """

    def __init__(self, transport: Transport, base: Path = Path()) -> None:
        self.access = reach.from_environment()
        self._base = base
        self._index = PackageIndex(transport, self.access)
        self._proxies = GoProxies(transport, self.access)

    def of(self, url: str, checksum: Checksum | None) -> Iterator[Place]:
        """Yield the places of one URL, in the order to ask. A ``checksum`` allows plain http to an index or proxy."""
        scheme, shown = urlsplit(url).scheme, reach.redacted(url)
        match scheme:
            case "pypi":
                yield from self._index.locate(url, checksum)
            case "goproxy":
                yield from self._proxies.locate(url, checksum)
            case "http" | "https":
                yield shown, Origin(shown, url, self.access)
            case "" | "file":
                try:
                    path = file_path(url) if scheme else Path(url)
                except ValueError as error:
                    yield shown, UnreachableError(str(error))
                else:
                    yield shown, Origin(shown, path=self._base / path)
            case _:
                yield shown, UnreachableError(f"{scheme}: is not a scheme to fetch from")
