"""The plot of sizes: what it shows is the table of strangers, and the committed one is what the table gives."""

import xml.etree.ElementTree

import pytest
import references
import sizes

HEAD = "| project | version | stands for | how | result | size | seconds | runs on | licence |\n"


def row(project: str, how: str, size: str, runs: str) -> str:
    return f"| {project} | 1 | make | {how} | holds | {size} | 9 | {runs} | MIT |\n"


STATIC, MOSTLY = "zig x86_64-linux-musl static", "zig x86_64-linux-gnu.2.28 mostly_static"


def test_the_committed_plot_is_what_the_table_gives() -> None:
    assert sizes.page() == references.PLOT.read_text(encoding="utf-8"), "run: make generated"
    assert len(sizes.measured(sizes.TABLE.read_text(encoding="utf-8"))) > 5


def test_only_projects_with_programs_of_both_modes_by_zig() -> None:
    text = HEAD + "".join(
        [
            row("two", STATIC, "20 KiB", "empty root"),
            row("two", MOSTLY, "10 KiB", "libc alone"),
            row("two", STATIC.replace("zig", "gcc"), "7 KiB", "empty root"),
            row("one", STATIC, "9 KiB", "empty root"),
            row("library", STATIC, "3 KiB", ""),
            row("library", MOSTLY, "3 KiB", ""),
            row("waits", STATIC, "", "empty root"),
            row("waits", MOSTLY, "8 KiB", "libc alone"),
            row("small", MOSTLY, "1 KiB", "libc alone"),
            row("small", STATIC, "2 KiB", "empty root"),
        ]
    )
    found = sizes.measured(text)
    assert [one.project for one in found] == ["small", "two"]
    assert found[1].kib == {"static": 20, "mostly_static": 10}


def test_bars_are_as_long_as_the_sizes_say() -> None:
    drawn = xml.etree.ElementTree.fromstring(sizes.plot([sizes.Sizes("<b>", {"static": 2000, "mostly_static": 500})]))
    bars = [int(one.get("width", 0)) for one in drawn if one.tag.endswith("rect")][-2:]
    assert bars == [420, 105]
    assert [one.text for one in drawn if one.tag.endswith("text")][-3:] == ["<b>", "2,000", "500"]


def test_nothing_to_draw_is_told() -> None:
    with pytest.raises(ValueError, match="no project"):
        sizes.plot([])
