"""The folder of this user's caches, by the rules of the platform (XDG_CACHE_HOME, else below the home)."""

from pathlib import Path

import platformdirs

from linkmode.messages import ConfigError


def folder(*names: str) -> Path:
    """Return the folder ``names`` below the cache; raise ConfigError where this user has no home to keep one in.

    A relative path would be a folder of the repository. Older platformdirs return one (``~``), newer ones raise.
    """
    try:
        cache = platformdirs.user_cache_path()
    except RuntimeError:
        cache = Path("~/.cache")
    if not cache.is_absolute():
        raise ConfigError(
            f"{cache}: this user has no home folder that linkmode could keep its cache in",
            expected="XDG_CACHE_HOME or HOME, an absolute path, or a home of this user in the list of users",
            hint="set XDG_CACHE_HOME to a folder that this user can write",
        )
    return cache.joinpath(*names)
