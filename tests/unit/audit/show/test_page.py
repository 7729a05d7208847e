"""The page of `linkmode audit --html`: its facts, its escaping, and what a real browser makes of it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from archives import tar
from click.testing import CliRunner, Result
from elf_maker import GLIBC_LOADER, MUSL_START, Elf, interp

from linkmode.audit.read.facts import Section
from linkmode.audit.show import page
from linkmode.cli.audit import command
from linkmode.messages import UsageError

STATIC = Elf(code=MUSL_START).build()
DYNAMIC = Elf(interp=interp(GLIBC_LOADER), needed=("libz.so.1", "libc.so.6")).build()
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """What a page holds: every tag with its attributes, and the text; raises when tags do not answer to each other."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--html", "report.html", *arguments])


def read() -> Page:
    return Page(Path("report.html").read_text(encoding="utf-8"))


def bin_folder(here: Path) -> None:
    (here / "bin").mkdir()
    (here / "bin/app_static").write_bytes(STATIC)
    (here / "bin/app_dynamic").write_bytes(DYNAMIC)
    (here / "bin/cut").write_bytes(STATIC[:70])
    (here / "bin/run.sh").write_text("#!/bin/sh\n")


def test_the_page_says_what_the_report_says(here: Path) -> None:
    bin_folder(here)
    assert run("--expect", "static", "bin").exit_code == 3
    found = read()
    words = " ".join(found.text.split())
    assert "3 files" in words
    assert "1 not as expected" in words
    assert "--expect static does not hold" in words
    assert "needs libz.so.1, not part of glibc" in words
    assert "not audited: truncated: " in words
    assert "Passed over 1 a script (#!), not an ELF file" in words
    links = {attributes["href"] for tag, attributes in found.tags if tag == "a"}
    anchors = {f"#{attributes['id']}" for tag, attributes in found.tags if tag == "details"}
    assert links <= anchors == {"#f1", "#f2", "#f3"}


def test_modes_of_one_target_stand_in_one_row(here: Path) -> None:
    bin_folder(here)
    run("bin")
    text = Path("report.html").read_text()
    rows = re.findall(r'<th scope="row" class="path">([^<]*)', text)
    assert rows == ["bin/app", "bin/cut"]
    assert text.count('aria-label="static"') == text.count('aria-label="dynamic"') == 1


def matrix(text: str) -> dict[str, list[tuple[str, str]]]:
    """Return the labelled cells that say something, by row."""
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows: dict[str, list[tuple[str, str]]] = {}
    for row in body.split("<tr>")[1:]:
        name = re.findall(r'class="path">([^<]*)', row)[0]
        cells = re.findall(r'<td class="([^"]*)" data-label="([^"]*)">(.*?)</td>', row, re.DOTALL)
        words = [
            (label, " ".join(re.sub("<[^>]*>", " ", cell).split()))
            for kind, label, cell in cells
            if "empty" not in kind
        ]
        rows[name] = [(label, said) for label, said in words if label in ("libc", "vulnerabilities")]
    return rows


def test_the_matrix_tells_libc_and_known_vulnerabilities(here: Path) -> None:
    bin_folder(here)
    weak = Elf(code=MUSL_START + b"\0expat_2.4.8\0 inflate 1.2.11 Copyright 1995-2022 Mark Adler ").build()
    (here / "bin/old").write_bytes(weak)
    new = ("libc.so.6", ("GLIBC_2.34",))
    (here / "bin/app_dynamic").write_bytes(
        Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=(new,)).build()
    )
    run("bin")
    text = Path("report.html").read_text()
    rows = matrix(text)
    assert rows["bin/app"] == [("libc", "glibc 2.34 musl"), ("vulnerabilities", "none known")]
    assert rows["bin/cut"] == []
    (libc, (label, count)) = rows["bin/old"]
    assert (libc, label) == (("libc", "musl"), "vulnerabilities")
    assert int(count.removesuffix(" known")) >= 2
    title = re.findall('<a class="bad" href="#f4" title="([^"]*)">', text)[0]
    assert len(title.split(", ")) == int(count.removesuffix(" known"))
    assert "expat 2.4.8: CVE-2022-40674" in title
    assert "zlib 1.2.11: CVE-2022-37434" in title
    run("--headers-only", "bin")
    rows = matrix(Path("report.html").read_text())
    assert rows["bin/old"] == [("libc", "musl"), ("vulnerabilities", "not searched")]


def test_the_page_needs_nothing_else(here: Path) -> None:
    bin_folder(here)
    run("bin")
    found = read()
    assert {tag for tag, _ in found.tags} & {"script", "link", "img", "iframe", "object", "base", "form"} == set()
    for _, attributes in found.tags:
        assert not any(name.startswith("on") or name in ("src", "srcset", "action") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    text = Path("report.html").read_text()
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text


HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202egnp.exe", "a\nb\x1b[31m", "{{ 7*7 }}")


def test_hostile_names_are_text(here: Path) -> None:
    named = Elf(interp=interp(GLIBC_LOADER), needed=HOSTILE[:2], soname=HOSTILE[0], runpath=HOSTILE[1]).build()
    (here / "a.tar").write_bytes(tar(*((f"{name}x", named) for name in HOSTILE)))
    run("a.tar")
    found = read()
    assert {tag for tag, _ in found.tags} & {"script", "img"} == set()
    for name in ("<script>alert(1)</script>x", '"><img src=x onerror=alert(1)>x', r"\u202egnp.exex", r"a\nb\x1b[31mx"):
        assert f"a.tar:{name}" in found.text
    assert "a.tar:{{ 7*7 }}x" in found.text
    assert "\u202e" not in found.text


def test_the_tree_of_a_file_that_lies_in_a_root(here: Path) -> None:
    for path, raw in {
        "root/lib64/ld-linux-x86-64.so.2": Elf(type=3, soname="ld-linux-x86-64.so.2").build(),
        "root/lib/libz.so.1": Elf(type=3, soname="libz.so.1", needed=("libdeep.so",)).build(),
        "root/bin/app": DYNAMIC,
    }.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_bytes(raw)
    run("--root", "root", "root/bin/app")
    words = " ".join(read().text.split())
    assert "libz.so.1 => /lib/libz.so.1 libdeep.so => NOT FOUND libc.so.6 => NOT FOUND" in words
    assert 'style="--d:2"' in Path("report.html").read_text()


def test_bars_add_up_and_never_leave_the_picture() -> None:
    sections = [Section(f".s{at}", "PROGBITS", 10) for at in range(20)]
    rows = page.bars([*sections, Section(".bss", "NOBITS", 5000), Section(".text", "PROGBITS", 100)], 400)
    assert (rows[0].name, rows[0].kind, rows[0].size) == (".text", "code", "100 bytes")
    assert [row.name for row in rows][-2:] == ["9 smaller sections", "headers and padding"]
    assert sum(row.percent for row in rows) == pytest.approx(100)
    overlapping = page.bars([Section(".a", "PROGBITS", 90), Section(".b", "PROGBITS", 90)], 100)
    assert [(row.start, row.percent) for row in overlapping] == [(0, 90), (90, 10)]
    assert page.bars([], 100) == []


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5 * 10**12, "5.0 TB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_human(size: int, words: str) -> None:
    assert page.human(size) == words


def test_usage(here: Path) -> None:
    (here / "static").write_bytes(STATIC)
    assert isinstance(run("--tree", "static").exception, UsageError)
    assert isinstance(run("--diff", "static", "static").exception, UsageError)
    assert run("--html", str(here / "no" / "folder.html"), "static").exit_code != 0
