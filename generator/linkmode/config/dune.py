"""``[dune]`` of linkmode.toml: executables of a dune project, and their libraries.

For each one `linkmode generate` writes a rule that makes ``linking-flags-<name>.sexp``, which follows the link mode
in the environment (templates/dune). OCaml's own way to link is automatic: a library names what it needs, and the linker
takes the shared object where there is one. A mode has to name everything instead, and so does this table.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from linkmode.config.keys import TABLES
from linkmode.model.issues import Issues

KEY = "dune"

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_DEFAULT_SYSTEM = ("pthread",)


class DuneExecutable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[dune.<name>]``, in names as ``-l`` takes them.

    ``stubs`` are the C halves of OCaml libraries (``libunix.a`` is ``unix``), which exist as archives only.
    ``libraries`` are C libraries to link statically, each with the name that pkg-config knows it by.
    ``system`` are parts of libc, which stay dynamic with it.
    """

    name: str
    stubs: tuple[str, ...]
    libraries: dict[str, str]
    system: tuple[str, ...]

    @property
    def flags(self) -> str:
        """The name of the file that its flags are in."""
        return f"linking-flags-{self.name}.sexp"


def dune(raw: Mapping[str, Any], issues: Issues, *, wanted: bool) -> tuple[DuneExecutable, ...]:
    """Return the executables of ``[dune]``, sorted by name. What is wrong is reported in ``issues``.

    ``wanted`` says whether ``build-systems`` names dune: one without the other is a mistake.
    """
    table = issues.table(raw, KEY)
    if wanted and not table:
        issues.add("build-systems", "dune needs at least one [dune.<executable>], such as [dune.server]")
    if table and not wanted:
        issues.add(KEY, "nothing is written for it: build-systems does not name 'dune'")
    return tuple(_executable(name, table, issues) for name in sorted(table))


def _executable(name: str, table: Mapping[str, Any], issues: Issues) -> DuneExecutable:
    at = f"{KEY}.{name}"
    found = table[name]
    if not isinstance(found, dict):
        issues.add(at, f"expected a table, written [{at}]")
        found = {}
    issues.unknown_keys(at, found, TABLES["dune.<executable>"])
    executable = DuneExecutable(
        name=name,
        stubs=issues.value(at, found, "stubs", tuple[str, ...], ()),
        libraries=dict(issues.value(at, found, "libraries", dict[str, str], {})),
        system=issues.value(at, found, "system", tuple[str, ...], _DEFAULT_SYSTEM),
    )
    _check_words(at, (name,), issues, "expected the name of an executable, such as 'server'")
    for key in ("stubs", "system"):
        _check_words(f"{at}.{key}", getattr(executable, key), issues, _LIBRARY)
    for library, package in executable.libraries.items():
        _check_words(f"{at}.libraries", (library,), issues, _LIBRARY)
        _check_words(f"{at}.libraries.{library}", (package,), issues, "expected pkg-config's name, such as 'zlib'")
    return executable


_LIBRARY = "expected a library as -l takes it, such as 'z' for libz.a"


def _check_words(at: str, words: tuple[str, ...], issues: Issues, expected: str) -> None:
    for word in words:
        if not _WORD.fullmatch(word):
            issues.add(at, f"{expected}; found {word!r}")
        elif word.startswith("lib") and word.endswith((".a", ".so")):
            issues.add(at, f"{expected}; found {word!r}: write {word.removeprefix('lib').rsplit('.', 1)[0]!r}")
