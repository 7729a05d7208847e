"""Where the folders of templates/ lie, and where each goes in a generated tree.

``common/`` is what every build system takes as it is: programs and sources. ``<build system>/core/`` is the root of the
tree. Each family, language and library has a folder in both, and so adds nothing to any other.
"""

from collections.abc import Iterator
from importlib.resources.abc import Traversable

from linkmode.generate.engine import Sources, files_below
from linkmode.languages import LANGUAGES

_FOLDERS = {"musl_cc": "gcc"}
"""Folders of the generated tree that are not named as those of the templates."""


def bazel(templates: Traversable) -> Sources:
    """Return the templates of everything, by the paths that they get in a tree for Bazel."""
    own, common = templates.joinpath("bazel"), templates.joinpath("common")
    sources = {**files_below(own.joinpath("core")), **files_below(common.joinpath("tools"), "tools")}
    for language in LANGUAGES.values():
        folder = f"languages/{language.name}"
        private = f"private/{language.folder}"
        sources |= files_below(own.joinpath(folder, "public"), language.folder)
        sources |= files_below(own.joinpath(folder, "private"), private)
        sources |= files_below(common.joinpath(folder), private)
    for kind in ("families", "libraries"):
        for name in _names(own.joinpath(kind)):
            private = f"private/{_FOLDERS.get(name, name)}"
            sources |= files_below(own.joinpath(kind, name), private)
            sources |= files_below(common.joinpath(kind, name), private)
    return sources


def dune(templates: Traversable) -> Sources:
    """Return the templates of what is generated for dune."""
    return files_below(templates.joinpath("dune"))


def _names(folder: Traversable) -> Iterator[str]:
    return (entry.name for entry in folder.iterdir())
