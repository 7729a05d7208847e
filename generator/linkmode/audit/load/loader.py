"""The search paths of the loaders of glibc and musl, without the process's environment.

glibc: ld.so(8) and elf/dl-load.c; ld.so.conf stands for the cache that ldconfig makes of it. Subfolders for a CPU's
features (glibc-hwcaps) are left out: which of them counts is up to the machine that runs the program.
musl: ldso/dynlink.c. Both take a library only when it is for the program's machine.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from linkmode.audit.load.root import Root
from linkmode.audit.read import policy
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.image import NotAudited

_MAX_CONF = 1 << 20
_MAX_INCLUDES = 100

_DEFAULT = "default folder"
_MUSL_DEFAULT = ("/lib", "/usr/local/lib", "/usr/lib")
_MUSL_OWN = re.compile(r"lib(c|pthread|rt|m|dl|util|xnet)\.")
_TOKEN = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class Loaded(NamedTuple):
    """A program or library: its path as it was found, how, its facts, and what it was loaded for (None: nothing)."""

    path: str
    how: str
    facts: Facts
    parent: "Loaded | None" = None


class Loader:
    """The loader of one program in one root.

    Without ``has_system`` the root is no system's but a part of one, and the loader's own folders are not in it.
    """

    def __init__(self, root: Root, program: Facts, *, has_system: bool = True) -> None:
        self._root = root
        self._program = program
        interpreter = program.interpreter or ""
        self.is_musl = program.libc == "musl"
        name = posixpath.basename(interpreter)
        self._arch = name.removeprefix("ld-musl-").partition(".so")[0] if "ld-musl-" in name else program.machine
        self._system: tuple[tuple[str, str], ...] = ()
        if has_system:
            self._system = tuple(self._musl_folders() if self.is_musl else self._glibc_folders())
        self._seen: dict[str, Facts | None] = {}

    def wants(self, one: Loaded, *, is_program: bool) -> Iterator[tuple[str, str]]:
        """Yield (tag, name) of what is loaded for ``one``: DT_NEEDED, and what glibc's loader takes from other tags.

        A tag may hold several names for the audit, parted by colons; only a program's own counts (elf/rtld.c).
        """
        yield from (("DT_NEEDED", name) for name in one.facts.needed)
        for also in one.facts.also_loads if not self.is_musl else ():
            if also.tag in ("DT_FILTER", "DT_AUXILIARY"):
                yield also.tag, also.name
            elif is_program and one.facts.interpreter:
                yield from ((also.tag, name) for name in also.name.split(":") if name)

    def find(self, name: str, needed_by: Loaded) -> Loaded | None:
        """Return the library that is loaded for ``name``, or None when the program would not start."""
        if "/" in name:
            path = next(iter(self._expanded(name, needed_by)), name)
            return self._at(path, "named with its path", needed_by)
        if self.is_musl and _MUSL_OWN.match(name):
            return self._at(self._musl_itself(), "musl's libc is its loader", needed_by)
        for folder, how in self._folders(needed_by):
            if found := self._at(posixpath.join(folder, name), how, needed_by):
                return found
        return None

    def _musl_itself(self) -> str:
        # A library has no interpreter; its loader is the one that the machine's ABI names.
        if self._program.interpreter:
            return self._program.interpreter
        machine = next((one for one in policy.load().machine if one.name == self._program.machine), None)
        return machine.musl[0] if machine and machine.musl else ""

    def interpreter(self, program: Loaded) -> Loaded | None:
        """Return the loader itself, or None when there is none at its path."""
        return self._at(self._program.interpreter or "", "interpreter", program)

    def _folders(self, needed_by: Loaded) -> Iterator[tuple[str, str]]:
        yield from self._musl_runpaths(needed_by) if self.is_musl else self._glibc_runpaths(needed_by)
        for folder, how in self._system:
            # ld.so.conf's folders stay when DF_1_NODEFLIB shuts out the loader's own.
            if how != _DEFAULT or self.is_musl or not needed_by.facts.no_default_folders:
                yield folder, how

    def _glibc_runpaths(self, needed_by: Loaded) -> Iterator[tuple[str, str]]:
        # DT_RPATH counts for what is loaded further down too, DT_RUNPATH for one's own needs, and turns DT_RPATH off.
        if needed_by.facts.runpath is None:
            one: Loaded | None = needed_by
            while one is not None:
                if one.facts.rpath is not None and one.facts.runpath is None:
                    yield from self._entries(one.facts.rpath, one, "DT_RPATH")
                one = one.parent
        else:
            yield from self._entries(needed_by.facts.runpath, needed_by, "DT_RUNPATH")

    def _musl_runpaths(self, needed_by: Loaded) -> Iterator[tuple[str, str]]:
        one: Loaded | None = needed_by
        while one is not None:
            path = one.facts.runpath if one.facts.runpath is not None else one.facts.rpath
            if path is not None:
                yield from self._entries(path, one, "DT_RPATH" if one.facts.runpath is None else "DT_RUNPATH")
            one = one.parent

    def _entries(self, path: str, owner: Loaded, tag: str) -> Iterator[tuple[str, str]]:
        for entry in filter(None, path.split(":")):
            for folder in self._expanded(entry, owner):
                yield folder, f"{tag} {entry} of {posixpath.basename(owner.path)}"

    def _expanded(self, text: str, owner: Loaded) -> list[str]:
        # Both know $ORIGIN; $LIB and $PLATFORM are glibc's, $LIB the name of the folder that it was built for.
        triplet = self._multiarch()
        libraries = [f"lib/{triplet}", "lib64" if self._program.bits == 64 else "lib", "lib"]
        out = [text]
        for match in _TOKEN.finditer(text):
            token = match.group(1) or match.group(2)
            values = {"ORIGIN": [posixpath.dirname(owner.path)]}
            if not self.is_musl:
                values |= {"LIB": libraries, "PLATFORM": [self._program.machine]}
            if token in values:
                out = [one.replace(match.group(0), value) for one in out for value in values[token]]
            elif self.is_musl:
                return []  # musl drops a path with what it does not know
        return list(dict.fromkeys(out))

    def _multiarch(self) -> str:
        return next((one.multiarch for one in policy.load().machine if one.name == self._program.machine), "")

    def _glibc_folders(self) -> Iterator[tuple[str, str]]:
        for folder in self._conf("/etc/ld.so.conf", set()):
            yield folder, "ld.so.conf"
        triplet = self._multiarch()
        folders = [f"/lib/{triplet}", f"/usr/lib/{triplet}"] if triplet else []
        folders += ["/lib64", "/usr/lib64"] if self._program.bits == 64 else []
        for folder in (*folders, "/lib", "/usr/lib"):
            yield folder, _DEFAULT

    def _conf(self, path: str, seen: set[str]) -> Iterator[str]:
        # ldconfig(8): a folder a line, `include` with a pattern, comments, and `=TYPE` after a folder in old files.
        if path in seen or len(seen) >= _MAX_INCLUDES:
            return
        seen.add(path)
        for line in (self._root.text(path, _MAX_CONF) or "").splitlines():
            words = line.partition("#")[0].strip()
            if words.startswith("include") and words[7:8].isspace():
                for pattern in words[7:].split():
                    folder, name = posixpath.split(posixpath.join(posixpath.dirname(path), pattern))
                    for found in fnmatch.filter(self._root.names(folder), name):
                        yield from self._conf(posixpath.join(folder, found), seen)
            elif words and not words.startswith("hwcap"):
                yield words.partition("=")[0].rstrip()

    def _musl_folders(self) -> Iterator[tuple[str, str]]:
        path = f"/etc/ld-musl-{self._arch}.path"
        text = self._root.text(path, _MAX_CONF)
        if text is None:
            yield from ((folder, _DEFAULT) for folder in _MUSL_DEFAULT)
        else:
            yield from ((folder, path) for folder in re.split(r"[:\n]", text) if folder)

    def _at(self, path: str, how: str, needed_by: Loaded) -> Loaded | None:
        real = self._root.real(path)
        if real is None:
            return None
        if real not in self._seen:
            self._seen[real] = self._facts(real)
        facts = self._seen[real]
        return None if facts is None else Loaded(posixpath.normpath(path), how, facts, needed_by)

    def _facts(self, real: str) -> Facts | None:
        # A loader skips files for another machine, and files that are no library.
        try:
            facts = self._root.facts(real)
        except NotAudited:
            return None
        want = self._program
        return facts if (facts.machine, facts.bits) == (want.machine, want.bits) else None
