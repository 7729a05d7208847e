"""The libraries that linkmode builds from sources: each is a folder here, and one of its name in templates/."""

from linkmode.libraries.library import Library
from linkmode.model.components import found

LIBRARIES: dict[str, Library] = found(__name__, __path__, "LIBRARY")
"""Every library by name."""

ALLOCATORS = tuple(name for name, library in LIBRARIES.items() if library.allocates)
"""Libraries that define malloc."""

OTHER_LIBRARIES = (
    "To link any other: in Bazel, depend on a module or a rules_foreign_cc target that builds it, which linkmode's "
    "toolchains compile; elsewhere, build it with `linkmode exec -- make`"
)
"""What to do for a library that linkmode does not build."""

__all__ = ["ALLOCATORS", "LIBRARIES", "OTHER_LIBRARIES", "Library"]
