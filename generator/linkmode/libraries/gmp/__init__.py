"""GMP, built from its C code: no assembler, and no configure script."""

from linkmode.libraries.library import Library
from linkmode.model.components import Layout

LIBRARY = Library(
    name="gmp",
    also_called=("libgmp",),
    linked_as=("gmp",),
    suggested_version="~=6.3.0",
    layouts={"gmp": Layout("gmp_archive.bzl", "gmp_archive")},
)
