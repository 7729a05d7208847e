"""zlib, built without its configure script."""

from linkmode.libraries.library import Library
from linkmode.libraries.zlib.recognise import RECOGNISER
from linkmode.model.components import Layout

LIBRARY = Library(
    name="zlib",
    also_called=("libz",),
    linked_as=("z", "zlib"),
    suggested_version="~=1.3.1",
    layouts={"zlib": Layout("zlib_archive.bzl", "zlib_archive")},
    recogniser=RECOGNISER,
    in_buck2=True,
)
