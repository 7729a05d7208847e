"""The site: built strictly, whole, and without a request to another host."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("mkdocs", reason="the lowest versions and the newest are tried without the site's own packages")

ROOT = Path(__file__).resolve().parents[2]


def build(root: Path, to: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", to],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("site")
    done = build(ROOT, to)
    assert done.returncode == 0, done.stdout + done.stderr
    return to


class _Loaded(HTMLParser):
    """What a browser loads by itself when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.found.append(str(given["src"]))
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(str(given.get("href")))


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.found
        assert [url for url in loaded.found if re.match(r"(https?:)?//", url)] == [], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_the_kinds_of_pages_search_and_both_themes_are_there(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    for kind in ("Tutorial", "How-to", "Reference", "Explanation", "Decisions", "Project"):
        assert re.search(rf"md-tabs__link[^>]*>\s*{kind}\s*<", home), kind
    assert 'data-md-color-scheme="slate"' in home
    assert "mostly_static" in (site / "search/search_index.json").read_text(encoding="utf-8")


def test_an_option_in_running_text_is_not_broken_at_its_hyphens(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    assert '<code class="short">generate --no-edit</code>' in home
    assert '<code class="short">third_party/linkmode/linkmode.bazelrc' not in home, "too long for a phone"
    assert re.search(r"code\.short \{\s*white-space: nowrap", (site / "site/linkmode.css").read_text(encoding="utf-8"))


def test_every_page_of_docs_is_in_the_navigation(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    pages = [page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "site"]
    assert len(pages) > 35
    for page in pages:
        tab = (site / page.parent.name / f"{page.stem}.html").read_text(encoding="utf-8")
        assert f'{quote(page.stem)}.html"' in home + tab or 'href="./"' in tab, page


def test_the_front_page_answers_a_newcomer_within_two_screens(site: Path) -> None:
    del site
    words = (ROOT / "README.md").read_text(encoding="utf-8").split("## Use it")[0]
    for question in ("link_mode", "My Bazel?", "My Rust?", "How do I undo it?", "remove-linkmode.md", "comparison.md"):
        assert question in words
    assert len(words.splitlines()) < 70


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    ignored = shutil.ignore_patterns(
        ".work", ".git", ".venv", "__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache"
    )
    shutil.copytree(ROOT, root, ignore=ignored, symlinks=True)
    return root


BROKEN = {
    "[x](no-such-page.md)": "no-such-page.md",
    "[x](cli.md#no-such-heading)": "no-such-heading",
    "[x](../../examples/no_such_file.c)": "no_such_file.c",
    "[x](/cli.md)": "absolute",
}


def test_every_broken_link_fails(copy: Path, tmp_path: Path) -> None:
    page = copy / "docs/reference/lock.md"
    page.write_text("\n\n".join((page.read_text(encoding="utf-8"), *BROKEN)), encoding="utf-8")
    done = build(copy, tmp_path / "site")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    warnings = [line for line in said.splitlines() if line.startswith("WARNING")]
    for words in BROKEN.values():
        assert len([line for line in warnings if words in line]) == 1, said
    assert f"Aborted with {len(BROKEN)} warnings in strict mode" in said


def test_a_page_of_the_site_follows_the_code_even_where_the_committed_one_does_not(copy: Path, tmp_path: Path) -> None:
    page = copy / "docs/reference/config.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"(<!-- generated: config -->\n).*?(<!-- end)", r"\1\2", text, flags=re.DOTALL))
    done = build(copy, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    assert "exec-platforms" in (tmp_path / "site/reference/config.html").read_text(encoding="utf-8")
