"""From a lock to the tree of the rule library: pure, given the texts of the templates."""

from collections.abc import Callable
from importlib.resources.abc import Traversable

from linkmode.config.adapters import ADAPTERS
from linkmode.config.document import Config
from linkmode.generate import layout
from linkmode.generate.context import bazel_context
from linkmode.generate.engine import Sources, render_tree
from linkmode.languages import LANGUAGES
from linkmode.model.values import Lock, Tree

_CONTEXTS: dict[str, Callable[[Config, Lock], dict[str, object]]] = {
    "bazel": lambda config, lock: {**bazel_context(lock), "adapters": config.adapters},
    "dune": lambda config, lock: {"executables": config.dune},
}
"""What the templates of each build system are given."""

_SOURCES: dict[str, Callable[[Traversable], Sources]] = {"bazel": layout.bazel, "dune": layout.dune}
"""The templates of each build system."""


def render(config: Config, lock: Lock, templates: Traversable) -> Tree:
    """Return the whole tree for the build systems that ``config`` names: path below the output folder, to bytes.

    ``templates`` is the folder that ``resources.templates`` names.

    Raises:
        TemplateDefectError: a template is wrong, which is a defect of linkmode.
    """
    present = {part.language for part in lock.parts}
    absent = {language.folder for name, language in LANGUAGES.items() if name not in present}
    off = {f"private/adapters/{name}.bzl" for name in ADAPTERS if name not in config.adapters}
    tree: Tree = {}
    for name in config.build_systems:
        tree |= render_tree(_SOURCES[name](templates), _CONTEXTS[name](config, lock))
    return {path: data for path, data in sorted(tree.items()) if path not in off and absent.isdisjoint(_folders(path))}


def _folders(path: str) -> list[str]:
    """Return the names of the folders that hold a language's rules: ``go/…`` and ``private/go/…`` hold Go's."""
    return path.removeprefix("private/").split("/")[:-1][:1]
