"""Where the folders of templates/ lie, and where each goes in a generated tree. What is not locked is not written.

``common/`` is what every build system takes as it is: programs and sources. ``<build system>/core/`` is the root of the
tree. Each family, language and library has a folder in both, and so adds nothing to any other.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from linkmode.config.adapters import ADAPTERS
from linkmode.config.buck2 import CELL
from linkmode.config.document import Config
from linkmode.families import FAMILIES
from linkmode.generate.engine import Sources, files_below
from linkmode.languages import LANGUAGES
from linkmode.libraries import LIBRARIES
from linkmode.model.values import Lock

_EXPLAINED = ("private/cc/BUCK", "private/cc/explain.h", "private/cc/link_errors.h")
"""What Buck2's tree has for a compiler that a program of linkmode's stands for, which says why a link failed."""


def bazel(templates: Path, config: Config, lock: Lock) -> Sources:
    """Return the templates of what ``lock`` names, by the paths that they get in a tree for Bazel."""
    families = dict.fromkeys(toolchain.family for toolchain in lock.toolchains)
    languages = sorted({part.language for part in lock.parts})
    return _bazel(templates, config.adapters, families, languages, lock.libraries)


def whole_bazel(templates: Path) -> Sources:
    """Return all templates that there are for Bazel, by the same paths: for what describes them."""
    return _bazel(templates, ADAPTERS, FAMILIES, LANGUAGES, LIBRARIES)


def _bazel(
    templates: Path,
    adapters: Iterable[str],
    families: Iterable[str],
    languages: Collection[str],
    libraries: Collection[str],
) -> Sources:
    own, common = templates.joinpath("bazel"), templates.joinpath("common")
    sources = {
        **_every(templates),
        **files_below(common.joinpath("private"), "private"),
        **files_below(own.joinpath("core")),
        **files_below(common.joinpath("tools"), "tools"),
    }
    for adapter in adapters:
        sources |= _named(own.joinpath("adapters"), ("BUILD.bazel", f"{adapter}.bzl"), "private/adapters")
    if languages:
        sources |= files_below(own.joinpath("languages", "shared"))
        sources |= files_below(common.joinpath("languages", "shared"))
    if libraries:
        sources |= files_below(own.joinpath("libraries", "shared"))
    for name in languages:
        folder, into = f"languages/{name}", LANGUAGES[name].folder
        sources |= files_below(own.joinpath(folder, "public"), into)
        sources |= files_below(own.joinpath(folder, "private"), f"private/{into}")
        sources |= files_below(common.joinpath(folder), f"private/{into}")
    rules = {f"families/{name}": FAMILIES[name].folder for name in families}
    for folder, into in {**rules, **{f"libraries/{name}": LIBRARIES[name].folder for name in libraries}}.items():
        sources |= files_below(own.joinpath(folder), f"private/{into}")
        sources |= files_below(common.joinpath(folder), f"private/{into}")
    return sources


def buck2(templates: Path, _config: Config, lock: Lock) -> Sources:
    """Return the templates of what is generated for Buck2: a cell, in a folder of its own."""
    own, common = templates.joinpath("buck2"), templates.joinpath("common")
    sources = {
        **files_below(common.joinpath("private"), "private"),
        **files_below(own.joinpath("core")),
        **files_below(common.joinpath("tools", "elfcheck"), "tools/elfcheck"),
    }
    families = dict.fromkeys(toolchain.family for toolchain in lock.toolchains)
    if not any(layout.launchers for name in families for layout in FAMILIES[name].layouts.values()):
        sources = {path: data for path, data in sources.items() if path not in _EXPLAINED}
    folders = {f"families/{name}": FAMILIES[name].folder for name in families}
    folders |= {f"libraries/{name}": LIBRARIES[name].folder for name in lock.libraries if LIBRARIES[name].in_buck2}
    for folder, into in folders.items():
        sources |= files_below(own.joinpath(folder), f"private/{into}")
        sources |= files_below(common.joinpath(folder), f"private/{into}")
    return {**_every(templates), **{f"{CELL}/{path}": data for path, data in sources.items()}}


def dune(templates: Path, _config: Config, _lock: Lock) -> Sources:
    """Return the templates of what is generated for dune."""
    return {**_every(templates), **files_below(templates.joinpath("dune"))}


def _every(templates: Path) -> Sources:
    """Return what stands at the root of every tree."""
    return files_below(templates.joinpath("common", "core"))


def _named(folder: Path, names: Iterable[str], into: str) -> Sources:
    return {f"{into}/{name}": folder.joinpath(name).read_bytes() for name in names}
