"""Renders the rule library of a lock. Pure, given the texts of the templates."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from linkmode.config.bazel_module import BazelModule
from linkmode.config.document import Config
from linkmode.generate import layout
from linkmode.generate.buck2 import buck2_context
from linkmode.generate.compiled import beside_modules
from linkmode.generate.context import bazel_context, first_toolchains
from linkmode.generate.engine import Sources, render_tree
from linkmode.model.values import Lock, Tree

_CONTEXTS: dict[str, Callable[[Config, Lock], dict[str, object]]] = {
    "bazel": lambda config, lock: {
        **bazel_context(lock),
        "adapters": config.adapters,
        "module": msgspec.structs.asdict(config.bazel_module),
        # a module of another name comes with a dependency: others have registered their toolchains before it
        "own_toolchains": [] if config.bazel_module.name == BazelModule().name else first_toolchains(lock),
    },
    "buck2": lambda config, lock: buck2_context(lock),
    "dune": lambda config, lock: {"executables": config.dune},
}
"""What the templates of each build system are given."""

_SOURCES: dict[str, Callable[[Path, Config, Lock], Sources]] = {
    "bazel": layout.bazel,
    "buck2": layout.buck2,
    "dune": layout.dune,
}
"""The templates of each build system."""


def render(config: Config, lock: Lock, templates: Path) -> Tree:
    """Return the whole tree for the build systems that ``config`` names: path below the output folder, to bytes.

    ``templates`` is the folder that ``resources.templates`` names.

    Raises:
        ConfigError: the lock has an archive of a layout that its family has not.
        TemplateDefectError: a template is wrong, which is a defect of linkmode.
    """
    tree: Tree = {}
    compiled = beside_modules()
    for name in config.build_systems:
        tree |= render_tree(_SOURCES[name](templates, config, lock), _CONTEXTS[name](config, lock), compiled)
    return dict(sorted(tree.items()))
