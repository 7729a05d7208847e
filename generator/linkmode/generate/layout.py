"""Where the folders of templates/ lie, and where each goes in a generated tree. What is not locked is not written.

``common/`` is what every build system takes as it is: programs and sources. ``<build system>/core/`` is the root of the
tree. Each family, language and library has a folder in both, and so adds nothing to any other.
"""

from collections.abc import Iterable
from importlib.resources.abc import Traversable

from linkmode.config.document import Config
from linkmode.families import FAMILIES
from linkmode.generate.engine import Sources, files_below
from linkmode.languages import LANGUAGES
from linkmode.libraries import LIBRARIES
from linkmode.model.values import Lock


def bazel(templates: Traversable, config: Config, lock: Lock) -> Sources:
    """Return the templates of what ``lock`` names, by the paths that they get in a tree for Bazel."""
    own, common = templates.joinpath("bazel"), templates.joinpath("common")
    languages = sorted({part.language for part in lock.parts})
    sources = {
        **_every(templates),
        **files_below(own.joinpath("core")),
        **files_below(common.joinpath("tools"), "tools"),
    }
    for adapter in config.adapters:
        sources |= _named(own.joinpath("adapters"), ("BUILD.bazel", f"{adapter}.bzl"), "private/adapters")
    if languages:
        sources |= files_below(own.joinpath("languages", "shared"))
    for name in languages:
        folder, into = f"languages/{name}", LANGUAGES[name].folder
        sources |= files_below(own.joinpath(folder, "public"), into)
        sources |= files_below(own.joinpath(folder, "private"), f"private/{into}")
        sources |= files_below(common.joinpath(folder), f"private/{into}")
    families = {f"families/{toolchain.family}": FAMILIES[toolchain.family].folder for toolchain in lock.toolchains}
    libraries = {f"libraries/{name}": LIBRARIES[name].folder for name in lock.libraries}
    for folder, into in (*families.items(), *libraries.items()):
        sources |= files_below(own.joinpath(folder), f"private/{into}")
        sources |= files_below(common.joinpath(folder), f"private/{into}")
    return sources


def dune(templates: Traversable, _config: Config, _lock: Lock) -> Sources:
    """Return the templates of what is generated for dune."""
    return {**_every(templates), **files_below(templates.joinpath("dune"))}


def _every(templates: Traversable) -> Sources:
    """Return what stands at the root of every tree."""
    return files_below(templates.joinpath("common", "core"))


def _named(folder: Traversable, names: Iterable[str], into: str) -> Sources:
    return {f"{into}/{name}": folder.joinpath(name).read_bytes() for name in names}
