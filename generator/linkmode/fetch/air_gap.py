"""The air-gap mirror that everything is fetched from, as a user names it."""

from pathlib import Path
from urllib.parse import urlsplit

from linkmode.messages import UsageError
from linkmode.model.mirror_layout import INDEX
from linkmode.net import reach
from linkmode.net.index import file_path


def mirror(given: str) -> str:
    """Return the prefix of the mirror's URLs; a folder becomes a file: URL. Raises UsageError when it is no mirror."""
    kind = "a folder that `linkmode mirror` wrote, or its https:, http: or file: URL"
    hint = "correct --mirror (LINKMODE_MIRROR)"
    named = f"--mirror {reach.without_login(given)!r}"
    try:
        parts = urlsplit(given)
        scheme, _ = parts.scheme, parts.port
        folder = file_path(given) if scheme == "file" else Path(given).absolute()
    except ValueError as error:
        raise UsageError(f"{named}: this is not a URL: {error}", expected=kind, hint=hint) from error
    if not given or (scheme in {"https", "http"} and not parts.hostname):
        raise UsageError(
            f"{named}: {'the URL has no host' if given else 'the value is empty'}", expected=kind, hint=hint
        )
    if scheme not in {"https", "http", "file", ""}:
        raise UsageError(f"{named}: the scheme {scheme}: is not supported", expected=kind, hint=hint)
    if scheme in {"https", "http"}:
        return given
    if not (folder / INDEX).is_file():
        raise UsageError(
            f"{named}: this is not an air-gap mirror: {folder / INDEX} does not exist",
            expected=kind,
            hint=hint,
        )
    return folder.as_uri()
