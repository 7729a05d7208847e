"""Zig's run-time files for a target: crt files, libc, compiler-rt and libc++, built once.

As the generated rules do it (templates/bazel/private/zig/runtime.c): with ZIG_VERBOSE_LINK=1 Zig prints the command
line of its linker, which names every file.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from linkmode.messages import ConfigError
from linkmode.model.components import first_two, releases
from linkmode.model.cpus import CPUS, facts
from linkmode.model.rule_tables import tables
from linkmode.model.target import Target

FAMILY = "linkmode.families.zig"
_TABLES = "families/zig/zig_tables.bzl"
WORDS: tuple[str, ...] = tuple(tables(_TABLES, {})["RUNTIME_WORDS"])
"""With these every run-time file is built."""

_LINK = "ld.lld "


_Links = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
"""Words of a link, and the files that it brings to light."""


class Runtime(msgspec.Struct, frozen=True):
    """How Zig is made to build its run-time files: links of an empty program, and the files that each brings to light.

    ``target`` are the words that tell Zig what for. ``empty`` are the libraries that every link has anyway, and are an
    archive of nothing by their own name.
    """

    target: tuple[str, ...]
    c: _Links
    cxx: _Links
    empty: tuple[str, ...]


def wanted(version: str, target: Target, *, has_cxx: bool) -> Runtime:
    """Return how a release is made to build its run-time files for ``target``."""
    known = tables(_TABLES, {})
    libraries = releases(FAMILY)[first_two(version)]["musl-libraries"]

    def links(language: str) -> _Links:
        found = known["runtime_links"](language, target, libraries)
        return tuple((tuple(words), tuple(files)) for words, files in found)

    words = known["zig_target"](facts(CPUS[target.cpu]), target)
    return Runtime(tuple(words), links("c"), links("c++") if has_cxx else (), tuple(known["OWN_LIBRARIES"]))


def build(
    new: Path,
    zig: Path,
    target: Target,
    runtime: Runtime,
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """Fill the folder ``new``: ``c`` and ``names``. Raises ConfigError, with what Zig said, when it fails."""
    (new / "c").mkdir()
    _build_language(new / "c", zig, target, ("C", "cc"), (runtime.target, runtime.c), environment, say)
    (new / "names").mkdir()
    for name in runtime.empty:
        (new / "names" / f"lib{name}.a").write_bytes(b"!<arch>\n")


def build_cxx(
    new: Path,
    zig: Path,
    target: Target,
    runtime: Runtime,
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """Fill the folder ``new`` with the libraries of C++. Raises as `build` does."""
    _build_language(new, zig, target, ("C++", "c++"), (runtime.target, runtime.cxx), environment, say)


def _build_language(
    folder: Path,
    zig: Path,
    target: Target,
    language: tuple[str, str],
    how: tuple[tuple[str, ...], _Links],
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    name, command = language
    words_of_target, links = how
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    for number, (words, files) in enumerate(links, 1):
        part = f" ({number} of {len(links)})" if len(links) > 1 else ""
        say(f"building the {name} run-time files of {target}{part}, once")
        paths = _link(zig, command, words_of_target, words, folder, environment)
        for file in files:
            if file not in paths:
                raise ConfigError(
                    f"zig {command} {' '.join(words_of_target)} links without {file}, which the rules know for this "
                    "version",
                    expected=f"{file} among the files of that link",
                    hint="lock another version of zig; linkmode catalog list zig shows them",
                )
            shutil.copyfile(paths[file], folder / file)
    (folder / "main.c").unlink()
    (folder / "main").unlink(missing_ok=True)


def _link(
    zig: Path,
    command: str,
    target: tuple[str, ...],
    words: tuple[str, ...],
    folder: Path,
    environment: Mapping[str, str],
) -> dict[str, Path]:
    """Link an empty program, and return the paths of the files that went into it by their names."""
    line = [str(zig), command, *target, *WORDS, *words]
    line += [str(folder / "main.c"), "-o", str(folder / "main")]
    # Blanks part the words that it prints. What lies below the current folder is named relative to it, without the
    # user's own folders in front, which may have a blank.
    cache = Path(environment["ZIG_LOCAL_CACHE_DIR"])
    cache.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        line, cwd=cache, env={**environment, "ZIG_VERBOSE_LINK": "1"}, capture_output=True, text=True, check=False
    )
    links = [text for text in done.stderr.splitlines() if text.startswith(_LINK)]
    if done.returncode or not links:
        raise ConfigError(
            f"Zig's run-time files cannot be built: {' '.join(line)} failed:\n{done.stderr.rstrip()}",
            expected="a Zig that starts and can write its cache",
            hint="see whether there is room in the cache, and whether its folder is mounted noexec",
        )
    return {Path(word).name: cache / word for word in links[-1].split(" ") if "/" in word}
