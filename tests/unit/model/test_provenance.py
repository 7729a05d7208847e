"""What counts as a confirmation: a repository, a file and a revision."""

import pytest

from linkmode.model import provenance

REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_one_that_counts() -> None:
    found = provenance.confirmation(f"owner/na.me@{REVISION}:a/b c.toml".replace(" ", "+"))
    assert found is not None
    assert (found.repository, found.revision, found.file) == ("owner/na.me", REVISION, "a/b+c.toml")
    assert found.url == f"https://github.com/owner/na.me/blob/{REVISION}/a/b%2Bc.toml"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "owner/name",
            "owner/name:file",
            f"owner/name@{REVISION}",
            f"owner/name@{REVISION}:",
            f"name@{REVISION}:f",
        ),
        *(f"owner/name@{REVISION[:12]}:f", "owner/name@main:f", f"owner/name@{REVISION}:f (twice)", f"/@{REVISION}:f"),
        *(
            "20 index hits (Termux 3527179308)",
            "1 further public file of the survey",
            "hashed by linkmode on 2026-11-21",
        ),
    ],
)
def test_what_nobody_can_check_counts_for_nothing(text: str) -> None:
    assert provenance.confirmation(text) is None
    assert provenance.count([text]) == 0


def test_a_repository_counts_once() -> None:
    other = REVISION[::-1]
    assert provenance.count([f"a/b@{REVISION}:f", f"A/b@{other}:g", f"c/b@{REVISION}:f", "said so"]) == 2
