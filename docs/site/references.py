"""The blocks of the references that are generated from the code, the manual page and the plot of sizes.

    python docs/site/references.py            writes every block of docs/ again, the manual page and the plot
    python docs/site/references.py --check    writes nothing; exits with 1 and names the pages that differ

A page marks a block like this:

    <!-- generated: exit-codes -->
    …
    <!-- end of generated -->

The site fills the blocks again whenever it is built (hooks.py), so that a page of it cannot differ from the code. The
copies in the repository are for readers without the site; a test compares them.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import manual
import reference_catalogue
import reference_cli
import reference_config
import reference_cpus
import reference_rules
import reference_schemas
import sample
import sizes

ROOT = Path(__file__).resolve().parents[2]
MANUAL = ROOT / "docs/man/linkmode.1"
PLOT = ROOT / "docs/how-to/sizes.svg"

BLOCKS: dict[str, Callable[[], str]] = {
    "commands": reference_cli.commands,
    "exit-codes": reference_cli.exit_code_table,
    "config": reference_config.tables,
    "lock": reference_config.lock,
    "families": reference_catalogue.families,
    "advisories": reference_catalogue.advisories,
    "cpus": reference_cpus.targets,
    "cpu-machines": reference_cpus.machines,
    "cpu-languages": reference_cpus.languages,
    "cpu-reasons": reference_cpus.unsupported,
    "abis": reference_cpus.abis,
    "pin": reference_config.pin,
    "rules": reference_rules.rules,
    "json": reference_schemas.schemas,
    "audit-sample": sample.terminal,
}
"""By the name in the marker: what gives the block's text."""

_BLOCK = re.compile(
    r"(?P<head><!-- generated: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)(?P<tail><!-- end of generated -->)", re.DOTALL
)


def fill(text: str) -> str:
    """Return the page ``text`` with every block as the code has it now. Raises KeyError for an unknown block."""
    return _BLOCK.sub(lambda match: f"{match['head']}\n{BLOCKS[match['name']]().strip()}\n\n{match['tail']}", text)


def names(text: str) -> list[str]:
    """Return the names of the blocks of a page."""
    return [match["name"] for match in _BLOCK.finditer(text)]


def pages() -> list[Path]:
    """Return the pages that have blocks."""
    return [page for page in sorted((ROOT / "docs").rglob("*.md")) if names(page.read_text(encoding="utf-8"))]


def written() -> Iterator[tuple[Path, str]]:
    """Yield every committed file that has something generated, with its text as the code has it now."""
    for page in pages():
        yield page, fill(page.read_text(encoding="utf-8"))
    yield MANUAL, manual.page()
    yield PLOT, sizes.page()


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    stale = 0
    for page, filled in written():
        if page.is_file() and page.read_text(encoding="utf-8") == filled:
            continue
        stale += 1
        if "--check" in arguments:
            print(f"{page.relative_to(ROOT)} differs from the code; run: make generated", file=sys.stderr)
        else:
            page.write_text(filled, encoding="utf-8")
            print(f"written {page.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
