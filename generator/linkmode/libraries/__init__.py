"""The libraries that linkmode builds from sources: each is a folder here, and one of its name in templates/."""

from linkmode.libraries.library import Library
from linkmode.model.components import found

LIBRARIES: dict[str, Library] = found(__name__, __path__, "LIBRARY")
"""Every library by name."""

ALLOCATORS = tuple(name for name, library in LIBRARIES.items() if library.allocates)
"""Libraries that define malloc."""

__all__ = ["ALLOCATORS", "LIBRARIES", "Library"]
