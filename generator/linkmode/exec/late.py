"""Builds the libraries of C++ when a link first asks for them. The compiler driver starts this module (driver/late.h).

It is given all that it needs as words, since build tools may hand on neither an environment nor a current folder.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from linkmode.families import FAMILIES
from linkmode.families.compiler import Tree
from linkmode.messages import LinkmodeError
from linkmode.model.target import Target
from linkmode.store import private, trees

_START = "import sys; sys.path.append(sys.argv[1]); from linkmode.exec import late; sys.exit(late.main(sys.argv[2:]))"


def command(folder: Path, home: Path, family: str, version: str, target: Target, tree: Tree) -> tuple[str, ...]:
    """Return the words that make ``folder``. ``home`` is the cache that it lies in, ``tree`` the unpacked archive."""
    words = (str(folder), str(home), family, version, target, str(tree.root), tree.layout, tree.triple)
    # -I: neither the project's folder nor variables of Python's decide what is run. It also leaves out the packages of
    # a user's own (pip install --user), among which linkmode may be.
    return (sys.executable, "-I", "-c", _START, str(Path(__file__).parents[2]), *words)


def environment(home: Path, caches: Sequence[str]) -> dict[str, str]:
    """Return the environment to compile in, without any variable of the user that could change the result.

    ``caches`` are variables that name the folder of what the compiler compiled for itself.
    """
    kept = {key: os.environ[key] for key in ("HOME", "TMPDIR") if key in os.environ} | {"LC_ALL": "C"}
    if not caches:
        return kept
    folder = str(private.own(home, trees.COMPILER_CACHE))
    return kept | {key: os.environ.get(key) or folder for key in caches}


def main(words: Sequence[str]) -> int:
    """Make the folder that ``command`` was given, and return an exit code."""
    folder, home, family, version, target, root, layout, triple = words
    compiler = FAMILIES[family].compiler()
    tree = Tree(Path(root), layout, triple)
    try:
        variables = environment(Path(home), compiler.caches)
        trees.make_frozen(
            Path(folder),
            lambda new: compiler.build_cxx(new, tree, Target(target), version, variables, _say),
            _say,
        )
    except LinkmodeError as error:
        _say(f"error: {error}")
        return error.exit_code
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"linkmode exec: {text}\n")
    sys.stderr.flush()
