"""Compares linkmode audit with other tools, file by file, and counts where they differ and why.

    PYTHONPATH=generator python tests/truth/compare.py [--every N] [FOLDER...]

Prints a table of figures (docs/explanation/audit-truth.md has them) and every difference that no rule explains; exits 1
when there is one. A rule names a difference that is understood, and says who is right.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import oracles
from oracles import Said

from linkmode.audit.judge import platforms, wheels
from linkmode.audit.read import elf
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.image import NotAudited

SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/opt")
POLICIES = ("manylinux_2_17", "manylinux_2_28", "manylinux_2_34")


@dataclass
class Result:
    """Figures of a comparison. ``explained`` counts by (tool, fact, rule)."""

    files: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    compared: Counter[tuple[str, str]] = field(default_factory=Counter)
    explained: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str], str] = field(default_factory=dict)
    unexplained: list[str] = field(default_factory=list)


def elf_files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield every regular file below ``folders`` that begins as ELF files do, each inode once, in order."""
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_symlink() or not path.is_file() or "\n" in str(path) or not str(path).isascii():
                continue
            status = path.stat()
            if (status.st_dev, status.st_ino) in seen or status.st_size < 52:
                continue
            seen.add((status.st_dev, status.st_ino))
            with path.open("rb") as stream:
                if stream.read(4) == b"\x7fELF":
                    yield path


def ours(facts: Facts) -> Said:
    """Return our facts under the names that the oracles use."""
    contents = facts.contents
    assert contents is not None
    return {
        **{name: getattr(facts, name) for name in Facts.__struct_fields__},
        "build_id": facts.build_id or contents.build_id,
        "is_exec": facts.kind == "executable",
        "df_1_pie": facts.kind == "static-pie" or None,
        "search_path": facts.runpath if facts.runpath is not None else facts.rpath,
        "version_needs": tuple((need.library, need.versions) for need in facts.version_needs),
        "sections": tuple((section.name, section.size) for section in contents.sections),
        "symbol_table": contents.symbol_table,
        "has_debug_info": contents.debug_info == "yes",
        "linkage": linkage(facts),
        "is_pie": facts.kind in ("pie", "static-pie"),
    }


def linkage(facts: Facts) -> str:
    """Return what file(1) would have to say."""
    if facts.kind == "static-pie":
        return "static-pie linked"
    is_static = facts.interpreter is None and not facts.needed and facts.kind != "shared object"
    return "statically linked" if is_static else "dynamically linked"


Rule = Callable[[Facts, Any, Any], bool]


def _needs_a_newer_loader(facts: Facts, mine: object, theirs: object) -> bool:
    of_loaders = [need for need in facts.version_needs if need.library.startswith("ld-linux")]
    return bool(of_loaders) and mine is False and theirs is True


RULES: dict[tuple[str, str], dict[str, Rule]] = {
    ("file", "linkage"): {
        "a library without DT_NEEDED is no static-pie": lambda facts, mine, theirs: (
            facts.kind == "shared object" and not facts.needed and theirs == "static-pie linked"
        ),
    },
    ("file", "is_pie"): {
        "an interpreter and no DT_SONAME make a program, also without DF_1_PIE": lambda facts, mine, theirs: (
            facts.kind == "pie" and facts.interpreter is not None and facts.soname is None and mine and not theirs
        ),
    },
    **{
        ("auditwheel", name): {"auditwheel compares no version of the loader's own symbols": _needs_a_newer_loader}
        for name in POLICIES
    },
}
"""By tool and fact: rules by what they are called in docs/explanation/audit-truth.md."""


def _compare(result: Result, tool: str, path: Path, facts: Facts, mine: Said, said: Said) -> None:
    for fact, theirs in said.items():
        value = mine[fact]
        if fact == "df_1_pie" and value is None:
            continue
        result.compared[tool, fact] += 1
        if value == theirs:
            continue
        rule = next((name for name, holds in RULES.get((tool, fact), {}).items() if holds(facts, value, theirs)), None)
        if rule:
            result.explained[tool, fact, rule] += 1
            result.examples.setdefault((tool, fact, rule), str(path))
        else:
            result.unexplained.append(f"{path}: {tool}: {fact}: ours {value!r}, theirs {theirs!r}")


def compare(paths: Sequence[Path], every_irelative: int = 20, every_auditwheel: int = 5) -> Result:
    """Compare the files with all tools that are here; the slow ones are asked for some of the files."""
    result = Result(files=len(paths))
    tools = oracles.available()
    audited: dict[Path, tuple[Facts, Said]] = {}
    for path in paths:
        try:
            facts = elf.read(path, with_contents=True)
        except NotAudited as error:
            result.refused[error.problem.partition(":")[0] if "malformed" in error.problem else error.problem] += 1
            continue
        audited[path] = facts, ours(facts)
    known = list(audited)
    for tool, many in (("scanelf", oracles.scanelf), ("file", oracles.file)):
        if tool in tools:
            for path, said in many(known).items():
                _compare(result, tool, path, *audited[path], said)
    if "readelf" in tools:
        for path in known:
            _compare(result, "readelf", path, *audited[path], oracles.readelf(path))
        for path in known[::every_irelative]:
            facts, _ = audited[path]
            if facts.contents and facts.contents.ifunc != "unknown":
                says = {"ifunc": "yes" if oracles.has_ifunc(path) else "no"}
                _compare(result, "readelf", path, facts, {"ifunc": facts.contents.ifunc}, says)
    if "lddtree" in tools:
        programs = [
            path for path in known if audited[path][0].interpreter is not None and audited[path][0].machine == "x86_64"
        ]
        for path, said in oracles.lddtree(programs[::5]).items():
            _compare(result, "lddtree", path, *audited[path], said)
    _auditwheel(result, {path: audited[path][0] for path in known[::every_auditwheel]})
    return result


def _auditwheel(result: Result, files: dict[Path, Facts]) -> None:
    try:
        from auditwheel.architecture import Architecture
        from auditwheel.libc import Libc
        from auditwheel.policy import WheelPolicies
    except ImportError:
        return
    policies = WheelPolicies(libc=Libc.GLIBC, arch=Architecture.x86_64)
    for path, facts in files.items():
        if facts.machine != "x86_64" or facts.libc != "glibc" or facts.kind != "shared object":
            continue
        kept = oracles.auditwheel(path, policies, POLICIES)
        tags = {name: wheels.named(name) for name in POLICIES}
        mine = {name: bool(tag) and platforms.suits(facts, tag).answer == "yes" for name, tag in tags.items()}
        _compare(result, "auditwheel", path, facts, mine, kept)


def table(result: Result) -> str:
    """Return the figures as a table in Markdown."""
    lines = [f"{result.files} ELF files; {sum(result.refused.values())} not audited:", ""]
    lines += [f"- {count}: {reason}" for reason, count in result.refused.most_common()]
    lines += ["", "| tool | compared | equal | explained | by the rule | first example |", "|---|---|---|---|---|---|"]
    for tool in sorted({tool for tool, _ in result.compared}):
        total = sum(count for (of, _), count in result.compared.items() if of == tool)
        apart = sum(count for (of, _, _), count in result.explained.items() if of == tool)
        unexplained = sum(f": {tool}: " in line for line in result.unexplained)
        lines.append(f"| {tool} | {total} | {total - apart - unexplained} | {apart} | | |")
        for (of, fact, rule), count in sorted(result.explained.items()):
            if of == tool:
                lines.append(f"| | | | {count} | {fact}: {rule} | {Path(result.examples[of, fact, rule]).name} |")
    return "\n".join(lines)


def main() -> int:
    """Compare every ELF file of this system, or of the folders given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=1)
    chosen = parser.parse_args()
    paths = list(elf_files(chosen.folders or map(Path, SYSTEM)))[:: chosen.every]
    result = compare(paths)
    sys.stdout.write(f"{table(result)}\n\n{len(result.unexplained)} differences without an explanation\n")
    sys.stdout.write("".join(f"{line}\n" for line in result.unexplained[:200]))
    return 1 if result.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
