"""Start tags of pages: those that an index has, those that are none, and pages that are made to take for ever."""

import pytest

from linkmode.net.html import tags


def links(page: str) -> list[str]:
    return [attributes["href"] for name, attributes, _ in tags(page) if name == "a" and "href" in attributes]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ('<a href="f.whl">f.whl</a>', ["f.whl"]),
        ("<A HREF='f.whl' data-yanked=\"\">f</A>", ["f.whl"]),
        ("<a\n  href = f.whl>", ["f.whl"]),
        ("<a href=f.whl/>", ["f.whl/"]),
        ('<a href="a?b=1&amp;c=2#sha256=00">', ["a?b=1&c=2#sha256=00"]),
        ('<a href="one" href="two">', ["one"]),
        ("<a>no href</a><a href>empty</a>", [""]),
        ('<a class="x" href="f" /><br><a href="g">', ["f", "g"]),
        ('<!-- <a href="no"> --><a href="yes">', ["yes"]),
        ('<!-- never closed <a href="no">', []),
        ('<div title="<a href=no>"><a href="yes">', ["yes"]),
        ('<script>"<a href=no>"</script ><a href="yes">', ["yes"]),
        ('<script>"<a href=no>"', []),
        ("1 < 2 <a href=f> <", ["f"]),
        ("<abbr href=no><a href=f><", ["f"]),
        ('<a =x href="f">', ["f"]),
        ('<a href="f', [""]),
    ],
)
def test_links(page: str, found: list[str]) -> None:
    assert links(page) == found


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<a href=x>f.whl</a>", "f.whl"),
        ("<a href='x' >\n f.whl\n</a>", "f.whl"),
        ("<a href='x'/>f&amp;g", "f&g"),
        ("<a href=x></a>f.whl", ""),
        ("<a href=x", ""),
        ("<a href=x>1 > 0", "1 > 0"),
    ],
)
def test_the_text_of_a_link(page: str, text: str) -> None:
    assert [found for _, _, found in tags(page)] == [text]


def test_a_number_that_is_none() -> None:
    with pytest.raises(ValueError, match="limit"):
        links(f"<a href='&#{'9' * 10_000};'>")


@pytest.mark.parametrize(
    "unit",
    [
        "<a href=x>",
        "<a href=x>t",
        "<!--",
        "<!-- >",
        "<a ",
        "<a href='",
        '<a href="',
        "<a x=\"' y='\" ",
        "<a / ",
        "<a =",
        "< ",
        "<",
        "<script>",
        "</a",
        "<a x=&#",
        "&",
        " ",
        "a=",
    ],
)
@pytest.mark.parametrize("start", ["", "<a ", "<a href='", "<script>"])
def test_a_megabyte_of_anything_come_to_an_end(start: str, unit: str) -> None:
    """In seconds, where what is quadratic takes hours."""
    for _ in tags(start + unit * ((1 << 20) // len(unit))):
        continue
