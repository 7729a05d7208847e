"""What files of one package need of each other: a wheel, a folder, an archive or an image is a tree of its own.

A need is *brought* when the file's own DT_RPATH, DT_RUNPATH or ``$ORIGIN``, or those of what loads it, lead to a
library of the package. In a whole system, one with the program's loader in place, what is nowhere is *missing*.
"""

from collections.abc import Iterator, Mapping

from linkmode.audit.judge.resolved import Brought, Resolved
from linkmode.audit.load.loader import Loaded, Loader
from linkmode.audit.load.root import Root
from linkmode.audit.read.facts import Facts


def resolve(root: Root, files: Mapping[str, Facts]) -> dict[str, Resolved]:
    """Return what is brought to each of ``files``, by their paths in ``root``, and what is missing there.

    Files that need nothing of the package are left out.
    """
    return _Package(root, files).resolve()


class _Package:
    def __init__(self, root: Root, files: Mapping[str, Facts]) -> None:
        self._root, self._files = root, files
        self._loaders: dict[tuple[str, int, str, str | None], Loader] = {}
        self._found: dict[str, dict[str, Loaded]] = {}

    def resolve(self) -> dict[str, Resolved]:
        for path, facts in self._files.items():
            self._found[path] = dict(self._needs(Loaded(path, "", facts)))
        users: dict[str, list[str]] = {}
        for path, found in self._found.items():
            for one in found.values():
                users.setdefault(self._root.real(one.path) or one.path, []).append(path)
        out: dict[str, Resolved] = {}
        for path, facts in self._files.items():
            inherited = self._inherited(path, facts, users)
            found = {**inherited, **self._found[path]}
            brought = tuple(
                Brought(name, found[name].path.lstrip("/"))
                for name in facts.needed
                if name in found and found[name].how.startswith(("DT_R", "named"))
            )
            missing = tuple(self._missing(path, facts, found))
            if brought or missing:
                out[path] = Resolved(brought, missing)
        return out

    def _loader(self, facts: Facts) -> Loader:
        # Of a system, when the loader lies in it; a library shares that of the programs beside it.
        key = (facts.machine, facts.bits, facts.libc, facts.interpreter)
        if key not in self._loaders:
            self._loaders[key] = Loader(self._root, facts, has_system=self._is_system(facts))
        return self._loaders[key]

    def _is_system(self, facts: Facts) -> bool:
        return facts.interpreter is not None and self._root.real(facts.interpreter) is not None

    def _needs(self, one: Loaded) -> Iterator[tuple[str, Loaded]]:
        loader = self._loader(one.facts)
        for name in one.facts.needed:
            if found := loader.find(name, one):
                yield name, found

    def _inherited(self, path: str, facts: Facts, users: Mapping[str, list[str]]) -> dict[str, Loaded]:
        # What those that load it have loaded already, or have DT_RPATH for, which counts further down as well.
        wanted = [name for name in facts.needed if name not in self._found[path]]
        out: dict[str, Loaded] = {}
        for user in users.get(path, ()) if wanted else ():
            here = Loaded(path, "", facts, Loaded(user, "", self._files[user]))
            loader = self._loader(self._files[user])
            for name in wanted:
                found = self._found[user].get(name) or loader.find(name, here)
                if found is not None:
                    out.setdefault(name, found)
        return out

    def _missing(self, path: str, facts: Facts, found: Mapping[str, Loaded]) -> Iterator[str]:
        if facts.kind == "shared object" or not self._is_system(facts):
            return
        program, loader = Loaded(path, "", facts), self._loader(facts)
        for tag, name in loader.wants(program, is_program=True):
            if tag in ("DT_NEEDED", "DT_FILTER") and name not in found and loader.find(name, program) is None:
                yield name
