"""The table of `make demo` and `make e2e`: mode, size, interpreter, NEEDED, libc, as `linkmode audit` has them."""

from collections.abc import Sequence
from typing import Any

HEAD = ("binary", "mode", "size", "interpreter", "NEEDED", "libc")


def row(name: str, mode: str, audited: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of one file of an audit report that was held to `mode`."""
    facts = audited["facts"]
    libc = " ".join(filter(None, (facts["libc"], facts["glibc_required"] and f"≥ {facts['glibc_required']}")))
    size = f"{facts['size'] / 1024:.0f} KiB"
    return name, mode, size, facts["interpreter"] or "none", " ".join(facts["needed"]) or "none", libc


def text(rows: Sequence[tuple[str, ...]]) -> str:
    """Return the rows under their heads, in columns."""
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    lines = (HEAD, tuple("-" * width for width in widths), *rows)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
