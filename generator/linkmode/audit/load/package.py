"""What files of one package need of each other: a wheel, a folder, an archive or an image is a tree of its own.

A need is *brought* when the file's own DT_RPATH, DT_RUNPATH or ``$ORIGIN``, or those of what loads it, lead to a
library of the package. What is nowhere, of all that a program loads, is *missing* in a whole system, which has the
program's loader at the loader's place; elsewhere the platform must have it.
"""

import posixpath
from collections import deque
from collections.abc import Iterator, Mapping

from linkmode.audit.judge.resolved import Brought, Further, Resolved
from linkmode.audit.load import tree
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
        inherited = self._inherited()
        out: dict[str, Resolved] = {}
        for path, facts in self._files.items():
            found = {**inherited.get(path, {}), **self._found[path]}
            brought = tuple(
                Brought(name, found[name].path.lstrip("/"))
                for name in facts.needed
                if name in found and found[name].how.startswith(("DT_R", "named"))
            )
            missing, further = self._nowhere(path, facts)
            if brought or missing:
                out[path] = Resolved(brought, missing, further)
        return out

    def _loader(self, facts: Facts) -> Loader:
        # It is a whole system if the loader lies in it; a library uses the loader of the programs beside it.
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

    def _inherited(self) -> dict[str, dict[str, Loaded]]:
        # What each file has of those that load it: what they have loaded already, and DT_RPATH, which counts further
        # down as well. Only files with a search path of their own lead anywhere in a package.
        out: dict[str, dict[str, Loaded]] = {}
        if all(len(found) == len(set(self._files[path].needed)) for path, found in self._found.items()):
            return out
        for path, facts in self._files.items():
            if facts.rpath is not None or facts.runpath is not None:
                for one, found in self._walk(Loaded(path, "", facts)):
                    out.setdefault(one, {}).update(found)
        return out

    def _walk(self, top: Loaded) -> Iterator[tuple[str, dict[str, Loaded]]]:
        loader = self._loader(top.facts)
        loaded: dict[str, Loaded] = {}
        queue, seen = deque([top]), {top.path}
        while queue:
            one = queue.popleft()
            found: dict[str, Loaded] = {}
            for name in one.facts.needed:
                library = loaded.get(name) or loader.find(name, one)
                if library is None:
                    continue
                found[name] = loaded[name] = library
                if library.facts.soname:
                    loaded.setdefault(library.facts.soname, library)
                real = self._root.real(library.path) or library.path
                if real not in seen:
                    seen.add(real)
                    queue.append(library._replace(path=real))
            if one is not top:
                yield one.path, found

    def _nowhere(self, path: str, facts: Facts) -> tuple[tuple[str, ...], tuple[Further, ...]]:
        # What a program's loader does not find here, in a whole system, and what its libraries need from elsewhere.
        if facts.kind == "shared object" or facts.interpreter is None:
            return (), ()
        loaded = tree.resolve(Loaded(path, "", facts), self._loader(facts))
        if self._is_system(facts):
            return tuple(loaded.missing()), ()
        lacks = {need.name: one.path for one in loaded.objects[1:] for need in one.needs if need.is_missing}
        return (), tuple(Further(name, posixpath.basename(by)) for name, by in lacks.items())
