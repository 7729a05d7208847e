"""docs/how-to/come-from-another-tool.md: every tool has its section and its source, and our commands parse."""

import re
import shlex

import click
import pytest
import references
from calling import parse

PAGE = (references.ROOT / "docs/how-to/come-from-another-tool.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "`" in line
]


def commands() -> list[str]:
    found = [row[2].strip("`") for row in ROWS]
    found += [
        line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for line in block.split("\n")
    ]
    return [line for line in found if line.startswith("linkmode ")]


@pytest.mark.parametrize("line", commands())
def test_our_commands_parse(line: str) -> None:
    parse(shlex.split(line)[1:])


def test_what_would_not_parse_is_told() -> None:
    with pytest.raises(click.UsageError):
        parse(["exec", "--targt", "x86_64-linux-musl", "--", "make"])


def test_every_tool_has_a_source_and_a_section() -> None:
    assert len(ROWS) == 6
    headings = re.findall(r"^## From (.+)$", PAGE, re.MULTILINE)
    for row, heading in zip(ROWS, headings, strict=True):
        name = re.sub(r"\[(.+?)\]\[(\w+)\]", r"\1", row[0])
        assert name == heading
        if label := re.search(r"\]\[(\w+)\]", row[0]):
            assert f"\n[{label[1]}]: https://github.com/" in PAGE
    for section in PAGE.split("\n## From ")[1:]:
        assert "Missing:" in section
