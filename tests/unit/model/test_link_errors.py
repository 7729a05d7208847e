"""The table of words for a link that failed, and the header that is rendered from it."""

from pathlib import Path

import pytest
from link_words import explanation

from linkmode.generate.layout import whole_bazel
from linkmode.model import link_errors, resources

REGENERATE = (
    "python -c 'from linkmode.model.link_errors import c_header; print(c_header(), end=\"\")' "
    "> templates/common/private/cc/link_errors.h"
)
HEADER = resources.templates() / "common" / "private" / "cc" / "link_errors.h"


def test_the_header_is_that_of_the_table() -> None:
    assert HEADER.read_text(encoding="utf-8") == link_errors.c_header(), f"regenerate it: {REGENERATE}"


def test_the_words() -> None:
    """As they are printed; tests/parity/test_link_words.py holds each program to them."""
    told = explanation("symbols", "absent", label="//a:b", mode="static", target="x86_64-linux-musl", asker="go")
    assert told == (
        "linkmode: //a:b: cannot be linked static for x86_64-linux-musl: nothing that is linked defines absent\n"
        "  expected: an object or a library of the link that defines it\n"
        "  try:      add the cc_library that has it to cdeps of the go_library that calls it\n"
    )


def test_one_line_for_the_end_of_exec() -> None:
    assert link_errors.sentence("library", ["ssl"], asker="exec", target="x86_64-linux-musl") == (
        "it asks for the library ssl, and nothing provides it; "
        "expected a library of that name that was built for x86_64-linux-musl; "
        "build ssl by linkmode exec and name its folder (-LFOLDER), or add it to linkmode.toml"
    )


def test_every_asker_has_a_remedy_for_every_fault() -> None:
    table = link_errors.load()
    assert all(set(remedies) == set(link_errors.FAULTS) for remedies in table.remedy.values())
    assert set(table.fault) == set(link_errors.FAULTS)


WORDS = ("undefined symbol: ", "undefined reference to", "cannot find -l", "unable to find library")
"""What linkers write. A program that looks for it explains a link by itself."""


def test_no_template_explains_a_link_by_itself() -> None:
    """A second explainer would have to know what linkers write, or have the words of the table."""
    table = link_errors.load()
    own = {*WORDS, *(words.found.replace("{names}", "").strip() for words in table.fault.values())}
    found = {
        path
        for path, data in whole_bazel(resources.templates()).items()
        if any(word in data.decode("utf-8", "replace") for word in own)
    }
    assert found == {"private/cc/link_errors.h"}
    driver = Path(resources.templates() / "common" / "driver")
    assert not [path.name for path in driver.iterdir() if any(word in path.read_text() for word in own)]


@pytest.mark.parametrize("word", WORDS)
def test_the_marks_are_in_the_table(word: str) -> None:
    assert any(word in mark.text for mark in link_errors.load().mark)
