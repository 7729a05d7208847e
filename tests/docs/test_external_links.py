"""Links to other hosts, as far as they can be checked without asking one: their form, and one spelling for each."""

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(
    r"\]\((?P<target>[a-z]+:[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?P<more>[^)]*)\)|<(?P<bare>https?:[^>]*)>"
)
_CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_GITHUB = re.compile(
    r"/[\w.-]+/[\w.-]+(/(issues|pull|discussions)/\d+(#[\w-]+)?|/(blob|tree|releases|commit)/[\w./#-]+)?|/[\w-]+"
)
_RESERVED = ("example.com", "example.org", "example.net", ".invalid", ".example", ".internal")


def links(text: str) -> Iterator[str]:
    """Yield the targets of links to other hosts, not those in code."""
    for found in _LINK.finditer(_CODE.sub("", text)):
        target = found["target"] or found["bare"]
        if urlsplit(target).scheme not in {"mailto", ""}:
            yield target + (found["more"] or "")


def problem(url: str) -> str:
    """Return what is wrong with the form of a link, or an empty string."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return "expected https"
    if not _HOST.fullmatch(host) or parts.port or parts.username:
        return "expected the name of a host, without a port or a login"
    if host.endswith(_RESERVED):
        return "a name that is reserved for examples leads nowhere; write it as code"
    if url != url.strip() or re.search(r"[\s…<>\"{}|\\^`]|[.,;:]$", url):
        return "it has a character that is of the sentence, or that no URL has"
    if host == "github.com" and not _GITHUB.fullmatch(
        f"{parts.path.rstrip('/')}{parts.fragment and '#' + parts.fragment}"
    ):
        return "expected a form of GitHub's, such as /owner/name/issues/1"
    return ""


def pages() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines()]


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_other_hosts_have_a_form_that_can_lead_somewhere(page: Path) -> None:
    assert [f"{url}: {why}" for url in links(page.read_text(encoding="utf-8")) if (why := problem(url))] == []


def test_each_place_is_spelled_in_one_way() -> None:
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for page in pages():
        for url in links(page.read_text(encoding="utf-8")):
            spellings[re.sub(r"^https?://(www\.)?|/$", "", url).lower()].add(url)
    assert len(spellings) > 30
    assert {key: found for key, found in spellings.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://musl.libc.org/",
        "https://localhost/",
        "https://me:secret@musl.cc/",
        "https://musl.cc:8443/",
        "https://mirror.example.com/",
        "https://musl.cc/.",
        "https://musl.cc/a b",
        "https://github.com/oracle/graal/issue/5872",
        "https://github.com/oracle/graal/issues/",
        "ftp://musl.cc/",
    ],
)
def test_what_is_wrong_is_found(url: str) -> None:
    assert problem(url)
    assert list(links(f"See [it]({url}) and `[x](http://in.code/)`.\n```\n[x](http://in.code/)\n```\n")) == [url]
