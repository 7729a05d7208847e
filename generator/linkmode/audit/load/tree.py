"""The tree of libraries that a program loads, by the rules of its loader (``loader``)."""

from collections import deque
from collections.abc import Iterator

import msgspec

from linkmode.audit.load.loaded import Need, Object, Tree
from linkmode.audit.load.loader import Loaded, Loader
from linkmode.audit.load.root import Root
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.image import NotAudited

MAX_OBJECTS = 10_000


def read(path: str, folder: str = "/") -> Tree:
    """Return the tree of the file at ``path``, of the host or of the root ``folder``.

    Raises NotAudited when it has no facts.
    """
    root = Root(folder)
    inside = root.real(root.inside(path))
    if inside is None:
        raise NotAudited("cannot be read: No such file or directory")
    facts = root.facts(inside)
    return resolve(Loaded(inside, "", facts), Loader(root, facts))


def is_there(path: str, folder: str) -> bool:
    """Return whether there is anything at ``path`` of the root ``folder``."""
    root = Root(folder)
    return root.real(root.inside(path)) is not None


def resolve(program: Loaded, loader: Loader) -> Tree:
    """Load what the program needs, breadth first, each library once, as loaders do."""
    interpreter = loader.interpreter(program) if program.facts.interpreter else None
    by_name: dict[str, Loaded] = {}
    objects: dict[str, Object] = {}
    if interpreter is not None:
        by_name |= dict.fromkeys(_names(interpreter.path.rpartition("/")[2], interpreter.facts), interpreter)
    queue = deque([program])
    while queue and len(objects) < MAX_OBJECTS:
        one = queue.popleft()
        if one.path in objects:
            continue
        needs = []
        for tag, name in loader.wants(one, is_program=one is program):
            found = by_name.get(name) or loader.find(name, one)
            if found is not None:
                for known in _names(name, found.facts):
                    by_name.setdefault(known, found)
                queue.append(found)
            needs.append(Need(name, found.path if found else None, found.how if found else None, tag))
        objects[one.path] = Object(one.path, one.facts.size, tuple(needs))
    return Tree(
        path=program.path,
        interpreter=program.facts.interpreter,
        interpreter_found=None if program.facts.interpreter is None else interpreter is not None,
        objects=tuple(objects.values()),
    )


def _names(name: str, facts: Facts) -> set[str]:
    return {name, facts.soname or name}


class Line(msgspec.Struct, frozen=True):
    """A line of a drawn tree: the rules before it, and a need. ``note`` says why nothing hangs below it."""

    rules: str
    need: Need
    note: str


def lines(tree: Tree) -> Iterator[Line]:
    """Yield the tree from its top, what a library needs below its first mention only."""
    by_path = {one.path: one for one in tree.objects}
    drawn = {tree.path}
    stack: list[tuple[str, Need, bool, tuple[str, ...]]] = []

    def push(needs: tuple[Need, ...], rules: str, above: tuple[str, ...]) -> None:
        for at in range(len(needs) - 1, -1, -1):
            stack.append((rules, needs[at], at + 1 == len(needs), above))

    push(tree.objects[0].needs, "", (tree.path,))
    while stack:
        rules, need, is_last, above = stack.pop()
        note = ""
        if need.path is not None and need.path in above:
            note = "cycle"
        elif need.path is not None and need.path in drawn and by_path[need.path].needs:
            note = "above"
        yield Line(rules + ("└── " if is_last else "├── "), need, note)
        if need.path is not None and not note and need.path in by_path:
            drawn.add(need.path)
            push(by_path[need.path].needs, rules + ("    " if is_last else "│   "), (*above, need.path))


_USUAL = ("ld.so.conf", "default folder", "interpreter", "musl's libc is its loader")
"""The usual places of a library, which the tree does not name."""


def as_text(tree: Tree) -> str:
    """Return the tree as text: a line for each need, with where it was found, and how where that is unusual."""
    loader = "no interpreter"
    if tree.interpreter is not None:
        loader = f"interpreter {tree.interpreter}{'' if tree.interpreter_found else ' => NOT FOUND'}"
    return "".join([f"{tree.path} ({loader})\n", *(f"{line.rules}{in_words(line)}\n" for line in lines(tree))])


def in_words(line: Line) -> str:
    """Return a line of a tree without its rules."""
    need = line.need
    name = need.name if need.tag == "DT_NEEDED" else f"{need.name} ({need.tag})"
    if need.path is None:
        return f"{name} => {'NOT FOUND' if need.is_missing else 'not found, and not needed'}"
    if line.note:
        return f"{name} ({line.note})"
    return f"{name} => {need.path}{'' if need.how in _USUAL else f' ({need.how})'}"
