"""mimalloc: an allocator that replaces the libc's."""

from linkmode.libraries.library import Library
from linkmode.model.components import Layout

LIBRARY = Library(
    name="mimalloc",
    suggested_version="~=2.2",
    layouts={"mimalloc": Layout("mimalloc_archive.bzl", "mimalloc_archive")},
    allocates=True,
)
