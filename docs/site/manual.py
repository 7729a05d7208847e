"""The manual page, from what docs/reference/cli.md is made of: ``man linkmode``.

references.py writes it to docs/man/linkmode.1, and the wheel installs that below share/man. The form is that of man(7).
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import reference_cli
from reference_cli import Section

from linkmode import __version__

ROOT = Path(__file__).resolve().parents[2]

_CODE = re.compile(r"`+([^`]*)`+")
_OUTSIDE = re.compile(r"[^\x00-\x7f]")
_FILES = (
    ("linkmode.toml", "What you ask for. Looked for in the current folder and above it."),
    ("linkmode.lock", "What that resolves to: every archive with its checksum. Beside linkmode.toml."),
    ("third_party/linkmode", "The rule library, unless linkmode.toml names another folder."),
)


def page() -> str:
    """Return the manual page."""
    return "\n".join([*_head(), *_body()]) + "\n"


def _head() -> Iterator[str]:
    yield '.\\" Generated from the help texts; do not edit. Run: make generated'
    yield f'.TH LINKMODE 1 "{_released()}" "linkmode {__version__}" "User Commands"'


def _released() -> str:
    """Return the day of this version, as the changelog has it. Raises LookupError when it has none."""
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## \[{re.escape(__version__)}\] - (\S+)$", log, re.MULTILINE)
    if found is None:
        raise LookupError(f"CHANGELOG.md has no section of {__version__} with its day")
    return found[1]


def _body() -> Iterator[str]:
    root, *commands = reference_cli.sections()
    yield from (".SH NAME", *_filled(f"linkmode - {root.text[:1].lower()}{root.text[1:].rstrip('.')}"))
    yield from (".SH SYNOPSIS", f".B {_text(root.usage)}")
    yield from (".SH DESCRIPTION", *_paragraphs(root.text))
    yield from (".SH OPTIONS", *_options(root))
    yield ".SH COMMANDS"
    for section in commands:
        yield from (f".SS {_text(section.path)}", f".B {_text(section.usage)}", ".PP", *_paragraphs(section.text))
        yield from _options(section)
    yield ".SH EXIT STATUS"
    for number, meaning in reference_cli.exit_codes():
        yield from _item(str(number), meaning)
    yield ".SH FILES"
    for name, meaning in _FILES:
        yield from _item(name, meaning)


def _options(section: Section) -> Iterator[str]:
    for option, text, variable in section.options:
        yield from _item(option, f"{text} Environment: `{variable}`." if variable else text)


def _item(name: str, text: str) -> Iterator[str]:
    yield from (".TP", f".B {_text(name)}", *_filled(text))


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a help text, its paragraphs apart."""
    for index, paragraph in enumerate(text.replace("\b", "").strip().split("\n\n")):
        yield from ([".PP"] if index else [])
        yield from _filled(paragraph)


def _filled(text: str) -> Iterator[str]:
    for line in textwrap.wrap(_text(text), 80, break_long_words=False, break_on_hyphens=False):
        yield f"\\&{line}" if line.startswith((".", "'")) else line  # these begin a request of roff


def _text(text: str) -> str:
    """Return ``text`` as roff shows it; what stands in backquotes is bold."""
    escaped = _CODE.sub(r"\\fB\1\\fR", " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-"))
    return _OUTSIDE.sub(lambda found: f"\\[u{ord(found[0]):04X}]", escaped)
