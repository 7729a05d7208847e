"""Figures and lists in running text: each is what the code has, so that no page can be out of date."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
import reference_rules
from click import Option

from linkmode.archives import compression, members, tar
from linkmode.archives import zip as zip_reader
from linkmode.audit.inputs import images, zipped
from linkmode.audit.judge.expectations import Guard
from linkmode.audit.read import callers, debug_info, dynamic, image, libc, sections, symbols, texts
from linkmode.catalog.pins import load
from linkmode.cli import audit, main
from linkmode.fetch.artifacts import DEFAULT_JOBS
from linkmode.lock.resolve import LOCK_VERSION
from linkmode.model import resources, textfile, toml
from linkmode.model.cpus import CPUS
from linkmode.net import partial, web

ROOT = Path(__file__).resolve().parents[2]
WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
LIMITS = web.Limits()
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def page(name: str) -> str:
    """Return a page with its lines joined."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def count(number: int) -> str:
    """Return a number as running text has it."""
    return WORDS[number] if number < len(WORDS) else f"{number:,}"


FIGURES = [
    ("README.md", f"Linux on [{count(len(CPUS))} CPUs]"),
    ("docs/explanation/comparison.md", f"Linux with [{count(len(CPUS))} CPUs]"),
    ("docs/how-to/add-your-own-pin.md", f"lists the {count(len(load(resources.catalogue()).families))} families"),
    ("docs/reference/lock.md", f"a regular file of at most {textfile.LARGEST // MIB} MiB"),
    ("docs/reference/lock.md", f"TOML of at most {toml.DEEPEST} levels"),
    ("docs/reference/lock.md", f"| format | since | difference | |---|---|---| | {LOCK_VERSION} |"),
    ("docs/reference/store.md", f"the archive may have at most {partial.UNKNOWN_SIZE_BOUND // GIB} GiB"),
    ("docs/reference/audit.md", f"{image.MAX_SEGMENTS:,} program headers, {dynamic.MAX_DYNAMIC:,} dynamic entries"),
    ("docs/reference/audit.md", f"{dynamic.MAX_NAMES:,} needed libraries, {dynamic.MAX_VERSIONS:,} symbol versions"),
    ("docs/reference/audit.md", f"{dynamic.MAX_TEXT // MIB} MiB of names, {libc.MAX_SEARCHED // GIB} GiB searched"),
    ("docs/reference/audit-contents.md", f"{sections.MAX_SECTIONS:,} section headers; {symbols.MAX_SYMBOLS:,} symbols"),
    ("docs/reference/audit-contents.md", f"{symbols.MAX_RELOCATIONS // MIB} MiB of one table of relocations"),
    ("docs/reference/audit-contents.md", f"{texts.MAX_ANCHORS:,} places of one text; {texts.MAX_PATHS:,} build paths"),
    ("docs/reference/audit-contents.md", f"{debug_info.MAX_UNITS} units, {debug_info.MAX_READS:,} reads"),
    ("docs/reference/audit-contents.md", f"{debug_info.MAX_UNPACKED // MIB} MiB of unpacked data"),
    ("docs/reference/audit-contents.md", f"It names at most {count(callers.SHOWN)} users"),
    ("docs/reference/audit-contents.md", f"{count(texts.SHOWN_PATHS)} of them, and their number"),
    (
        "docs/reference/audit-inputs.md",
        f"| {members._FREE_GAIN // GIB} GiB and {members._GAIN} times its size |",
    ),
    ("docs/reference/audit-inputs.md", f"an extension header {tar._MAX_EXTENSION // MIB} MiB"),
    (
        "docs/reference/audit-inputs.md",
        f"central directory of a zip archive | {zip_reader._MAX_DIRECTORY // MIB} MiB",
    ),
    (
        "docs/reference/audit-inputs.md",
        f"| {compression._XZ_MEMORY // MIB} MiB; {(1 << compression._ZSTD_WINDOW_LOG) // MIB} MiB |",
    ),
    (
        "docs/reference/audit-inputs.md",
        f"| {images._MAX_IMAGES:,}; {images._MAX_LAYERS:,}; {images._MAX_JSON // MIB} MiB |",
    ),
    ("docs/reference/audit-inputs.md", f"| {images._DEEPEST}; {images._MAX_LABEL:,} characters |"),
    ("docs/reference/audit-inputs.md", f"Jars inside jars are read, {count(zipped._DEEPEST)} deep"),
    ("docs/how-to/proxies-and-mirrors.md", f"tries each URL up to {count(LIMITS.attempts)} times"),
    ("docs/how-to/proxies-and-mirrors.md", f"stalled after {LIMITS.silence:.0f} seconds without a byte"),
    ("docs/how-to/proxies-and-mirrors.md", f"less than {LIMITS.slowest // KIB} KiB a second"),
    ("docs/how-to/proxies-and-mirrors.md", f"sends at most {count(web.PER_HOST)} requests to a host at a time"),
    ("docs/reference/catalogue.md", f"sends at most {count(web.PER_HOST)} requests to a host at a time"),
    ("docs/reference/cli.md", f"at most N archives at once. [default: {DEFAULT_JOBS};"),
]


@pytest.mark.parametrize(("name", "words"), FIGURES, ids=[words[:40] for _, words in FIGURES])
def test_a_figure_is_the_one_of_the_code(name: str, words: str) -> None:
    assert words in page(name)


def test_half_minutes_are_those_of_the_code() -> None:
    """`fetch` waits "up to a minute", and the headers may take "more than a minute"."""
    assert (LIMITS.longest_wait, LIMITS.answer, LIMITS.gain) == (60, 60, MIB)


# --- Lists ---------------------------------------------------------------------------------------------------------


def test_the_newest_glibc_of_each_line_of_zig() -> None:
    path = ROOT / "generator/linkmode/families/zig/releases.toml"
    lines = tomllib.loads(path.read_text(encoding="utf-8"))["line"]
    listed = ", ".join(f"{line['newest-glibc']} ({name})" for name, line in sorted(lines.items()))
    assert f"The newest glibc depends on the line of Zig: {listed}." in page("docs/reference/config.md")


def test_the_releases_of_ocaml() -> None:
    path = ROOT / "generator/linkmode/languages/ocaml/releases.toml"
    lines = sorted(tomllib.loads(path.read_text(encoding="utf-8"))["line"])
    assert f"({', '.join(lines[:-1])} or {lines[-1]})" in page("docs/reference/config.md")
    rows = re.findall(r"^\| ([\d.]+) \| [\d., ]+ \|", (ROOT / "docs/how-to/ocaml.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == lines
    assert f"OCaml {lines[0]} to {lines[-1]}" in page("README.md")


def test_every_symbol_of_a_defs_bzl_is_in_the_table_of_labels() -> None:
    text = (ROOT / "docs/reference/bazel.md").read_text(encoding="utf-8")
    for file in reference_rules.public_files():
        label = f"@linkmode//{'' if file.parent.as_posix() == '.' else file.parent.as_posix()}:{file.name}"
        row = next(line for line in text.splitlines() if line.startswith(f"| `{label}` |"))
        shown = set(re.findall(r"`(\w+)`", row.split("|")[2].partition(", if `[language]`")[0]))
        assert shown == set(reference_rules.public(file)), label


def test_every_kind_of_hardening_is_listed() -> None:
    row = page("docs/reference/audit.md").partition("| `--require LIST` |")[2].partition(" |")[0]
    listed = row.partition(". `canary`")[0]
    assert set(re.findall(r"`([a-z-]+)`", listed)) == set(get_args(Guard))


def test_every_expectation_of_the_audit_has_a_row() -> None:
    text = page("docs/reference/audit.md").partition("## Expectations")[2].partition("\n## ")[0]
    expectations = [
        one.opts[0]
        for one in audit.command.params
        if isinstance(one, Option) and (one.help or "").startswith(("Require", "Refuse", "Accept", "Allow"))
    ]
    assert len(expectations) > 10
    for option in expectations:
        assert f"| `{option}" in text, option


def test_every_variable_of_the_environment_has_a_row() -> None:
    text = page("docs/reference/cli.md").partition("## Environment")[2]
    named = {
        one.envvar
        for name in main._linkmode.list_commands(None)  # type: ignore[arg-type]
        for one in main._linkmode.get_command(None, name).params  # type: ignore[arg-type, union-attr]
        if isinstance(one, Option) and isinstance(one.envvar, str)
    }
    assert named >= {"LINKMODE_STORE", "LINKMODE_MIRROR"}
    for variable in named:
        assert f"| `{variable}` |" in text


# --- Pages about the repository ------------------------------------------------------------------------------------


def test_the_readme_links_to_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [
        one
        for kind in ("tutorial", "how-to", "reference", "explanation")
        for one in (ROOT / "docs" / kind).glob("*.md")
    ]
    assert [one.name for one in sorted(pages) if f"({one.relative_to(ROOT).as_posix()}" not in text] == []


def test_the_files_of_the_site_are_listed() -> None:
    text = (ROOT / "docs/site/README.md").read_text(encoding="utf-8")
    files = [one.name for one in (ROOT / "docs/site").iterdir() if one.is_file() and one.name != "README.md"]
    assert [name for name in sorted(files) if f"[{name}]({name})" not in text] == []


def test_every_target_that_a_page_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*/README.md")]
    for one in pages:
        for name in re.findall(r"(?:^|`)make ([a-z-]+)(?=[ `]|$)", one.read_text(encoding="utf-8"), re.MULTILINE):
            if one.parent.name not in ("tutorial",):
                assert name in targets, f"{one.relative_to(ROOT)}: make {name}"
