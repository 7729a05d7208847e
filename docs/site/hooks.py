"""What mkdocs is told beyond mkdocs.yml: pages from outside docs/, generated blocks, links, and the navigation.

- README.md is the front page. Files outside docs/ that a page links to become pages too: Markdown as it is, a source
  file as a listing. So every relative link of the repository works on the site, and a broken one fails the build.
- The generated blocks are filled again (references.py), the plot of sizes is drawn (sizes.py), and a sample is audited
  (sample.py).
- The navigation is made from the folders, so that a new page appears by itself.
"""

import os
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

import references
import sample
import sizes

ROOT = Path(__file__).resolve().parents[2]

KINDS = (
    ("Tutorial", "tutorial"),
    ("How-to", "how-to"),
    ("Reference", "reference"),
    ("Explanation", "explanation"),
    ("Decisions", "decisions"),
)
"""The tabs of the site, each with its folder of docs/."""

FIRST = {
    "how-to": ("come-from-another-tool", "use-without-bazel", "wheels", "remove-linkmode", "go", "rust"),
    "reference": ("cli", "config", "rules", "bazel", "lock", "audit"),
    "explanation": ("is-linkmode-for-you", "comparison", "link-modes"),
}
"""The pages that come first in a tab; the others follow by name."""

SHOWN = (".md", ".svg")
"""The files of docs/ that the site has as they are; of any other, a page shows the text."""

PLOT, REPORT = "how-to/sizes.svg", "reference/audit-report.html"
"""What is made again whenever the site is built, beside the generated blocks."""

PROJECT = ("CONTRIBUTING.md", "STYLE.md", "CHANGELOG.md")

_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_TABLE = re.compile(r"<table>\n<thead>.*?</table>", re.DOTALL)
_WIDE_ROW = re.compile(r"^\|(?:[^|\n]*\|){8,}$", re.MULTILINE)
_WIDE = 8
_SHORT_CODE = re.compile(r"<code>([^<\n]{1,24})</code>")
_LANGUAGES = {".bzl": "starlark", ".bazel": "starlark", ".example": "starlark", ".toml": "toml", ".py": "python"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the navigation: a tab for each kind of page, the examples among the tutorials."""
    nav: list[dict[str, object]] = [{"Home": "index.md"}]
    for title, folder in KINDS:
        pages = _ordered(folder)
        if folder == "tutorial":
            pages += [_site_path(Path(page)) for page in _examples()]
        nav.append({title: pages})
    nav.append({"Project": [_site_path(Path(name)) for name in PROJECT]})
    config.nav = nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add README.md as the front page, what a page links to outside docs/, the plot, and the sample of a report."""
    plotted = files.get_file_from_path(PLOT)
    if plotted:
        files.remove(plotted)
    files.append(File.generated(config, PLOT, content=sizes.page()))
    files.append(File.generated(config, REPORT, content=sample.html()))
    seen = {"README.md", *PROJECT, *_examples()}
    todo = sorted(seen)
    for page in sorted((ROOT / "docs").rglob("*.md")):
        todo += _unseen(page.relative_to(ROOT), seen)
    while todo:
        path = Path(todo.pop())
        files.append(File.generated(config, _site_path(path), content=_content(path)))
        if path.suffix == ".md":
            todo += _unseen(path, seen)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the generated blocks, and let relative links lead to where their files are on the site."""
    del config, files
    if page.file.src_uri == "index.md":
        page.meta["hide"] = ["navigation"]  # the tabs are all there is to show
    elif _WIDE_ROW.search(_FENCE.sub("", markdown)):
        page.meta["hide"] = ["toc"]  # the room is for the table
    source = _repository_path(page.file.src_uri)
    text = references.fill(markdown).replace(
        "`audit-report.html`", f"[audit-report.html]({posixpath.basename(REPORT)})"
    )
    return _relinked(text, source, page.file.src_uri)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mark wide tables, which get a smaller font, and short code in running text.

    A browser breaks a line after the hyphen of `-lssl` and of `--no-edit`.
    """
    del page, config, files
    html = _TABLE.sub(
        lambda match: f'<div class="wide">{match[0]}</div>' if match[0].count("<th") >= _WIDE else match[0], html
    )
    return _SHORT_CODE.sub(r'<code class="short">\1</code>', html)


def _ordered(folder: str) -> list[str]:
    names = sorted(path.stem for path in (ROOT / "docs" / folder).glob("*.md"))
    first = [name for name in FIRST.get(folder, ()) if name in names]
    return [f"{folder}/{name}.md" for name in [*first, *(name for name in names if name not in first)]]


def _examples() -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "examples").glob("*/README.md"))]


def _content(path: Path) -> str:
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    fence = "`" * (3 + max((len(run) for run in re.findall(r"`{3,}", text)), default=0))
    return f"# {path.as_posix()}\n\n{fence}{_LANGUAGES.get(path.suffix, 'text')}\n{text.rstrip()}\n{fence}\n"


def _unseen(source: Path, seen: set[str]) -> list[str]:
    """Return what `_linked` yields and ``seen`` lacks, and add it there."""
    new = sorted(set(_linked(source)) - seen)
    seen.update(new)
    return new


def _linked(source: Path) -> Iterator[str]:
    """Yield the files that the page ``source`` links to and that are not pages of docs/."""
    text = _FENCE.sub("", (ROOT / source).read_text(encoding="utf-8"))
    for match in _LINK.finditer(text):
        path = _target(match[2], source)
        if path and not (path.startswith("docs/") and path.endswith(SHOWN)):
            yield path


def _target(link: str, source: Path) -> str:
    """Return the path in the repository of the file that ``link`` leads to from ``source``; empty when to none."""
    path = link.partition("#")[0]
    if not path or ":" in path or path.startswith("/"):
        return ""
    found = posixpath.normpath(posixpath.join(source.parent.as_posix(), path))
    if (ROOT / found).is_dir():
        readme = posixpath.join(found, "README.md")
        return readme if (ROOT / readme).is_file() else ""
    return found if (ROOT / found).is_file() else ""


def _relinked(markdown: str, source: Path, page: str) -> str:
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    def lead(match: re.Match[str]) -> str:
        path = _target(match[2], source)
        if not path:
            return match[0]  # mkdocs judges it
        anchor = match[2].partition("#")[1:]
        there = os.path.relpath(_site_path(Path(path)), posixpath.dirname(page) or ".")
        return f"{match[1]}{there}{''.join(anchor)}{match[3]}"

    text = _LINK.sub(lead, _FENCE.sub(keep, markdown))
    return re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], text)


def _site_path(path: Path) -> str:
    """Return where a file of the repository is on the site."""
    if path.as_posix() == "README.md":
        return "index.md"
    if path.parts[0] == "docs" and path.suffix in SHOWN:
        return posixpath.join(*path.parts[1:])
    return f"repository/{path.as_posix()}{'' if path.suffix == '.md' else '.md'}"


def _repository_path(page: str) -> Path:
    """Return the file of the repository that a page of the site shows: `_site_path` the other way."""
    if page == "index.md":
        return Path("README.md")
    if not page.startswith("repository/"):
        return Path("docs") / page
    path = page.removeprefix("repository/")
    return Path(path if (ROOT / path).is_file() else path.removesuffix(".md"))
