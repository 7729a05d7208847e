"""Checks the prose of the repository: words that it avoids, terms of the glossary, length of sentences.

    python docs/site/prose.py [FILE]...

Reads the Markdown files that are given, by default all that ``PROSE`` names, and the lines of ``SOURCES``. Code, link
targets and HTML comments are not prose. Prints one line for each problem, and exits with 1 when there is any. The rules
are STYLE.md's, the words are in words.toml beside this file.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PROSE = ("README.md", "STYLE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**/*.md", "examples/*/README.md")

SOURCES = ("generator/**/*", "templates/**/*", "examples/*/*", "toolchains/*", ".ci/*")
"""Sources whose comments, docstrings and messages keep the words, too."""

_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
_LIST_INDENT = 4
"""Python-Markdown ends a list at a block of code with fewer spaces, and the site numbers the next item 1."""
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"!?\[((?:[^][]|\[[^]]*\])*)\]\([^)\s]*(?:\s\"[^\"]*\")?\)")
_URL = re.compile(r"<?https?://[^\s>)]+>?")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+|^\s*>\s?")
_END = re.compile(r"[.!?]+[)\"”*_]*(?=\s+[^a-z]|\s*$)")
_WORD = re.compile(r"[A-Za-z0-9][\w'\u2019./+-]*")
_SHORT = re.compile(r"\b(e\.g|i\.e|etc|cf|vs|No)\.", re.IGNORECASE)


class Rules(NamedTuple):
    """What words.toml says: the patterns, each with what to say instead, and the bounds in words."""

    words: tuple[tuple[re.Pattern[str], str], ...]
    in_sources: tuple[tuple[re.Pattern[str], str], ...]
    average: int
    longest: int


class Problem(NamedTuple):
    """One thing to correct. ``line`` counts from 1; 0 stands for the file as a whole."""

    line: int
    text: str


def load() -> Rules:
    """Return the rules of words.toml."""
    data = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    words = tuple((re.compile(row["pattern"], re.IGNORECASE), row["instead"]) for row in data["word"])
    in_sources = tuple(word for word, row in zip(words, data["word"], strict=True) if not row.get("only-prose"))
    return Rules(words, in_sources, data["average-sentence"], data["longest-sentence"])


def problems(text: str, rules: Rules) -> list[Problem]:
    """Return what is wrong with the Markdown ``text``, in the order of its lines."""
    plain = prose(text)
    found = [
        Problem(plain.count("\n", 0, match.start()) + 1, f"{' '.join(match[0].split())!r}: say {instead}")
        for pattern, instead in rules.words
        for match in pattern.finditer(plain)
    ]
    found += [
        Problem(text.count("\n", 0, match.start()) + 1, "a block of code in a list needs four spaces before it")
        for match in _FENCE.finditer(text)
        if 0 < len(match[1]) < _LIST_INDENT
    ]
    lengths = []
    for line, sentence in sentences(plain):
        length = len(_WORD.findall(sentence))
        lengths.append(length)
        if length > rules.longest:
            found.append(Problem(line, f"a sentence of {length} words, at most {rules.longest}: {sentence[:60]} …"))
    if lengths and sum(lengths) / len(lengths) > rules.average:
        average = sum(lengths) / len(lengths)
        found.append(Problem(0, f"{average:.1f} words in a sentence on average, at most {rules.average}"))
    return sorted(found)


def phrases(text: str, rules: Rules) -> list[Problem]:
    """Return the forbidden phrases of a source file, in the order of its lines."""
    return [
        Problem(number, f"{match[0]!r}: say {instead}")
        for number, line in enumerate(text.split("\n"), start=1)
        for pattern, instead in rules.in_sources
        for match in pattern.finditer(line)
    ]


def prose(text: str) -> str:
    """Return ``text`` without code, comments and the targets of links; every line stays in its place."""
    text = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    lines = text.split("\n")
    blank_before = True
    for index, line in enumerate(lines):
        is_code = line.startswith("    ") and (blank_before or lines[index - 1] == "\0")
        blank_before = not line.strip()
        if is_code:
            lines[index] = "\0"
    text = "\n".join("" if line == "\0" else line for line in lines)
    text = _CODE.sub(lambda match: "Code" + "\n" * match[0].count("\n"), text)
    text = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    return _URL.sub("link", _LINK.sub(r"\1", text))


def sentences(plain: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence of running text with its line: not headings, and not tables, whose cells are no sentences."""
    block: list[str] = []
    start = 1
    for number, line in enumerate([*plain.split("\n"), ""], start=1):
        is_apart = not line.strip() or line.startswith(("#", "|")) or line.lstrip().startswith("|")
        if (is_apart or _ITEM.match(line)) and block:
            yield from _split(" ".join(block), start)
            block = []
        if not is_apart:
            if not block:
                start = number
            block.append(_ITEM.sub("", line).strip())


def _split(paragraph: str, line: int) -> Iterator[tuple[int, str]]:
    paragraph = _SHORT.sub(lambda match: match[0].replace(".", ""), paragraph)
    begin = 0
    for match in _END.finditer(paragraph):
        yield line, paragraph[begin : match.end()].strip()
        begin = match.end()
    if paragraph[begin:].strip():
        yield line, paragraph[begin:].strip()


def files(patterns: Iterable[str] = PROSE) -> list[Path]:
    """Return the files of the repository that hold prose, sorted."""
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern)})


def sources() -> list[Path]:
    """Return the source files whose words are checked, sorted."""
    found = {path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def main(arguments: list[str]) -> int:
    """Check the named files, or all; return the exit code."""
    rules = load()
    count = 0
    given = [Path(name) for name in arguments]
    checked = [(path, problems) for path in given or files()] + [(path, phrases) for path in sources() if not given]
    for path, check in checked:
        for problem in check(path.read_text(encoding="utf-8"), rules):
            shown = path.resolve().relative_to(ROOT) if path.resolve().is_relative_to(ROOT) else path
            print(f"{shown}:{problem.line}: {problem.text}")
            count += 1
    if count:
        print(f"{count} problems of prose; STYLE.md has the rules, docs/site/words.toml the words", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
